"""Reproducibility figures against published and hand-computed values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.stats.precision import c4, cv_star, precision


@pytest.mark.parametrize(
    ("n", "expected"), [(2, 0.797885), (3, 0.886227), (5, 0.939986), (10, 0.972659), (25, 0.989640)]
)
def test_c4_is_the_constant_of_control_charts(n: int, expected: float) -> None:
    assert c4(n) == pytest.approx(expected, abs=1e-6)


def test_cv_star_is_computed_by_hand() -> None:
    """Mean 2, s 1, three scores: (1 + 1/12) / 0.886227 / 2."""
    assert cv_star([1, 2, 3]) == pytest.approx(100 * (13 / 12) / 0.886227 / 2, rel=1e-6)
    assert cv_star([-1, -2, -3]) == cv_star([1, 2, 3])


def test_cv_star_of_equal_scores_is_zero_and_of_a_zero_mean_is_refused() -> None:
    assert cv_star([0.9, 0.9]) == 0
    with pytest.raises(FossmlError, match="zero"):
        cv_star([-1, 1])


@given(st.lists(st.floats(1, 100), min_size=2, max_size=9), st.floats(0.1, 10))
def test_cv_star_does_not_depend_on_the_unit(y: list[float], unit: float) -> None:
    assert cv_star([unit * x for x in y]) == pytest.approx(cv_star(y), abs=1e-9)


def test_cv_star_is_right_on_average() -> None:
    draws = np.random.default_rng(2).normal(100, 5, size=(3000, 4))
    assert np.mean([cv_star(y) for y in draws.tolist()]) == pytest.approx(5 * (1 + 1 / 16), rel=0.03)


def test_precision_of_environments_is_computed_by_hand() -> None:
    """Variances 2 and 8 within; means 11 and 22: 60.5 between, plus half of 5."""
    got = precision([[10, 12], [20, 24]])
    assert got.repeatability == pytest.approx(math.sqrt(5))
    assert got.reproducibility == pytest.approx(math.sqrt(60.5 + 2.5))


def test_reproducibility_is_never_the_smaller() -> None:
    assert precision([[1, 3], [1, 3]]).reproducibility == precision([[1, 3], [1, 3]]).repeatability


def test_precision_finds_both_spreads() -> None:
    rng = np.random.default_rng(3)
    got = precision((rng.normal(0, 3, size=(400, 1)) + rng.normal(0, 1, size=(400, 4))).tolist())
    assert got.repeatability == pytest.approx(1, rel=0.1)
    assert got.reproducibility == pytest.approx(math.sqrt(10), rel=0.1)


def test_ragged_or_single_environments_are_refused() -> None:
    with pytest.raises(FossmlError):
        precision([[1, 2]])
    with pytest.raises(FossmlError):
        precision([[1, 2], [1, 2, 3]])
