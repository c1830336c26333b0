"""`fossml verify`: does the number hold? Measured with as few runs as can tell, in copies of the folder."""

from __future__ import annotations

from fossml.cli.verify.options import command

__all__ = ["command"]
