"""The best of n runs: against simulation, Student's t and known expectations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fossml.stats import MOST
from fossml.stats.best import best_of, expected_largest, largest_cdf, largest_quantile

FIVE = [0.9331, 0.9377, 0.9411, 0.9431, 0.9500]


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, 0.0), (2, 1 / math.sqrt(math.pi)), (3, 1.5 / math.sqrt(math.pi)), (10, 1.53875), (25, 1.96531)],
)
def test_expected_largest_is_the_tabled_order_statistic(n: int, expected: float) -> None:
    assert expected_largest(n) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("k", [3, 5, 10, 30])
def test_the_best_of_one_is_students_prediction(k: int) -> None:
    for q in (-2.0, -0.3, 0.0, 1.0, 3.0):
        assert largest_cdf(q, k, 1) == pytest.approx(stats.t.cdf(q / math.sqrt(1 + 1 / k), k - 1), abs=2e-4)


@pytest.mark.parametrize(("k", "n"), [(3, 10), (5, 10), (10, 25)])
def test_the_largest_lies_where_simulation_puts_it(k: int, n: int) -> None:
    rng = np.random.default_rng(11)
    y, new = rng.standard_normal((40_000, k)), rng.standard_normal((40_000, n))
    q = (new.max(axis=1) - y.mean(axis=1)) / y.std(axis=1, ddof=1)
    for p in (0.01, 0.5, 0.99):
        assert np.mean(q <= largest_quantile(p, k, n)) == pytest.approx(p, abs=3.5 * math.sqrt(p * (1 - p) / 40_000))


@given(st.integers(3, 20), st.integers(1, 50), st.floats(0.01, 0.99))
def test_quantile_undoes_the_distribution(k: int, n: int, p: float) -> None:
    assert largest_cdf(largest_quantile(p, k, n), k, n) == pytest.approx(p, abs=1e-5)


@given(st.integers(3, 20), st.integers(1, 50), st.floats(-3, 8))
def test_the_best_of_more_lies_higher(k: int, n: int, q: float) -> None:
    assert largest_cdf(q, k, n + 1) <= largest_cdf(q, k, n) + 1e-12


def test_two_standard_deviations_up_is_the_best_of_about_25() -> None:
    y = np.array(FIVE)
    value = float(y.mean() + 2 * y.std(ddof=1))
    assert best_of(FIVE, value) == 25


@pytest.mark.parametrize("n", [2, 5, 9, 15, 50, 95, 150, 900])
def test_best_of_finds_the_number_of_runs_behind_the_expected_best(n: int) -> None:
    y = np.array(FIVE)
    assert best_of(FIVE, float(y.mean() + expected_largest(n) * y.std(ddof=1))) == n


@pytest.mark.parametrize(
    ("scores", "value"),
    [
        (FIVE, 0.941),
        (FIVE, 0.9),
        (FIVE, math.inf),
        (FIVE, math.nan),
        ([0.9, 0.9, 0.9], 0.95),
        ([0.9, 0.91], 0.95),
        ([0.9, 0.91, math.inf], 0.95),
    ],
)
def test_best_of_is_silent_where_it_makes_no_sense(scores: list[float], value: float) -> None:
    assert best_of(scores, value) is None


def test_beyond_a_thousand_no_number_is_given() -> None:
    y = np.array(FIVE)
    assert best_of(FIVE, float(y.mean() + 3.5 * y.std(ddof=1))) == best_of(FIVE, 1.5) == MOST == 1000


@given(st.floats(-10, 10), st.floats(0.01, 100), st.floats(0.5, 3.0))
def test_best_of_does_not_depend_on_unit_or_origin(shift: float, scale: float, z: float) -> None:
    y = np.array([-1.0, 0.2, 0.8])
    value = float(z * y.std(ddof=1))
    moved = best_of((scale * y + shift).tolist(), scale * value + shift)
    assert (
        moved is None or abs(moved - (best_of(y.tolist(), value) or 0)) <= 50 * (moved >= 100) + 5 * (moved >= 10) + 1
    )
