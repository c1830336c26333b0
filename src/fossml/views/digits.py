"""Numbers as papers print them: what the last digit means, and how many digits to show."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?([1-9]\d{0,2}(,\d{3})+(\.\d*)?|\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MOST = 12
"""Decimals beyond which nothing is shown: below that a double has only noise."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number: its `value` (a percentage divided by 100), and half a unit of its last digit as `slack`."""

    value: float
    slack: float
    decimals: int
    percent: bool


def printed(text: str) -> Printed:
    """Read `0.953`, `95.3 %`, `1,234.5`, `1.5e-3`. Raises ValueError for anything else, infinities and NaN included."""
    bare = text.strip().replace("\N{MINUS SIGN}", "-")
    percent = is_percent(bare)
    bare = bare.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(bare):
        raise ValueError(f"not a number: {text!r}")
    number = Decimal(bare.replace(",", ""))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # a str only for NaN and infinities, which the pattern excludes
    scale = Decimal(100 if percent else 1)
    slack = Decimal(5).scaleb(exponent - 1)
    return Printed(float(number / scale), float(slack / scale), max(0, -exponent), percent)


def is_percent(text: str) -> bool:
    """Whether a number is printed in per cent; what is said of it then is, too."""
    return text.rstrip().endswith("%")


def figure(value: float, percent: bool, digits: int = 6) -> str:
    """`value` to so many significant digits, in per cent where the claim is that it is about."""
    if not math.isfinite(value):
        return str(value)
    return f"{100 * value:.{digits}g} %" if percent else f"{value:.{digits}g}"


def first_digit(value: float) -> int:
    """Decimals needed to show the first digit of `value` that is not zero; 0 for 1 and more, and for zero itself."""
    if value == 0 or not math.isfinite(value):
        return 0
    return min(_MOST, max(0, -math.floor(math.log10(abs(value)))))


def fixed(value: float, decimals: int) -> str:
    """`value` with so many decimals; never a negative zero."""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def two_digits(value: float) -> str:
    """`value` to two significant digits, a trailing zero behind the point left out."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
