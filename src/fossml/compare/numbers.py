"""Numbers side by side: how far apart, and whether their digits tell them apart."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fossml.compare.model import Gap

DIGITS = {"float64": 15, "float32": 6, "float16": 3, "bfloat16": 2}
"""Decimal digits that a type carries faithfully (DBL_DIG, FLT_DIG): numbers that print alike with them are close."""

NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as a file has it: its text counts for how precisely it is printed."""

    text: str

    @property
    def value(self) -> float:
        """The number; infinite for one that is too large."""
        return float(self.text)

    @property
    def integral(self) -> bool:
        """Whether it is written as a whole number."""
        return self.text.lstrip("+-").isdigit()


def number(text: str) -> Printed | None:
    """`text` as a number, None where it is none."""
    stripped = text.strip()
    return Printed(stripped) if stripped and NUMBER.fullmatch(stripped) else None


def ulps(left: float, right: float) -> int | None:
    """How many floats of 64 bits lie between two numbers; None where one of them is not finite."""
    if not (math.isfinite(left) and math.isfinite(right)):
        return None
    return abs(_ordered64(left) - _ordered64(right))


def _ordered64(value: float) -> int:
    bits = int(np.float64(value).view(np.int64))
    return bits if bits >= 0 else -(2**63) - bits


def gap(left: float, right: float) -> Gap:
    """How far apart two numbers are."""
    absolute = abs(left - right)
    if math.isnan(absolute):
        return Gap(math.inf, math.inf)
    largest = max(abs(left), abs(right))
    return Gap(
        absolute, absolute / largest if 0 < largest < math.inf else math.inf if absolute else 0.0, ulps(left, right)
    )


def apart(left: Printed, right: Printed) -> Gap:
    """How far apart two printed numbers are; whole ones have no ULPs."""
    found = gap(left.value, right.value)
    return Gap(found.absolute, found.relative) if left.integral and right.integral else found


def equal(left: Printed, right: Printed) -> bool:
    """Whether both texts are the same number; whole numbers of any size exactly, and no number for no number."""
    if left.integral and right.integral:
        return _integer(left) == _integer(right)
    return left.value == right.value or (math.isnan(left.value) and math.isnan(right.value))


def _integer(one: Printed) -> str:
    digits = one.text.lstrip("+-").lstrip("0") or "0"
    return f"-{digits}" if one.text.startswith("-") and digits != "0" else digits


def close(left: Printed, right: Printed) -> bool:
    """Whether both agree in the digits that the less precise one is printed with (15 significant ones at most).

    Two whole numbers never do: they are counts.
    """
    if left.integral and right.integral:
        return False
    a, b = left.value, right.value
    if not (math.isfinite(a) and math.isfinite(b)):
        return False
    unit = max(_unit(left), _unit(right))
    return abs(a - b) <= unit / 2 * (1 + 1e-9)


def _unit(one: Printed) -> float:
    """What one more in the last printed digit is worth, or in the 15th significant one."""
    value = abs(one.value)
    carried = 10.0 ** (math.floor(math.log10(value)) - 14) if value else 0.0
    if one.integral:
        return carried
    mantissa, _, exponent = one.text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2].replace("_", ""))
    printed = 10.0 ** (max(-320, min(308, int(exponent or 0) - decimals)))
    return max(carried, printed)


@dataclass(slots=True)
class Spread:
    """Elements of two arrays that differ: how many, by how much, where the first few are, whether all are close."""

    count: int = 0
    gap: Gap | None = None
    first: Sequence[tuple[int, str, str, Gap | None]] = ()
    close: bool = True
    ties: int = 0


def spread(left: Array, right: Array, kind: str, most: int) -> Spread:
    """Compare two flat arrays of the same type, named `kind` (bfloat16 comes as uint16).

    NaN equals NaN and 0.0 equals -0.0 (both counted in `ties` where their bits differ). `first` are at most `most`
    places: index, both values, how far apart.
    """
    bits = _bits(left)
    differs = np.flatnonzero(left.view(bits) != right.view(bits)) if bits else _unequal(left, right)
    if not len(differs):
        return Spread()
    a, b = left[differs], right[differs]
    if kind in DIGITS:
        return _floats(differs, a, b, kind, most)
    if a.dtype.kind == "c":
        return _complex(differs, a, b, most)
    first = [(int(i), str(x), str(y), _whole(x, y)) for i, x, y in zip(differs[:most], a[:most], b[:most], strict=True)]
    return Spread(len(differs), _whole_gap(a, b), first, close=False)


