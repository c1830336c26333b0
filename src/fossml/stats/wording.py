"""Numbers and readings in words, for the one sentence that gives the reason of a decision."""

from __future__ import annotations

import math

from fossml.stats.target import Target
from fossml.types import Reading

MOST_DIGITS = 12


def digits(target: Target, sd: float) -> int:
    """Decimals that say something: as many as the claim prints, and at least the first one of the spread."""
    sizes = [2 * target.slack, sd]
    wanted = [math.ceil(-math.log10(size) - 1e-9) for size in sizes if size > 0 and math.isfinite(size)]
    return min(MOST_DIGITS, max([0, *wanted] if wanted else [6]))


def number(x: float, decimals: int, target: Target) -> str:
    """`x` with this many decimals, or to six significant digits where it would not fit; without its `unit`."""
    if target.percent:
        x, decimals = 100 * x, max(0, decimals - 2)
    return f"{x:.{decimals}f}" if abs(x) < 1e15 else f"{x:.6g}"


def unit(target: Target) -> str:
    """What stands behind a number, or behind two that belong together."""
    return " %" if target.percent else ""


def plain(x: float, target: Target) -> str:
    """A number as it was given, with its unit."""
    return f"{100 * x:g} %" if target.percent else f"{x:g}"


def claimed(target: Target) -> str:
    """The claimed number as it is printed: to the digit that its rounding slack says."""
    if target.slack == 0:
        return f"{target.value:.12g}"
    return number(target.value, digits(target, 0.0), target) + unit(target)


def bounds(low: float, high: float, target: Target, decimals: int) -> str:
    """`low to high`, with more decimals where rounding would put the claim on the other side of a bound."""
    value = target.value
    for d in range(decimals, MOST_DIGITS):
        rounded = round(low, d), round(high, d)
        if (rounded[0] <= value <= rounded[1]) == (low <= value <= high):
            return f"{number(low, d, target)} to {number(high, d, target)}{unit(target)}"
    return f"{low!r} to {high!r}"


def read_as(reading: Reading) -> str:
    """What a claimed number is, as it is read."""
    if reading.kind == "mean":
        return "the mean of many runs" if reading.n is None else f"the mean of {reading.n} runs"
    return f"the best of {reading.n} runs" if reading.kind == "best" else "one run"


def runs(k: int) -> str:
    """`1 run`, `2 runs`."""
    return f"{k} run" if k == 1 else f"{k} runs"
