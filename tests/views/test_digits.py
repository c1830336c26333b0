from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.views.digits import Printed, first_digit, fixed, printed, two_digits


@pytest.mark.parametrize(
    ("text", "value", "slack", "decimals", "percent"),
    [
        ("0.953", 0.953, 0.0005, 3, False),
        ("95.3%", 0.953, 0.0005, 1, True),
        ("95.3 %", 0.953, 0.0005, 1, True),
        ("98", 98.0, 0.5, 0, False),
        ("0.90", 0.9, 0.005, 2, False),
        (".5", 0.5, 0.05, 1, False),
        ("1,234.5", 1234.5, 0.05, 1, False),
        ("1.5e-3", 0.0015, 0.00005, 4, False),
        ("-2.50", -2.5, 0.005, 2, False),
        ("\N{MINUS SIGN}2.5", -2.5, 0.05, 1, False),
    ],
)
def test_the_last_digit_says_how_precisely_a_number_is_printed(
    text: str, value: float, slack: float, decimals: int, percent: bool
) -> None:
    number = printed(text)
    assert number == Printed(value, number.slack, decimals, percent)
    assert number.slack == pytest.approx(slack)


@pytest.mark.parametrize("text", ["", "abc", "0,953", "nan", "inf", "1.2.3", "0.9 0.8", "%", "1_000"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        printed(text)


@given(st.decimals(-1000, 1000, places=4, allow_nan=False))
def test_every_decimal_is_read_as_it_stands(number: Decimal) -> None:
    assert printed(str(number)).value == float(number)


def test_a_number_is_never_a_negative_zero() -> None:
    assert fixed(-0.0001, 2) == "0.00"
    assert fixed(-0.01, 2) == "-0.01"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00634, "0.0063"), (0.0060, "0.006"), (12.34, "12"), (1.25, "1.2"), (0.0996, "0.1"), (0.0, "0"), (340.0, "340")],
)
def test_a_spread_has_two_digits(value: float, text: str) -> None:
    assert two_digits(value) == text


@pytest.mark.parametrize(("value", "decimals"), [(0.006, 3), (0.5, 1), (3.0, 0), (0.0, 0), (math.inf, 0), (1e-20, 12)])
def test_the_first_digit_decides_how_many_decimals_show_something(value: float, decimals: int) -> None:
    assert first_digit(value) == decimals
