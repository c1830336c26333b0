"""One look: where exactly each test turns, against the formulas written out with SciPy's t."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fossml.stats.levels import level
from fossml.stats.looks import WIDER, Rule, chance_of_change, look
from fossml.stats.target import Target
from fossml.types import Reading

K, LAST, SD = 6, 10, 2.0
READINGS = [(Reading("one"), 1.0), (Reading("mean", 5), 5.0), (Reading("mean"), math.inf)]


def refuted(value: float, reading: Reading, **claim: float | str) -> bool:
    target = Target(value, **{"slack": 0.0, **claim})  # type: ignore[arg-type]
    return bool(look(0.0, SD, K, Rule(target, reading, LAST)).refuted)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("reading", "n"), READINGS)
def test_refuted_from_the_t_interval_and_the_slack_on(reading: Reading, n: float, side: int) -> None:
    edge = stats.t.ppf(1 - level(K, LAST, n) / 2, K - 1) * SD * math.sqrt(1 / K + 1 / n) + 0.25
    assert refuted(side * (edge + 1e-6), reading, slack=0.25)
    assert not refuted(side * (edge - 1e-6), reading, slack=0.25)


def test_a_stated_spread_is_welchs_test_at_the_level_of_a_known_mean() -> None:
    own, other = SD**2 / K, 9.0 / 4
    df = (own + other) ** 2 / (own**2 / (K - 1) + other**2 / 3)
    edge = stats.t.ppf(1 - level(K, LAST, math.inf) / 2, df) * math.sqrt(own + other)
    assert refuted(edge + 1e-6, Reading("mean", 4), spread=3.0, spread_kind="sd")
    assert not refuted(edge - 1e-6, Reading("mean", 4), spread=3.0, spread_kind="sd")


@pytest.mark.parametrize(("comparison", "bad"), [(">=", 1), ("<=", -1)])
@pytest.mark.parametrize(("reading", "n"), READINGS)
def test_a_direction_makes_each_end_one_sided(reading: Reading, n: float, comparison: str, bad: int) -> None:
    edge = stats.t.ppf(1 - level(K, LAST, n), K - 1) * SD * math.sqrt(1 / K + 1 / n) + 0.25
    for beyond, expected in ((1e-6, True), (-1e-6, False)):
        rules = [Rule(Target(side * (edge + beyond), 0.25, comparison), reading, LAST) for side in (bad, -bad)]  # type: ignore[arg-type]
        assert look(0.0, SD, K, rules[0]).refuted == expected
        assert look(0.0, SD, K, rules[1]).better == expected


@pytest.mark.parametrize(("reading", "n"), READINGS)
def test_equivalence_is_two_one_sided_tests_within_margin_and_slack(reading: Reading, n: float) -> None:
    half = WIDER * stats.t.ppf(1 - level(K, LAST, n), K - 1) * SD * math.sqrt(1 / K + 1 / n)
    for beyond, expected in ((1e-6, True), (-1e-6, False)):
        rule = Rule(Target(1.0, 0.25, margin=half + 1.0 - 0.25 + beyond), reading, LAST)
        assert look(0.0, SD, K, rule).shown == expected


@given(st.floats(-3, 3), st.floats(0.1, 3))
def test_many_sets_at_once_are_looked_at_as_each_alone(mean: float, sd: float) -> None:
    for reading in (*(r for r, _ in READINGS), Reading("best", 7)):
        rule = Rule(Target(1.5, 0.1, margin=2.0), reading, LAST)
        together, alone = look(np.array([mean, 0.0]), np.array([sd, 1.0]), K, rule), look(mean, sd, K, rule)
        assert (together.refuted[0], together.shown[0]) == (alone.refuted, alone.shown)


def test_chance_of_change_is_that_of_continuations_drawn_whole() -> None:
    """The same prediction, written apart: complete sets of runs, their moments computed afresh."""
    y, rule = np.array([-1.0, 0.1, 0.4, 0.5]), Rule(Target(2.1, 0.0), Reading("one"), 8)
    rng, changed = np.random.default_rng(1), 0
    for _ in range(1500):
        sigma = y.std(ddof=1) * math.sqrt(3 / rng.chisquare(3))
        run = np.append(y, rng.normal(rng.normal(y.mean(), sigma / 2), sigma, 4))
        changed += any(look(run[:k].mean(), run[:k].std(ddof=1), k, rule).refuted for k in range(5, 9))
    got = chance_of_change(float(y.mean()), float(y.std(ddof=1)), 4, rule)
    assert 0.05 < got < 0.95
    assert got == pytest.approx(changed / 1500, abs=4 * math.sqrt(0.25 / 600))


def test_nothing_changes_after_the_last_look() -> None:
    assert chance_of_change(0.0, 1.0, 10, Rule(Target(2.0, 0.0), Reading("one"), 10)) == 0.0
