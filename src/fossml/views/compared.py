"""A Comparison in words: one line, and a line for each of the first places that differ."""

from __future__ import annotations

import math
from typing import Any

from fossml.compare import Comparison, Gap, Part
from fossml.views.plain import cut, harmless

LEVELS = {
    "bytes": "same bytes",
    "normalised": "same after normalising",
    "precision": "same within printed precision",
    "different": "different",
    "unknown": "different, how is unknown",
}
_MANY_ULPS = 2**20


def summary(found: Comparison) -> str:
    """`same within printed precision: 2 of 39, at most 3 ULPs (torch file); left aside: order of keys`."""
    said = LEVELS[found.level]
    if found.count:
        said += f": {found.count} of {found.of}" if found.of >= found.count else f": {found.count}"
        said += f", at most {distance(found.gap)} apart" if found.gap else ""
    if found.form:
        said += f" ({found.form})"
    if found.reason:
        said += f": {found.reason}"
    if found.normalised:
        shown = ", ".join(found.normalised[:3]) + (", ..." if len(found.normalised) > 3 else "")
        said += f"; left aside: {shown}"
    return harmless(said)


def distance(gap: Gap) -> str:
    """`3 ULPs`, else `0.01 (1.1 %)`."""
    if gap.ulps is not None and 0 < gap.ulps < _MANY_ULPS:
        return f"{gap.ulps} ULP{'' if gap.ulps == 1 else 's'}"
    if not math.isfinite(gap.absolute):
        return "infinitely far"
    return f"{gap.absolute:.3g} ({100 * gap.relative:.2g} %)" if gap.relative else f"{gap.absolute:.3g}"


def places(found: Comparison, most: int = 5) -> list[str]:
    """The first places that differ, a line each, and how many more there are."""
    lines = [_place(part) for part in found.parts[:most]]
    left = found.count - len(lines)
    return [*lines, f"and {left} more"] if left > 0 and lines else lines


def _place(part: Part) -> str:
    if part.left is None:
        said = f"only on the right: {part.right}"
    elif part.right is None:
        said = f"only on the left: {part.left}"
    else:
        said = f"{part.left} -> {part.right}"
    far = f"  ({distance(part.gap)})" if part.gap and part.gap.absolute else ""
    return harmless(f"{part.where}  {cut(said, 100)}{far}" if part.where else f"{cut(said, 100)}{far}")


def comparison_json(found: Comparison) -> dict[str, Any]:
    """A Comparison as JSON; what is infinite is null."""
    return {
        "level": found.level,
        "form": found.form,
        "normalised": list(found.normalised),
        "count": found.count,
        "of": found.of,
        "gap": _gap(found.gap),
        "reason": found.reason,
        "parts": [
            {"where": part.where, "left": part.left, "right": part.right, "gap": _gap(part.gap)} for part in found.parts
        ],
    }


def _gap(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    finite = {
        name: one if math.isfinite(one) else None
        for name, one in (("absolute", gap.absolute), ("relative", gap.relative))
    }
    return {**finite, "ulps": gap.ulps}
