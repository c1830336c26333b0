"""Is A better than B: runs paired by seed or split, and predictions paired by test item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from fossml.errors import FossmlError
from fossml.stats.intervals import finite
from fossml.types import Estimate

MEANINGFUL = 0.75
"""P(A > B) from which a difference means something (Bouthillier et al. 2021, arXiv 2103.03098)."""
WILCOXON_PAIRS = 6
"""With fewer pairs the signed-rank test cannot reach 5 %, whatever the scores."""


@dataclass(frozen=True, slots=True)
class Superiority:
    """How often A beats B. `wilcoxon` is the two-sided p, None below six pairs; ties count half in `probability`."""

    probability: Estimate
    wilcoxon: float | None
    conclusion: Literal["not shown", "shown", "shown and meaningful"]


def superiority(
    a: Sequence[float], b: Sequence[float], rng: np.random.Generator, *, level: float = 0.05, resamples: int = 2000
) -> Superiority:
    """P(A > B) over pairs with its percentile bootstrap interval; higher is better. Pairs share a seed or a split.

    Shown: the interval lies above 1/2. Meaningful: it also reaches beyond 0.75.
    """
    wins = (np.sign(_differences(a, b)) + 1) / 2
    picks = rng.integers(wins.size, size=(resamples, wins.size))
    low, high = np.quantile(wins[picks].mean(axis=1), [level / 2, 1 - level / 2])
    method = f"{100 * (1 - level):.3g} % bootstrap interval over pairs"
    estimate = Estimate(float(wins.mean()), float(low), float(high), wins.size, method)
    return Superiority(estimate, wilcoxon(a, b), _conclude(estimate))


def _conclude(p: Estimate) -> Literal["not shown", "shown", "shown and meaningful"]:
    if p.low <= 0.5:
        return "not shown"
    return "shown and meaningful" if p.high > MEANINGFUL else "shown"


def _differences(a: Sequence[float], b: Sequence[float]) -> NDArray[np.float64]:
    if len(a) != len(b):
        raise FossmlError(f"{len(a)} and {len(b)} scores are not pairs")
    return finite(a, 2) - finite(b, 2)


def wilcoxon(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Two-sided p of the signed-rank test; None below six pairs, 1 where all pairs tie."""
    d = _differences(a, b)
    if d.size < WILCOXON_PAIRS:
        return None
    return float(stats.wilcoxon(d).pvalue) if d.any() else 1.0


def pairs_needed(probability: float = MEANINGFUL, *, level: float = 0.05, miss: float = 0.05) -> int:
    """Pairs after which a true P(A > B) of `probability` is overlooked with chance `miss` at most (Noether)."""
    if not 0.5 < probability <= 1:
        raise FossmlError("P(A > B) must lie above 0.5")
    reach = float(special.ndtri(1 - level) + special.ndtri(1 - miss))
    return math.ceil((reach / (math.sqrt(6) * (probability - 0.5))) ** 2)


def overlapping_splits(a: Sequence[float], b: Sequence[float], *, test_share: float) -> float:
    """Two-sided p of the corrected resampled t test (Nadeau and Bengio 2003), for splits whose training data overlap.

    `test_share` is the part of the data held out in each split; the variance is enlarged by test/train.
    """
    if not 0 < test_share < 1:
        raise FossmlError("the share of test data lies between 0 and 1")
    d = _differences(a, b)
    se = float(d.std(ddof=1)) * math.sqrt(1 / d.size + test_share / (1 - test_share))
    if se == 0:
        return float(not d.any())
    return float(2 * stats.t.sf(abs(float(d.mean())) / se, d.size - 1))


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p that A and B are right equally often; the counts are the items that only one has right."""
    if only_a < 0 or only_b < 0:
        raise FossmlError("counts are not negative")
    n = only_a + only_b
    return 1.0 if n == 0 else min(1.0, 2 * float(stats.binom.cdf(min(only_a, only_b), n, 0.5)))


def accuracy_difference(only_a: int, only_b: int, items: int) -> tuple[float, float]:
    """Accuracy of A minus that of B on the same `items`, and its standard error, from the discordant counts."""
    if min(only_a, only_b) < 0 or items < max(1, only_a + only_b):
        raise FossmlError(f"{only_a} and {only_b} discordant items of {items}")
    d = only_a - only_b
    return d / items, math.sqrt(only_a + only_b - d * d / items) / items
