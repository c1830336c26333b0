"""A against B: reference values, theory and error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fossml.errors import FossmlError
from fossml.stats import paired

A = [0.91, 0.93, 0.92, 0.95, 0.94, 0.92, 0.96]
B = [0.90, 0.91, 0.93, 0.91, 0.90, 0.87, 0.90]


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_probability_counts_wins_and_half_the_ties() -> None:
    got = paired.superiority([1, 2, 3, 4], [0, 2, 4, 3], rng())
    assert got.probability.value == 0.625
    assert got.wilcoxon is None


def test_wilcoxon_is_scipys_from_six_pairs() -> None:
    assert paired.wilcoxon(A, B) == stats.wilcoxon(np.subtract(A, B)).pvalue
    assert paired.wilcoxon(A[:5], B[:5]) is None
    assert paired.wilcoxon(A[:6], A[:6]) == 1.0


def test_six_pairs_are_the_fewest_with_which_wilcoxon_can_reach_five_per_cent() -> None:
    smallest = [2 * 0.5**n for n in (5, 6)]
    assert smallest[0] > 0.05 >= smallest[1]
    assert paired.wilcoxon([1, 2, 3, 4, 5, 6], [0] * 6) == pytest.approx(smallest[1])


def test_same_generator_same_interval_and_it_is_the_binomial_one() -> None:
    """Resampled wins of six in seven are Bin(7, 6/7)."""
    first, second = paired.superiority(A, B, rng()), paired.superiority(A, B, rng())
    assert first == second
    low, high = (float(stats.binom.ppf(p, 7, 6 / 7)) / 7 for p in (0.025, 0.975))
    assert (first.probability.low, first.probability.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("wins", "pairs", "conclusion"),
    [(20, 20, "shown and meaningful"), (10, 20, "not shown"), (600, 1000, "shown"), (0, 20, "not shown")],
)
def test_conclusion_follows_the_interval(wins: int, pairs: int, conclusion: str) -> None:
    a = [1.0] * wins + [0.0] * (pairs - wins)
    assert paired.superiority(a, [0.5] * pairs, rng()).conclusion == conclusion


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=5))
def test_swapping_methods_mirrors_the_probability(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    forth, back = paired.superiority(a, b, rng()).probability, paired.superiority(b, a, rng()).probability
    assert forth.value == pytest.approx(1 - back.value)
    assert forth.low == pytest.approx(1 - back.high)


def test_unequal_lengths_are_no_pairs() -> None:
    with pytest.raises(FossmlError, match="not pairs"):
        paired.superiority([1, 2], [1, 2, 3], rng())


def test_29_pairs_are_needed_as_published() -> None:
    assert paired.pairs_needed() == 29
    with pytest.raises(FossmlError):
        paired.pairs_needed(0.5)


def test_overlapping_splits_without_test_data_tends_to_the_paired_t_test() -> None:
    assert paired.overlapping_splits(A, B, test_share=1e-12) == pytest.approx(stats.ttest_rel(A, B).pvalue)


def test_overlapping_splits_enlarges_the_variance_by_test_over_train() -> None:
    t = stats.ttest_rel(A, B).statistic / math.sqrt(1 + 7 / 9)
    assert paired.overlapping_splits(A, B, test_share=0.1) == pytest.approx(2 * stats.t.sf(abs(t), 6))


def test_overlapping_splits_without_spread_and_with_a_wrong_share() -> None:
    assert paired.overlapping_splits([1, 2], [1, 2], test_share=0.1) == 1.0
    assert paired.overlapping_splits([2, 3], [1, 2], test_share=0.1) == 0.0
    with pytest.raises(FossmlError):
        paired.overlapping_splits(A, B, test_share=1.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    want = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert paired.mcnemar(b, c) == pytest.approx(want)


def test_accuracy_difference_is_that_of_the_per_item_scores() -> None:
    d = np.array([1] * 12 + [-1] * 5 + [0] * 83)
    got, se = paired.accuracy_difference(12, 5, 100)
    assert (got, se) == pytest.approx((d.mean(), d.std() / 10))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(FossmlError):
        paired.accuracy_difference(5, 6, 10)
    with pytest.raises(FossmlError):
        paired.mcnemar(-1, 2)


def test_29_pairs_find_a_meaningful_difference_and_seldom_one_that_is_not_there() -> None:
    """P(A > B) = 0.75 is overlooked in 5 % of cases one-sided at 5 %; the bootstrap interval is at 2.5 % a side."""
    draw = np.random.default_rng(8)
    shift = math.sqrt(2) * stats.norm.ppf(0.75)
    found = {0.0: 0, shift: 0}
    for effect in found:
        for _ in range(300):
            a, b = draw.standard_normal(29) + effect, draw.standard_normal(29)
            found[effect] += paired.superiority(a.tolist(), b.tolist(), draw, resamples=300).conclusion != "not shown"
    assert found[0.0] / 300 < 0.06
    assert found[shift] / 300 > 0.75
