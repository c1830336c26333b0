"""How sure a measured number is: intervals of one run, of a mean and of a share, and the test of equivalence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fossml.errors import FossmlError
from fossml.types import Estimate

Floats: TypeAlias = "float | NDArray[np.float64]"
"""A number, or an array of them for many simulated sets of runs at once."""

Scores: TypeAlias = "Sequence[float] | NDArray[np.float64]"


@dataclass(frozen=True, slots=True)
class ClaimedMean:
    """What is known of the claimed number itself: the mean of `n` runs (`math.inf`: known), one run where n is 1.

    `se` is its standard error where the claim states a spread, with `df` degrees of freedom; without it the claim is
    taken to have the spread of the re-runs.
    """

    n: float = math.inf
    se: float | None = None
    df: float = math.inf


def finite(scores: Scores, least: int = 1) -> NDArray[np.float64]:
    """The scores as an array; FossmlError where there are fewer than `least` or one is not a finite number."""
    y = np.asarray(scores, dtype=np.float64)
    if y.ndim != 1 or y.size < least:
        raise FossmlError(f"{y.size} scores: at least {least} are needed")
    if not np.isfinite(y).all():
        raise FossmlError("a score is not a finite number", hint="look at the run that gave nan or infinity")
    return y


def quantile(df: Floats, probability: Floats) -> Floats:
    """Student's t quantile, also for infinite `df`."""
    out = np.where(np.isinf(df), special.ndtri(probability), special.stdtrit(np.minimum(df, 1e9), probability))
    return out if np.ndim(out) else float(out)


def standard_error(sd: Floats, k: Floats, claim: ClaimedMean) -> tuple[Floats, Floats]:
    """Standard error and degrees of freedom of (mean of `k` re-runs with `sd`) minus the claimed number.

    Welch-Satterthwaite where the claim states its spread; else one spread for both, with k - 1 degrees of freedom.
    """
    own = np.square(sd) / np.asarray(k, dtype=np.float64)
    if claim.se is None:
        return np.sqrt(own + np.square(sd) / claim.n), k - 1
    total = own + claim.se**2
    with np.errstate(divide="ignore"):
        df = 1 / ((own / total) ** 2 / (k - 1) + (claim.se**2 / total) ** 2 / claim.df)
    return np.sqrt(total), df


def half_width(sd: Floats, k: Floats, claim: ClaimedMean, level: Floats) -> Floats:
    """Half the width of the two-sided (1 - `level`) interval of the difference between re-runs and claim."""
    se, df = standard_error(sd, k, claim)
    return quantile(df, 1 - np.asarray(level) / 2) * se


def one_run(scores: Scores, *, level: float = 0.05, slack: float = 0.0) -> Estimate:
    """Where one more run lies with probability 1 - `level`: mean +- (t s sqrt(1 + 1/k) + slack); two scores or more."""
    return _estimate(scores, ClaimedMean(1), level, slack, "interval of one run")


def mean(scores: Scores, *, level: float = 0.05, slack: float = 0.0) -> Estimate:
    """The t interval of the mean, (1 - `level`), widened by `slack` on both sides; two scores or more."""
    return _estimate(scores, ClaimedMean(), level, slack, "interval of the mean")


def _estimate(scores: Scores, claim: ClaimedMean, level: float, slack: float, method: str) -> Estimate:
    y = finite(scores, 2)
    sd, m = float(y.std(ddof=1)), float(y.mean())
    half = float(half_width(sd, y.size, claim, level)) + slack
    return Estimate(m, m - half, m + half, y.size, f"{100 * (1 - level):.3g} % {method}", sd)


def p_value(scores: Scores, value: float, claim: ClaimedMean, *, slack: float = 0.0) -> float:
    """Two-sided p that `value`, known up to its rounding `slack`, comes from where the re-runs do.

    With `ClaimedMean(1)` as one run, with a stated spread by Welch. For one look only: cells of a table go through
    `tables.holm`. Without any spread it is 1 or 0.
    """
    y = finite(scores, 2)
    beyond = max(0.0, abs(float(y.mean()) - value) - slack)
    se, df = standard_error(float(y.std(ddof=1)), y.size, claim)
    if se == 0:
        return float(beyond == 0)
    return float(2 * special.stdtr(df, -beyond / se))


def equivalent(
    scores: Scores, value: float, claim: ClaimedMean, margin: float, *, slack: float = 0.0, level: float = 0.05
) -> bool:
    """Two one-sided tests at `level`: the (1 - 2 level) interval of mean - value lies inside +-(margin + slack)."""
    y = finite(scores, 2)
    half = float(half_width(float(y.std(ddof=1)), y.size, claim, 2 * level))
    return abs(float(y.mean()) - value) + half < margin + slack


def at_least(scores: Scores, bound: float, *, level: float = 0.05) -> bool:
    """Whether the mean is shown to be at least `bound`: mean - t(k-1, 1-level) s/sqrt(k) >= bound."""
    y = finite(scores, 2)
    return float(y.mean()) - float(half_width(float(y.std(ddof=1)), y.size, ClaimedMean(), 2 * level)) >= bound


def share(correct: int, items: int, *, level: float = 0.05, method: Literal["exact", "wilson"] = "exact") -> Estimate:
    """Share of `correct` among `items`, two-sided: Clopper-Pearson (`exact`) or Wilson.

    Only for test items that are a fresh sample; on the same items as the claim their sampling cancels. The one-sided
    lower bound at 5 % is `low` at level 0.10.
    """
    if not 0 <= correct <= items or items < 1:
        raise FossmlError(f"{correct} of {items} is no share")
    from scipy import stats  # half a second that every verification would wait for

    ci = stats.binomtest(correct, items).proportion_ci(1 - level, method=method)
    name = {"exact": "Clopper-Pearson", "wilson": "Wilson"}[method]
    return Estimate(correct / items, float(ci.low), float(ci.high), items, f"{100 * (1 - level):.3g} % {name}")
