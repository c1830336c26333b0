"""Are two artifacts the same, and if not, how: bytes, then what they mean, then by how much. Nothing is loaded."""

from __future__ import annotations

from fossml.compare.folders import compare_paths
from fossml.compare.forms import compare_streams
from fossml.compare.model import SAME, Budget, Comparison, Gap, Level, Part, worst

__all__ = ["SAME", "Budget", "Comparison", "Gap", "Level", "Part", "compare_paths", "compare_streams", "worst"]
