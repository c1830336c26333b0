"""Many numbers at once: the order of methods, and a table of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fossml.errors import FossmlError
from fossml.stats.intervals import finite
from fossml.types import Estimate


@dataclass(frozen=True, slots=True)
class Order:
    """How far an order holds: Kendall's tau (b) to the claimed one, and how often the claimed first stays first."""

    tau: Estimate
    first_kept: float


def order(
    scores: Sequence[Sequence[float]],
    rng: np.random.Generator,
    *,
    paired: bool = True,
    level: float = 0.05,
    resamples: int = 1000,
) -> Order:
    """Scores of each method, claimed best first, higher is better; resampled over seeds.

    `paired`: the n-th score of every method is from the same seed, so seeds are drawn once for all. Methods that
    share the first place share the count. Kendall's tau is 0 where all methods tie.
    """
    methods = _methods(scores, paired)
    means = np.stack([y[p].mean(axis=1) for y, p in zip(methods, _picks(methods, rng, paired, resamples), strict=True)])
    low, high = np.quantile([_tau(m) for m in means.T], [level / 2, 1 - level / 2])
    top = means == means.max(axis=0)
    method = f"{100 * (1 - level):.3g} % bootstrap interval over seeds"
    tau = _tau(np.array([y.mean() for y in methods]))
    return Order(
        Estimate(tau, float(low), float(high), min(y.size for y in methods), method),
        float((top[0] / top.sum(axis=0)).mean()),
    )


def _methods(scores: Sequence[Sequence[float]], paired: bool) -> list[NDArray[np.float64]]:
    methods = [finite(y, 2) for y in scores]
    if len(methods) < 2:
        raise FossmlError("an order needs two methods at least")
    if paired and len({y.size for y in methods}) > 1:
        raise FossmlError("methods paired by seed need the same number of scores")
    return methods


def _picks(
    methods: Sequence[NDArray[np.float64]], rng: np.random.Generator, paired: bool, resamples: int
) -> list[NDArray[np.int64]]:
    if paired:
        return [rng.integers(methods[0].size, size=(resamples, methods[0].size))] * len(methods)
    return [rng.integers(y.size, size=(resamples, y.size)) for y in methods]


def _tau(means: NDArray[np.float64]) -> float:
    """Kendall's tau-b between falling means and the claimed order."""
    i, j = np.triu_indices(means.size, 1)
    signs = np.sign(means[i] - means[j])
    untied = np.count_nonzero(signs)
    return float(signs.sum() / np.sqrt(untied * signs.size)) if untied else 0.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p for every cell, in the order given: refuting those at most 5 % errs in 5 % of tables."""
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise FossmlError("a p value lies between 0 and 1")
    rank = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[rank] = np.minimum(1, np.maximum.accumulate(p[rank] * np.arange(p.size, 0, -1)))
    return tuple(float(a) for a in adjusted)


def outside(cells: int, count: int, *, level: float = 0.05) -> float:
    """Probability that `count` or more of `cells` lie outside their (1 - level) interval when all claims are true."""
    if not 0 <= count <= cells:
        raise FossmlError(f"{count} of {cells} cells")
    return float(stats.binom.sf(count - 1, cells, level))
