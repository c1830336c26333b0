"""Orders and tables: reference values, theory and error rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fossml.errors import FossmlError
from fossml.stats import tables


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_an_order_without_overlap_holds_always() -> None:
    got = tables.order([[3, 3.1], [2, 2.1], [1, 1.1]], rng())
    assert (got.tau.value, got.tau.low, got.tau.high, got.first_kept) == (1, 1, 1, 1)


def test_a_reversed_order_holds_never() -> None:
    got = tables.order([[1, 1.1], [2, 2.1], [3, 3.1]], rng(), paired=False)
    assert (got.tau.value, got.first_kept) == (-1, 0)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=8))
def test_tau_is_scipys(means: list[int]) -> None:
    got = tables.order([[m, m] for m in means], rng(), resamples=10).tau.value
    want = stats.kendalltau(means, range(len(means), 0, -1)).statistic
    assert got == pytest.approx(0.0 if np.isnan(want) else want)


def test_methods_that_tie_share_the_first_place() -> None:
    assert tables.order([[1, 1], [1, 1]], rng()).first_kept == 0.5


def test_pairing_by_seed_keeps_what_seeds_share() -> None:
    shared = np.random.default_rng(1).standard_normal(20)
    scores = [(shared + 0.1).tolist(), shared.tolist()]
    assert tables.order(scores, rng()).first_kept == 1.0
    assert tables.order(scores, rng(), paired=False).first_kept < 0.9


def test_a_fair_contest_keeps_the_first_place_half_the_time_on_average() -> None:
    draw = np.random.default_rng(6)
    kept = [tables.order(draw.standard_normal((2, 8)).tolist(), draw, resamples=50).first_kept for _ in range(400)]
    assert np.mean(kept) == pytest.approx(0.5, abs=0.07)


def test_orders_that_cannot_be_judged_are_refused() -> None:
    with pytest.raises(FossmlError, match="two methods"):
        tables.order([[1, 2]], rng())
    with pytest.raises(FossmlError, match="same number"):
        tables.order([[1, 2], [1, 2, 3]], rng())


def test_holm_is_the_worked_example() -> None:
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, never falling."""
    assert tables.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert tables.holm([]) == ()


def test_holm_refuses_what_is_no_probability() -> None:
    with pytest.raises(FossmlError):
        tables.holm([0.1, 1.2])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_the_plain_p_and_bonferronis_and_keeps_the_order(p: list[float]) -> None:
    adjusted = tables.holm(p)
    assert all(x <= a <= min(1, x * len(p)) for x, a in zip(p, adjusted, strict=True))
    assert [a for _, a in sorted(zip(p, adjusted, strict=True))] == sorted(adjusted)


def test_holm_errs_in_five_of_a_hundred_tables() -> None:
    p = np.random.default_rng(9).random((2000, 10))
    wrong = np.mean([min(tables.holm(row.tolist())) <= 0.05 for row in p])
    assert wrong == pytest.approx(0.05, abs=0.015)


def test_cells_outside_are_binomial() -> None:
    assert tables.outside(20, 0) == 1.0
    assert tables.outside(20, 1) == pytest.approx(1 - 0.95**20)
    with pytest.raises(FossmlError):
        tables.outside(3, 4)
