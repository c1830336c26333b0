"""Scores that do not vary: they equal the claim at its printed precision, or they do not."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fossml.stats import wording
from fossml.stats.intervals import quantile
from fossml.stats.levels import FULL
from fossml.stats.target import Decision, Target, claimed_sd, runs_behind
from fossml.types import Estimate, Reading, VerdictName

NOISE = 1e-12
"""Relative difference that floating point alone makes."""


def has_spread(y: NDArray[np.float64]) -> bool:
    """Whether the scores differ by more than floating point makes them."""
    return float(np.ptp(y)) > NOISE * float(np.abs(y).max())


def span(y: NDArray[np.float64]) -> Estimate:
    """Smallest to largest run; nan where there is none."""
    if y.size == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, "no run")
    sd = float(y.std(ddof=1)) if y.size > 1 else None
    return Estimate(float(y.mean()), float(y.min()), float(y.max()), y.size, "smallest and largest run", sd)


def decide_fixed(y: NDArray[np.float64], target: Target, reading: Reading, *, last: int) -> Decision:
    """One score or more, judged as a deterministic result: numeric, within a margin that the claim gives, or not.

    Every score has to fit. A reading that allows for spread and finds none is refuted for good only by five equal
    scores or at the last look: fewer are equal by chance where a score is a count out of few items. Where the claim
    states a spread between runs that these runs lack, they count as a single draw from it, which can speak against
    the claim but not for it.
    """
    worst = float(y[np.abs(y - target.value).argmax()])
    margin = target.margin or 0.0
    name = _compare(y, target, margin)
    lacks = not has_spread(y) and reading.kind != "exact"
    if lacks and name in ("not reproduced", "better") and _one_draw_fits(worst, target, reading):
        return Decision("inconclusive", True, span(y), margin, _lacking(y, target))
    settled = name != "not reproduced" or reading.kind == "exact" or y.size >= min(FULL, last)
    return Decision(name, settled, span(y), margin, _reason(y, worst, target, name))


def _compare(y: NDArray[np.float64], target: Target, margin: float) -> VerdictName:
    gaps = y - target.value
    noise = 1e-9 * target.slack + NOISE * max(float(np.abs(y).max()), abs(target.value))
    if (np.abs(gaps) <= target.slack + noise).all():
        return "numeric"
    if target.comparison != "=" and (_good(gaps, target) >= -target.slack - noise).all():
        return "better"
    if (np.abs(gaps) <= margin + target.slack + noise).all():
        return "reproduced"
    return "not reproduced"


def _good(gaps: NDArray[np.float64], target: Target) -> NDArray[np.float64]:
    return -gaps if target.comparison == "<=" else gaps


def _one_draw_fits(score: float, target: Target, reading: Reading) -> bool:
    sd, n = claimed_sd(target, reading), runs_behind(reading)
    if not sd:
        return False
    width = float(quantile(n - 1 if n > 1 else math.inf, 0.975)) * sd * math.sqrt(1 + 1 / n)
    return abs(score - target.value) <= width + target.slack


def _lacking(y: NDArray[np.float64], target: Target) -> str:
    d = wording.digits(target, 0.0)
    gave = f"All {y.size} runs gave {wording.number(float(y[0]), d, target)}{wording.unit(target)}"
    states = f"the claimed {wording.claimed(target)} states a spread of {wording.plain(target.spread or 0.0, target)}"
    return f"{gave}; {states}: what varied there does not vary here, so these runs count as one."


def _reason(y: NDArray[np.float64], worst: float, target: Target, name: VerdictName) -> str:
    claim = wording.claimed(target)
    if name == "numeric":
        return f"{_all(y)} the claimed {claim}, at its printed precision."
    shown, margin = _apart(worst, target), target.margin or 0.0
    if name == "reproduced":
        within = f"within {wording.plain(margin, target)} of the claimed {claim}, the margin it states."
        return f"{_all(y)} {shown} or closer: {within}"
    side = "on the good side of" if name == "better" else "not"
    if has_spread(y):
        return f"{y.size} runs gave {_range(y, target)}: {side} the claimed {claim} in every run."
    return f"{_all(y)} {shown}: {side} the claimed {claim}."


def _all(y: NDArray[np.float64]) -> str:
    return "The run gave" if y.size == 1 else f"All {y.size} runs gave"


def _range(y: NDArray[np.float64], target: Target) -> str:
    return f"{_apart(float(y.min()), target)} to {_apart(float(y.max()), target)}"


def _apart(x: float, target: Target) -> str:
    """`x` with one decimal more than the claim, so that it never looks equal when it is not."""
    if target.slack == 0:
        return f"{x:.12g}"
    return wording.number(x, wording.digits(target, 0.0) + 1, target) + wording.unit(target)
