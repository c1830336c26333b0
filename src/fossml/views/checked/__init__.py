"""What `fossml check` found, as one value in many forms: pure functions of `Checked`."""

from fossml.views.checked.model import Checked, Described, Waived

__all__ = ["Checked", "Described", "Waived"]
