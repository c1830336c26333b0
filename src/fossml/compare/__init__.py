"""Are two artifacts the same, and if not, how: bytes, then what they mean, then by how much. Nothing is loaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fossml.compare.model import SAME, Budget, Comparison, Gap, Level, Part, worst

if TYPE_CHECKING:
    from fossml.compare.folders import compare_paths
    from fossml.compare.forms import compare_streams

__all__ = ["SAME", "Budget", "Comparison", "Gap", "Level", "Part", "compare_paths", "compare_streams", "worst"]

_LATER = {"compare_paths": "folders", "compare_streams": "forms"}
"""What needs numpy is imported when it is first asked for: `fossml verify --help` has to answer at once."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"fossml.compare.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
