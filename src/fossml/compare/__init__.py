"""Are two artifacts the same, and if not, how: bytes, then what they mean, then by how much. Nothing is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fossml.compare.model import SAME, Budget, Comparison, Gap, Level, Part, worst

if TYPE_CHECKING:
    from fossml.compare.folders import compare_paths
    from fossml.compare.forms import compare_streams

__all__ = ["SAME", "Budget", "Comparison", "Gap", "Level", "Part", "compare_paths", "compare_streams", "worst"]


def __getattr__(name: str) -> Any:
    """The two functions, imported when first asked for: they need NumPy, the values do not."""
    if name == "compare_paths":
        from fossml.compare.folders import compare_paths

        return compare_paths
    if name == "compare_streams":
        from fossml.compare.forms import compare_streams

        return compare_streams
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
