"""Intervals and single-look tests: input, reference values, theory, and how often they err."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fossml.errors import FossmlError
from fossml.stats import intervals
from fossml.stats.intervals import ClaimedMean

FIVE = [0.935, 0.937, 0.940, 0.944, 0.949]
spread_scores = st.lists(st.floats(-100, 100), min_size=3, max_size=12).filter(lambda y: np.ptp(y) > 0.01)


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(FossmlError, match="finite"):
        intervals.one_run([0.9, math.nan])


def test_one_score_has_no_interval() -> None:
    with pytest.raises(FossmlError, match="at least 2"):
        intervals.mean([0.9])


def test_one_run_is_the_published_interval() -> None:
    """Five runs 0.941 +- 0.006: one run 0.922 to 0.960, the rounding included."""
    z = np.array([-1.2, -0.5, 0.1, 0.4, 1.2])
    y = 0.941 + 0.006 * (z - z.mean()) / z.std(ddof=1)
    got = intervals.one_run(y, slack=0.0005)
    assert (round(got.low, 3), round(got.high, 3), got.n) == (0.922, 0.960, 5)
    assert got.method == "95 % interval of one run"


def test_mean_agrees_with_scipy() -> None:
    ci = stats.ttest_1samp(FIVE, 0.0).confidence_interval(0.9)
    got = intervals.mean(FIVE, level=0.1)
    assert (got.low, got.high) == pytest.approx((ci.low, ci.high))


def test_p_with_stated_spread_is_welchs() -> None:
    want = stats.ttest_ind_from_stats(np.mean(FIVE), np.std(FIVE, ddof=1), 5, 0.953, 0.004, 3, equal_var=False).pvalue
    assert intervals.p_value(FIVE, 0.953, ClaimedMean(3, 0.004 / math.sqrt(3), 2)) == pytest.approx(want)


def test_p_without_stated_spread_takes_that_of_the_runs() -> None:
    t = (0.953 - np.mean(FIVE)) / (np.std(FIVE, ddof=1) * math.sqrt(1 / 5 + 1 / 3))
    assert intervals.p_value(FIVE, 0.953, ClaimedMean(3)) == pytest.approx(2 * stats.t.sf(t, 4))


def test_p_against_a_known_mean_is_the_one_sample_t_test() -> None:
    assert intervals.p_value(FIVE, 0.95, ClaimedMean()) == pytest.approx(stats.ttest_1samp(FIVE, 0.95).pvalue)


@pytest.mark.parametrize(("value", "p"), [(0.9, 1.0), (0.8, 0.0)])
def test_p_without_any_spread_is_all_or_nothing(value: float, p: float) -> None:
    assert intervals.p_value([0.9, 0.9, 0.9], value, ClaimedMean()) == p


def test_welch_with_a_known_standard_error_and_no_spread_of_its_own_is_normal() -> None:
    assert intervals.p_value([1.0, 1.0], 0.0, ClaimedMean(math.inf, 0.5)) == pytest.approx(2 * stats.norm.sf(2))


def test_slack_is_what_rounding_may_have_moved() -> None:
    assert intervals.p_value(FIVE, 0.9415, ClaimedMean(), slack=0.0005) == pytest.approx(1.0)
    assert intervals.p_value(FIVE, 0.953, ClaimedMean(), slack=0.0005) == pytest.approx(
        intervals.p_value(FIVE, 0.9525, ClaimedMean())
    )


def test_equivalence_is_two_one_sided_t_tests() -> None:
    for value in np.linspace(0.93, 0.95, 21):
        p = max(
            stats.ttest_1samp(FIVE, value - 0.01, alternative="greater").pvalue,
            stats.ttest_1samp(FIVE, value + 0.01, alternative="less").pvalue,
        )
        assert intervals.equivalent(FIVE, float(value), ClaimedMean(), 0.01) == (p < 0.05)


def test_at_least_is_the_one_sided_t_test() -> None:
    edge = np.mean(FIVE) - stats.t.ppf(0.95, 4) * stats.sem(FIVE)
    assert intervals.at_least(FIVE, float(edge) - 1e-9)
    assert not intervals.at_least(FIVE, float(edge) + 1e-9)


def test_share_is_clopper_and_pearsons_interval() -> None:
    got = intervals.share(94, 100)
    assert (got.low, got.high) == pytest.approx((stats.beta.ppf(0.025, 94, 7), stats.beta.ppf(0.975, 95, 6)))


def test_share_by_wilson_solves_the_score_equation() -> None:
    got = intervals.share(94, 100, method="wilson")
    for p in (got.low, got.high):
        assert abs(0.94 - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / 100), rel=1e-5)


def test_share_of_nothing_is_refused() -> None:
    with pytest.raises(FossmlError):
        intervals.share(0, 0)
    with pytest.raises(FossmlError):
        intervals.share(3, 2)


@given(spread_scores, st.floats(-50, 50), st.floats(0.1, 10), st.floats(-100, 100))
def test_p_does_not_depend_on_unit_or_origin(y: list[float], shift: float, scale: float, value: float) -> None:
    moved = [scale * x + shift for x in y]
    assert intervals.p_value(moved, scale * value + shift, ClaimedMean(3)) == pytest.approx(
        intervals.p_value(y, value, ClaimedMean(3)), abs=1e-6
    )


@given(spread_scores)
def test_one_run_is_less_certain_than_the_mean_and_both_grow_with_confidence(y: list[float]) -> None:
    widths = [e.high - e.low for e in (intervals.mean(y, level=0.1), intervals.mean(y), intervals.one_run(y))]
    assert widths == sorted(widths)


@given(spread_scores, st.floats(-100, 100))
def test_the_more_runs_behind_a_claim_the_more_speaks_against_it(y: list[float], value: float) -> None:
    p = [intervals.p_value(y, value, ClaimedMean(n)) for n in (1, 2, 10, math.inf)]
    assert p == sorted(p, reverse=True)


def test_intervals_hold_what_they_say() -> None:
    """Coverage of 2,000 simulated intervals: 95 % give or take three standard errors."""
    rng = np.random.default_rng(5)
    y, new = rng.standard_normal((2000, 5)), rng.standard_normal(2000)
    one = [intervals.one_run(row) for row in y]
    mean = [intervals.mean(row) for row in y]
    assert np.mean([e.low <= x <= e.high for e, x in zip(one, new, strict=True)]) == pytest.approx(0.95, abs=0.015)
    assert np.mean([e.low <= 0 <= e.high for e in mean]) == pytest.approx(0.95, abs=0.015)
