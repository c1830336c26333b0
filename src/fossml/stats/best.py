"""The largest of n runs: where it lies given the re-runs, and of how many runs a number would be the largest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fossml.stats import MOST
from fossml.stats.intervals import finite


@lru_cache(maxsize=32)
def _nodes(k: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of k normal scores on a grid, and the weight of each pair."""
    z, wz = special.roots_hermitenorm(41)
    u, wu = special.roots_legendre(80)
    sd = np.sqrt(special.chdtri(k - 1, 1 - (u + 1) / 2) / (k - 1))
    means, sds = np.meshgrid(z / math.sqrt(k), sd, indexing="ij")
    return means, sds, np.outer(wz / wz.sum(), wu / 2)


def largest_cdf(q: float, k: int, n: int) -> float:
    """Probability that the largest of n new normal runs is at most mean + q sd of the k runs in hand.

    (largest - mean)/sd does not depend on where the scores lie or how they spread, so this is exact, up to the
    quadrature (about 1e-5), for any normal scores. For n = 1 it is Student's t prediction.
    """
    means, sds, weights = _nodes(k)
    return float((weights * np.exp(n * special.log_ndtr(means + q * sds))).sum())


@lru_cache(maxsize=4096)
def largest_quantile(probability: float, k: int, n: int) -> float:
    """The q at which `largest_cdf` is `probability`: the largest lies below mean + q sd that often."""
    from scipy import optimize  # slow to import, and seldom asked for

    low, high = -8.0, 8.0
    while largest_cdf(low, k, n) > probability:
        low *= 2
    while largest_cdf(high, k, n) < probability:
        high *= 2
    return float(optimize.brentq(lambda q: largest_cdf(q, k, n) - probability, low, high, xtol=1e-6))


def expected_largest(n: float) -> float:
    """Expected largest of n standard normal scores; n need not be whole."""
    from scipy import integrate  # slow to import, and seldom asked for

    return float(integrate.quad(lambda x: x * n * math.exp(-x * x / 2 + (n - 1) * special.log_ndtr(x)), -12, 12)[0]) / (
        math.sqrt(2 * math.pi)
    )


def best_of(scores: Sequence[float], value: float) -> int | None:
    """Of about how many runs `value` would be the best: the n whose expected largest is `value`.

    The scores' mean and standard deviation are put into a normal distribution; n is whole up to ten, then to the
    nearest five, above a hundred to the nearest fifty, as more digits would not be known; `MOST` stands for that
    many or more. None where it makes no sense: fewer than three scores, no spread, a value that an ordinary run
    gives. Where lower is better, negate scores and value.
    """
    y = np.asarray(scores, dtype=np.float64)
    if y.size < 3 or not np.isfinite(y).all() or not y.std() > 1e-12 * abs(y).max():
        return None
    z = (value - float(y.mean())) / float(finite(scores).std(ddof=1))
    if not expected_largest(1.5) <= z < math.inf:
        return None
    if z >= expected_largest(MOST):
        return MOST
    from scipy import optimize

    n = optimize.brentq(lambda n: expected_largest(n) - z, 1.0, MOST)
    step = 1 if n < 10 else 5 if n < 100 else 50
    return max(2, step * round(n / step))
