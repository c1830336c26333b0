"""What a command really read: an audit hook inside its Python processes, and the Trace made from their records."""

from fossml.trace.collect import collect, sought
from fossml.trace.environ import traced_env

__all__ = ["collect", "sought", "traced_env"]