def _bits(array: Array) -> str | None:
    """The type of whole numbers with the same bits, None for text and bytes."""
    return f"u{array.dtype.itemsize}" if array.dtype.kind in "biuf" and array.dtype.itemsize in (1, 2, 4, 8) else None


def _unequal(left: Array, right: Array) -> npt.NDArray[np.intp]:
    if left.dtype.kind in "fc":
        width = left.dtype.itemsize
        raw = left.view(np.uint8).reshape(-1, width) != right.view(np.uint8).reshape(-1, width)
        return np.flatnonzero(raw.any(axis=1))
    return np.flatnonzero(left != right)


def _floats(places: Array, a: Array, b: Array, kind: str, most: int) -> Spread:
    x, y = widen(a, kind), widen(b, kind)
    with np.errstate(all="ignore"):
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        places, a, b, x, y = places[~same], a[~same], b[~same], x[~same], y[~same]
        if not len(places):
            return Spread(ties=int(same.sum()))
        apart = np.abs(x - y)
        largest = np.maximum(np.abs(x), np.abs(y))
        relative = np.where(largest > 0, apart / largest, 0.0)
        finite = np.isfinite(x) & np.isfinite(y)
        apart, relative = np.where(finite, apart, np.inf), np.where(finite, relative, np.inf)
        unit = 10.0 ** (np.floor(np.log10(np.where(finite & (largest > 0), largest, 1.0))) - (DIGITS[kind] - 1))
        close = bool(np.all(finite & (apart <= unit / 2 * (1 + 1e-9))))
    steps = _steps(a, b)
    counted = [int(step) if fine else None for step, fine in zip(steps[:most], finite[:most], strict=True)]
    first = [
        (int(places[i]), repr(float(x[i])), repr(float(y[i])), Gap(float(apart[i]), float(relative[i]), counted[i]))
        for i in range(min(most, len(places)))
    ]
    most_steps = max((int(step) for step in steps[finite]), default=None)
    widest = Gap(float(apart.max()), float(relative.max()), most_steps)
    return Spread(len(places), widest, first, close, int(same.sum()))


def widen(values: Array, kind: str) -> Array:
    """As 64-bit floats; bfloat16 is the upper half of a 32-bit one."""
    if kind == "bfloat16":
        return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return values.astype(np.float64)


def _steps(a: Array, b: Array) -> Array:
    """ULPs between the elements: floats of a type, read as whole numbers, are in order once the sign is minded."""
    x, y = _ordered(a), _ordered(b)
    return np.where(x > y, x - y, y - x).astype(np.uint64)


def _ordered(values: Array) -> Array:
    """Unsigned whole numbers in the order of the floats: both zeros at the same place."""
    width = values.dtype.itemsize
    bits = values.view(f"u{width}").astype(np.uint64)
    top = np.uint64(1 << (8 * width - 1))
    return np.where(bits & top, top - (bits & (top - np.uint64(1))), bits + top)


def _complex(places: Array, a: Array, b: Array, most: int) -> Spread:
    parts = f"f{a.dtype.itemsize // 2}"
    kind = {"f4": "float32", "f8": "float64"}.get(parts)
    if kind is None:
        return Spread(len(places), None, [], close=False)
    inner = spread(a.view(parts), b.view(parts), kind, 2 * most)
    moved = dict.fromkeys(i // 2 for i, *_ in inner.first)
    first = [(int(places[i]), str(a[i]), str(b[i]), gap(abs(complex(a[i])), abs(complex(b[i])))) for i in moved]
    return Spread(len(places) if inner.count else 0, inner.gap, first[:most], inner.close, inner.ties)


def _whole(x: Any, y: Any) -> Gap | None:
    if isinstance(x, np.integer | np.bool_) and isinstance(y, np.integer | np.bool_):
        apart = abs(int(x) - int(y))
        return Gap(float(apart), apart / max(abs(int(x)), abs(int(y)), 1))
    return None


def _whole_gap(a: Array, b: Array) -> Gap | None:
    if a.dtype.kind not in "biu":
        return None
    x, y = a.astype(np.float64), b.astype(np.float64)
    apart = np.abs(x - y)
    return Gap(float(apart.max()), float((apart / np.maximum(np.maximum(np.abs(x), np.abs(y)), 1)).max()))
