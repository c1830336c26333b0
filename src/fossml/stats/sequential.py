"""Are the re-runs so far enough to say whether a claim holds, and does it: asked after every finished run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fossml.stats import intervals, looks, wording
from fossml.stats.best import best_of
from fossml.stats.deterministic import decide_fixed, has_spread, span
from fossml.stats.levels import FIRST, level
from fossml.stats.reasons import detectable, reason
from fossml.stats.target import Decision, Target, require_sound
from fossml.types import Estimate, Reading, VerdictName

__all__ = ["Decision", "Target", "best_of", "decide"]

HARDLY = 0.1
"""More runs are not worth making where the chance that they change the answer is below this."""

NARROW = 2.0
"""A mean is called consistent where a difference of this many margins would have been seen, else inconclusive."""


def decide(
    scores: Sequence[float], target: Target, reading: Reading, *, last: int = 10, share: float = 1.0
) -> Decision:
    """Judge `target` by the scores of the runs so far, in the order they finished, with `last` the most there may be.

    The looks from the third run to the last err 5 % together; an exact reading needs one run. More than `last` scores
    count as a last look. For a claim that is one of several, `share` of the 5 % is there to refute it. A score that
    is not finite makes the answer inconclusive, as a run can be neither averaged without a number nor left out.
    Raises FossmlError for a claim that cannot be judged (see `require_sound`), for more than 100 runs. A number that
    is the best epoch on test data is never shown to hold as a result.
    """
    require_sound(target, reading)
    y = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(y).all():
        return _not_finite(y)
    if y.size and reading.kind == "exact":
        return decide_fixed(y, target, reading, last=last)
    if y.size < FIRST:
        return _too_few(y)
    rule = looks.Rule(target, reading, max(last, y.size), share)
    decision = _look(y, rule) if has_spread(y) else decide_fixed(y, target, reading, last=last)
    return _as_result(decision) if reading.kind == "best-epoch" else decision


def _not_finite(y: NDArray[np.float64]) -> Decision:
    bad = np.flatnonzero(~np.isfinite(y))
    reason = f"Run {bad[0] + 1} of {y.size} gave {y[bad[0]]}: no mean and no spread can be computed with it."
    return Decision("inconclusive", True, span(y[np.isfinite(y)]), None, reason)


def _too_few(y: NDArray[np.float64]) -> Decision:
    reason = f"{wording.runs(y.size)}: the spread between runs is judged from the third on."
    return Decision("inconclusive", False, span(y), None, reason)


def _look(y: NDArray[np.float64], rule: looks.Rule) -> Decision:
    mean, sd, k = float(y.mean()), float(y.std(ddof=1)), y.size
    name = _name(looks.look(mean, sd, k, rule))
    settled = name is not None or k == rule.last or _hardly_changes(mean, sd, k, rule)
    margin = float(looks.margin(sd, rule))
    name = name or _open_name(sd, k, rule, settled)
    return Decision(name, settled, _estimate(y, rule), margin, reason(mean, sd, k, rule, name, settled))


def _name(outcome: looks.Outcome) -> VerdictName | None:
    if outcome.refuted:
        return "not reproduced"
    if outcome.better:
        return "better"
    return "reproduced" if outcome.shown else None


def _open_name(sd: float, k: int, rule: looks.Rule, settled: bool) -> VerdictName:
    """Neither refuted nor shown: a mean is consistent only when it is settled and the interval narrow."""
    if rule.reading.kind != "mean":
        return "consistent"
    return "consistent" if settled and _narrow(sd, k, rule) else "inconclusive"


def _hardly_changes(mean: float, sd: float, k: int, rule: looks.Rule) -> bool:
    """Whether to stop here; it can only spare a claim, so the error of 5 % still holds."""
    if rule.reading.kind == "mean" and not _narrow(sd, k, rule):
        return False
    return looks.chance_of_change(mean, sd, k, rule) < HARDLY


def _narrow(sd: float, k: int, rule: looks.Rule) -> bool:
    return detectable(sd, k, rule) <= NARROW * (float(looks.margin(sd, rule)) + rule.target.slack)


def _estimate(y: NDArray[np.float64], rule: looks.Rule) -> Estimate:
    if rule.reading.kind != "mean":
        return intervals.one_run(y)
    estimate = intervals.mean(y, level=level(y.size, rule.last, math.inf))
    return replace(estimate, method="interval of the mean, 95 % over all looks together")


def _as_result(decision: Decision) -> Decision:
    """The number of the best epoch may come out again: it was chosen with the test data in view."""
    stays = decision.name == "not reproduced"
    reason = f"{decision.reason} The best epoch was chosen on the test data: as a result this is not shown."
    return replace(decision, name=decision.name if stays else "inconclusive", reason=reason)
