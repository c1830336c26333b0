"""How reproducible a number is: the coefficient of variation, and spread within and between environments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fossml.errors import FossmlError
from fossml.stats.intervals import finite


def c4(n: int) -> float:
    """By how much the standard deviation of n normal scores falls short of the true one on average; n >= 2."""
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def cv_star(scores: Sequence[float]) -> float:
    """CV* in per cent, for few scores (Belz et al. 2022, arXiv 2204.05961): (1 + 1/(4n)) s/c4(n) / abs(mean) 100.

    Two scores at least; for a scale with a zero that means nothing. FossmlError where the mean is zero.
    """
    y = finite(scores, 2)
    m = abs(float(y.mean()))
    if m == 0:
        raise FossmlError("a mean of zero has no coefficient of variation")
    return (1 + 1 / (4 * y.size)) * float(y.std(ddof=1)) / c4(y.size) / m * 100


@dataclass(frozen=True, slots=True)
class Precision:
    """Standard deviations as in ASTM E691: `repeatability` within one environment, `reproducibility` across."""

    repeatability: float
    reproducibility: float


def precision(environments: Sequence[Sequence[float]]) -> Precision:
    """From the same number of scores (two at least) in each of two or more environments, as ASTM E691 computes it."""
    cells = [finite(y, 2) for y in environments]
    if len(cells) < 2 or len({y.size for y in cells}) > 1:
        raise FossmlError("two environments at least, with the same number of scores in each")
    table = np.stack(cells)
    within = float(table.var(axis=1, ddof=1).mean())
    between = float(table.mean(axis=1).var(ddof=1))
    total = between + within * (1 - 1 / table.shape[1])
    return Precision(math.sqrt(within), math.sqrt(max(within, total)))
