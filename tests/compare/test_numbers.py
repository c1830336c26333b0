from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.compare.numbers import Printed, close, equal, number, spread, ulps

FLOATS: dict[str, Any] = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 20))
def test_ulps_count_the_floats_between(value: float, steps: int) -> None:
    moved = value
    for _ in range(steps):
        moved = math.nextafter(moved, math.inf)
    if math.isfinite(moved):
        assert ulps(value, moved) == ulps(moved, value) == steps


@pytest.mark.parametrize("name", FLOATS)
@given(value=st.floats(-100, 100, width=16), steps=st.integers(1, 30))
def test_an_element_moved_by_so_many_ulps_is_told_so(name: str, value: float, steps: int) -> None:
    kind = FLOATS[name]
    moved = kind(value)
    for _ in range(steps):
        moved = np.nextafter(moved, kind("inf"))
    found = spread(np.array([1, value, 2], kind), np.array([1, moved, 2], kind), name, 5)
    assert (found.count, found.gap and found.gap.ulps) == (1, steps)
    assert found.first[0][0] == 1


def test_bfloat16_is_counted_in_its_own_ulps() -> None:
    one = np.array([0x3F80, 0x3F80], np.uint16)
    found = spread(one, np.array([0x3F80, 0x3F83], np.uint16), "bfloat16", 5)
    assert (found.count, found.gap and found.gap.ulps, found.first[0][1]) == (1, 3, "1.0")


def test_nan_is_nan_and_zero_has_one_place() -> None:
    found = spread(np.array([np.nan, 0.0]), np.array([-np.nan, -0.0]), "float64", 5)
    assert (found.count, found.ties) == (0, 2)


def test_a_number_beside_none_is_infinitely_far_and_not_close() -> None:
    found = spread(np.array([1.0]), np.array([np.nan]), "float64", 5)
    assert found.count == 1
    assert not found.close
    assert found.gap is not None
    assert found.gap.absolute == math.inf
    assert found.gap.ulps is None


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("0.95", "0.951", True),
        ("0.95", "0.96", False),
        ("0.951", "0.952", False),
        ("0.951", "0.9514", True),
        ("0.30000000000000004", "0.3", True),
        ("0.95123456789012345", "0.95123456789012312", True),
        ("0.95123456789012", "0.95123456789013", False),
        ("1", "2", False),
        ("1e-3", "0.0010", True),
        ("1000.5", "1000", False),
        ("nan", "1.0", False),
    ],
)
def test_close_are_numbers_alike_in_the_digits_that_are_printed(left: str, right: str, near: bool) -> None:
    x, y = Printed(left), Printed(right)
    assert (close(x, y) or equal(x, y)) is near
    assert (close(y, x) or equal(y, x)) is near


def test_whole_numbers_of_any_size_are_equal_only_when_they_are() -> None:
    assert not equal(Printed("9007199254740993"), Printed("9007199254740992"))
    assert equal(Printed("007"), Printed("7"))


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "0x10", "12 apples", "--1"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text) is None
