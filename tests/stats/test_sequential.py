"""The sequential rule: what it accepts, what it answers, what must hold for any scores, and how often it errs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.stats.looks import Rule, chance_of_change
from fossml.stats.sequential import Decision, Target, best_of, decide
from fossml.types import Reading

_z = np.array([-1.2, -0.5, 0.1, 0.4, 1.2])
FIVE = [float(x) for x in 0.941 + 0.006 * (_z - _z.mean()) / _z.std(ddof=1)]
CLAIM = Target(0.953, 0.0005)
ONE, MEAN, EXACT = Reading("one"), Reading("mean"), Reading("exact")
READINGS = (ONE, MEAN, Reading("mean", 5), Reading("best", 10), Reading("best-epoch"), EXACT)
scores = st.lists(st.integers(0, 1000).map(lambda i: i / 1000), min_size=3, max_size=10).filter(lambda y: np.ptp(y) > 0)


def follow(y: Sequence[float], target: Target, reading: Reading, last: int = 10) -> tuple[Decision, int]:
    for k in range(1, min(last, len(y)) + 1):
        decision = decide(y[:k], target, reading, last=last)
        if decision.settled:
            break
    return decision, k


# What the rule answers


def test_five_seeds_against_one_run_are_consistent_and_settled_at_the_fifth() -> None:
    decision, runs = follow(FIVE, CLAIM, ONE)
    assert (decision.name, runs) == ("consistent", 5)
    assert (round(decision.estimate.low, 4), round(decision.estimate.high, 4)) == (0.9228, 0.9592)
    assert decision.reason == (
        "5 runs gave 0.941 ± 0.006; 0.953 as one run lies inside 0.916 to 0.966, where it is expected; "
        "further runs would hardly change it."
    )


@pytest.mark.parametrize("last", [5, 10])
def test_the_same_five_seeds_refute_it_as_a_mean(last: int) -> None:
    decision, runs = follow(FIVE, CLAIM, MEAN, last)
    assert decision.name == "not reproduced"
    assert runs <= 5
    assert decision.estimate.high < 0.9525


def test_it_is_what_the_best_of_about_25_seeds_gives() -> None:
    assert best_of(FIVE, 0.953) == 25
    assert decide(FIVE, CLAIM, Reading("best", 25)).name == "consistent"


@pytest.mark.parametrize("k", [0, 1, 2])
def test_before_the_third_run_nothing_is_settled(k: int) -> None:
    for reading in READINGS[:-1]:
        decision = decide(FIVE[:k], CLAIM, reading)
        assert (decision.name, decision.settled, decision.estimate.n) == ("inconclusive", False, k)


@pytest.mark.parametrize("value", [0.80, 1.08])
def test_what_lies_far_away_is_refuted_in_every_reading(value: float) -> None:
    for reading in READINGS:
        decision = decide(FIVE, Target(value, 0.0005), reading)
        assert (decision.name, decision.settled) == ("not reproduced", True), reading


def test_a_mean_within_a_stated_margin_is_reproduced() -> None:
    decision = decide(FIVE, Target(0.942, 0.0005, margin=0.02), MEAN)
    assert (decision.name, decision.settled, decision.margin) == ("reproduced", True, 0.02)


def test_the_margin_never_refutes_and_never_saves() -> None:
    for margin in (0.0, 0.005, 1.0):
        assert decide(FIVE, Target(0.953, 0.0005, margin=margin), MEAN).name == "not reproduced"


def test_margin_is_the_claims_then_its_spread_then_the_measured_one() -> None:
    assert decide(FIVE, Target(0.94, 0.0005, margin=0.01, spread=0.02, spread_kind="sd"), ONE).margin == 0.01
    assert decide(FIVE, Target(0.94, 0.0005, spread=0.02, spread_kind="sd"), ONE).margin == 0.02
    assert decide(FIVE, Target(0.94, 0.0005, spread=0.01, spread_kind="se"), Reading("mean", 4)).margin == 0.02
    assert decide(FIVE, Target(0.94, 0.0005, spread=0.01), ONE).margin == pytest.approx(0.006)


def test_one_run_is_reproduced_only_where_a_wide_margin_makes_it_equivalent() -> None:
    y = FIVE + FIVE
    assert decide(y, Target(0.941, 0.0005), ONE).name == "consistent"
    assert decide(y, Target(0.941, 0.0005, margin=0.05), ONE).name == "reproduced"


def test_a_mean_is_consistent_where_twice_the_margin_would_have_been_seen() -> None:
    mean5 = Reading("mean", 5)
    assert decide(FIVE, Target(0.945, 0.0005), mean5, last=5).name == "consistent"
    assert decide(FIVE, Target(0.945, 0.0005, margin=0.002), mean5, last=5).name == "inconclusive"
    assert decide(FIVE[:3], Target(0.94, 0.0005), MEAN, last=3).name == "inconclusive"


def test_the_last_look_always_settles() -> None:
    for reading in READINGS:
        assert decide(FIVE, CLAIM, reading, last=5).settled
        assert decide(FIVE, CLAIM, reading, last=2).settled


def test_a_stated_spread_widens_what_a_mean_may_be() -> None:
    assert decide(FIVE, CLAIM, Reading("mean", 10), last=5).name == "not reproduced"
    wide = Target(0.953, 0.0005, spread=0.05, spread_kind="sd", margin=0.03)
    assert decide(FIVE, wide, Reading("mean", 10), last=5).name == "consistent"


def test_kinds_of_spread_that_say_the_same_decide_the_same() -> None:
    t = 2.2621571628
    kinds = (("sd", 0.01 * math.sqrt(10)), ("se", 0.01), ("ci95", 0.01 * t))
    got = [decide(FIVE, Target(0.95, 0.0, spread=s, spread_kind=k), Reading("mean", 10)) for k, s in kinds]  # type: ignore[arg-type]
    assert {d.reason for d in got} == {got[0].reason}
    assert [d.margin for d in got] == pytest.approx([0.01 * math.sqrt(10)] * 3)


def test_the_best_epoch_on_test_never_holds_as_a_result() -> None:
    for y in (FIVE, [0.953] * 5):
        decision = decide(y, CLAIM, Reading("best-epoch"))
        assert (decision.name, decision.settled) == ("inconclusive", True)
        assert "chosen on the test data" in decision.reason
    assert decide(FIVE, Target(0.99, 0.0005), Reading("best-epoch")).name == "not reproduced"


def test_a_number_that_is_too_low_for_the_best_of_many_is_refuted() -> None:
    y = FIVE + FIVE
    assert decide(y, Target(0.942, 0.0005), Reading("best", 100)).name == "not reproduced"
    assert decide(y, Target(0.942, 0.0005), ONE).name == "consistent"


def test_the_best_may_be_the_smallest() -> None:
    y = [1 - x for x in FIVE]
    for comparison in ("=", "<="):
        assert decide(y, Target(0.047, 0.0005, comparison), Reading("best", 25)).name == "consistent"
        assert decide(y, Target(-0.1, 0.0005, comparison), Reading("best", 10)).name == "not reproduced"
    assert decide(y, Target(0.08, 0.0005, "<="), Reading("best", 10)).name == "better"


@pytest.mark.parametrize(("bound", "name"), [(0.90, "better"), (0.99, "not reproduced"), (0.941, "consistent")])
def test_at_least_is_one_sided(bound: float, name: str) -> None:
    assert decide(FIVE, Target(bound, 0.0005, ">="), MEAN).name == name
    mirrored = decide([-x for x in FIVE], Target(-bound, 0.0005, "<="), MEAN)
    assert mirrored.name == name


def test_at_a_single_look_a_bound_is_tested_at_five_per_cent_on_one_side() -> None:
    """mean - t(2, 0.95) s/sqrt(3), from a table of t: 2.920."""
    y = FIVE[:3]
    sd = float(np.std(y, ddof=1))
    edge = float(np.mean(y)) - 2.920 * sd / math.sqrt(3)
    shown = [decide(y, Target(edge + off * sd, 0.0, ">="), MEAN, last=3).name for off in (-0.01, 0.01)]
    assert shown[0] == "better"
    assert shown[1] != "better"


def test_at_least_is_shown_with_the_margin_that_the_claim_gives() -> None:
    assert decide(FIVE, Target(0.941, 0.0005, ">=", margin=0.02), MEAN).name == "reproduced"


def test_without_a_direction_nothing_is_better() -> None:
    assert decide(FIVE, Target(0.5, 0.0005), MEAN).name == "not reproduced"


def test_a_run_that_may_well_change_the_answer_is_asked_for() -> None:
    """Four runs, the claim just inside: the chance is about a third."""
    y = FIVE[:4]
    value = float(np.mean(y) + 2.6 * np.std(y, ddof=1))
    rule = Rule(Target(value, 0.0), ONE, 10)
    assert 0.1 < chance_of_change(float(np.mean(y)), float(np.std(y, ddof=1)), 4, rule) < 0.5
    assert not decide(y, rule.target, ONE).settled


# Scores that do not vary


@pytest.mark.parametrize("value", [0.9445, 0.9435, 0.944])
def test_exact_means_the_same_number_as_printed(value: float) -> None:
    assert decide([value], Target(0.944, 0.0005), EXACT).name == "numeric"


def test_exact_needs_every_run_to_fit() -> None:
    assert decide([0.944, 0.9446], Target(0.944, 0.0005), EXACT).name == "not reproduced"
    assert decide([0.944, 0.9446], Target(0.944, 0.0005, margin=0.001), EXACT).name == "reproduced"
    assert decide([0.1 + 0.2], Target(0.3, 0.0), EXACT).name == "numeric"


@pytest.mark.parametrize(("comparison", "name"), [("=", "not reproduced"), (">=", "better"), ("<=", "not reproduced")])
def test_exact_with_a_direction(comparison: str, name: str) -> None:
    assert decide([0.95], Target(0.944, 0.0005, comparison), EXACT).name == name  # type: ignore[arg-type]


def test_equal_scores_are_a_deterministic_result() -> None:
    for reading in (ONE, MEAN, Reading("best", 10)):
        assert decide([0.953] * 3, CLAIM, reading).name == "numeric"
        assert decide([0.5] * 5, CLAIM, reading).name == "not reproduced"


def test_three_equal_scores_may_be_chance_and_five_are_not() -> None:
    assert [decide([0.94] * k, CLAIM, ONE).settled for k in (3, 4, 5)] == [False, False, True]
    assert decide([0.94] * 3, CLAIM, ONE, last=3).settled


def test_equal_scores_against_a_claim_that_varies_count_as_one() -> None:
    varies = Target(0.953, 0.0005, spread=0.006, spread_kind="sd")
    decision = decide([0.945] * 3, varies, Reading("mean", 5))
    assert (decision.name, decision.settled) == ("inconclusive", True)
    assert "does not vary here" in decision.reason
    assert decide([0.5] * 5, varies, Reading("mean", 5)).name == "not reproduced"


# What it accepts


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_run_without_a_number_leaves_the_claim_open(bad: float) -> None:
    for reading in READINGS:
        decision = decide([*FIVE, bad], CLAIM, reading)
        assert (decision.name, decision.settled, decision.estimate.n) == ("inconclusive", True, 5)
        assert decision.reason.startswith("Run 6 of 6 gave")


@pytest.mark.parametrize(
    ("target", "reading"),
    [
        (Target(math.nan, 0.0), ONE),
        (Target(0.9, -1.0), ONE),
        (Target(0.9, 0.0, margin=math.nan), ONE),
        (Target(0.9, 0.0, spread=-1.0, spread_kind="sd"), ONE),
        (Target(0.9, 0.0), Reading("mean", 0)),
        (Target(0.9, 0.0), Reading("best")),
    ],
)
def test_claims_that_cannot_be_judged_are_refused(target: Target, reading: Reading) -> None:
    with pytest.raises(FossmlError):
        decide(FIVE, target, reading)


def test_more_than_a_hundred_runs_are_refused() -> None:
    with pytest.raises(FossmlError, match="100"):
        decide(FIVE, CLAIM, ONE, last=101)


# What holds for any scores


@given(scores, st.integers(0, 1000), st.sampled_from(READINGS), st.sampled_from(["=", ">=", "<="]))
def test_any_scores_get_an_answer_with_a_sentence(y: list[float], value: int, reading: Reading, way: str) -> None:
    decision = decide(y, Target(value / 1000, 0.0005, way), reading)  # type: ignore[arg-type]
    assert decision == decide(y, Target(value / 1000, 0.0005, way), reading)  # type: ignore[arg-type]
    assert decision.reason.endswith(".")
    assert decision.estimate.low <= decision.estimate.value <= decision.estimate.high
    assert decision.settled or decision.name in ("consistent", "inconclusive", "not reproduced")


@given(scores, st.integers(0, 1000), st.sampled_from(READINGS), st.integers(-5, 5), st.sampled_from([0.25, 1.0, 8.0]))
def test_unit_and_origin_do_not_matter(y: list[float], value: int, reading: Reading, shift: int, unit: float) -> None:
    target = Target(value / 1000 + 0.0003, 0.0001)
    moved = Target(unit * target.value + shift, unit * target.slack)
    a, b = decide(y, target, reading), decide([unit * x + shift for x in y], moved, reading)
    assert (a.name, a.settled) == (b.name, b.settled)


@given(scores, st.integers(0, 1000), st.sampled_from(READINGS))
def test_mirrored_scores_mirror_the_direction(y: list[float], value: int, reading: Reading) -> None:
    a = decide(y, Target(value / 1000, 0.0005, ">="), reading)
    b = decide([-x for x in y], Target(-value / 1000, 0.0005, "<="), reading)
    assert (a.name, a.settled) == (b.name, b.settled)


@given(scores, st.permutations(range(10)), st.integers(0, 1000), st.sampled_from(READINGS))
def test_at_one_look_the_order_of_runs_does_not_matter(
    y: list[float], order: list[int], value: int, reading: Reading
) -> None:
    shuffled = [y[i] for i in order if i < len(y)]
    target = Target(value / 1000 + 0.0003, 0.0001)
    assert decide(shuffled, target, reading, last=len(y)).name == decide(y, target, reading, last=len(y)).name


@given(scores, st.integers(0, 500), st.integers(0, 500), st.sampled_from(READINGS[:3]))
def test_what_lies_further_off_is_refuted_too(y: list[float], near: int, more: int, reading: Reading) -> None:
    mean = float(np.mean(y))
    if decide(y, Target(mean + near / 1000, 0.0), reading).name == "not reproduced":
        assert decide(y, Target(mean + (near + more) / 1000, 0.0), reading).name == "not reproduced"


@given(scores, st.integers(0, 1000), st.sampled_from(READINGS[:3]), st.floats(0, 1))
def test_a_wider_margin_never_undoes_an_equivalence(y: list[float], value: int, reading: Reading, extra: float) -> None:
    names = [decide(y, Target(value / 1000, 0.0, margin=m), reading).name for m in (2.0, 2.0 + extra)]
    assert names[0] != "reproduced" or names[1] == "reproduced"


# A number whose good side is known


def test_a_number_with_a_good_side_is_refuted_to_one_side_alone() -> None:
    for side, sign in (("more", 1), ("less", -1)):
        y = [sign * x for x in FIVE]
        names = [
            decide(y, Target(sign * value, 0.0005, good=side), MEAN).name  # type: ignore[arg-type]
            for value in (0.953, 0.929)
        ]
        assert names == ["not reproduced", "better"]
    assert decide(FIVE, Target(0.929, 0.0005), MEAN).name == "not reproduced"


@given(scores, st.integers(0, 1000), st.sampled_from(READINGS))
def test_mirrored_scores_mirror_the_good_side(y: list[float], value: int, reading: Reading) -> None:
    a = decide(y, Target(value / 1000, 0.0005, good="more"), reading)
    b = decide([-x for x in y], Target(-value / 1000, 0.0005, good="less"), reading)
    assert (a.name, a.settled) == (b.name, b.settled)


# How often it errs, and what it finds


def refuted(sets: int, claims: np.ndarray, reading: Reading, comparison: str = "=") -> float:
    y = np.random.default_rng(21).standard_normal((sets, 10))
    target = [Target(float(c), 0.0, comparison) for c in claims]  # type: ignore[arg-type]
    return float(np.mean([follow(y[i].tolist(), target[i], reading)[0].name == "not reproduced" for i in range(sets)]))


@pytest.mark.parametrize(("reading", "n"), [(ONE, 1), (Reading("mean", 5), 5), (MEAN, 10**9)])
def test_true_claims_are_refuted_in_five_of_a_hundred_at_most(reading: Reading, n: int) -> None:
    claims = np.random.default_rng(22).standard_normal(250) / math.sqrt(n)
    assert refuted(250, claims, reading) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 250)


def test_a_true_best_of_ten_is_refuted_in_five_of_a_hundred_at_most() -> None:
    claims = np.random.default_rng(23).standard_normal((250, 10)).max(axis=1)
    assert refuted(250, claims, Reading("best", 10)) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 250)


def test_a_bound_that_is_met_exactly_is_refuted_in_five_of_a_hundred_at_most() -> None:
    assert refuted(250, np.zeros(250), MEAN, ">=") < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 250)


@pytest.mark.parametrize(("reading", "least"), [(MEAN, 0.75), (Reading("mean", 5), 0.45), (ONE, 0.06)])
def test_the_best_of_ten_stated_as_something_else_is_found(reading: Reading, least: float) -> None:
    claims = np.random.default_rng(24).standard_normal((200, 10)).max(axis=1)
    assert refuted(200, claims, reading) > least


def test_equivalence_is_seldom_shown_for_a_difference_of_the_margin() -> None:
    y = np.random.default_rng(25).standard_normal((200, 10))
    shown = [follow(row.tolist(), Target(1.0, 0.0, margin=1.0), MEAN)[0].name == "reproduced" for row in y]
    assert np.mean(shown) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
