"""Texts and logs line by line: times, durations and paths aside, numbers as printed."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import IO, Any

from fossml.compare import words
from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally, shown
from fossml.compare.numbers import Printed, close, equal
from fossml.compare.numbers import apart as distance

_LONGEST = 2**20
_ALIGNED = 4000
_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]*\w)")


def compare_text(left: IO[bytes], right: IO[bytes], budget: Budget, form: str = "text") -> Comparison:
    """Compare two texts in UTF-8 (UTF-16 with its mark); lines are matched where some were added or removed."""
    tally = Tally.of_form(form)
    a, b = _lines(left, tally, budget), _lines(right, tally, budget)
    number = 1
    while True:
        some, others = list(islice(a, _ALIGNED)), list(islice(b, _ALIGNED))
        if not some and not others:
            return tally.result()
        _block(some, others, number, tally)
        number += len(some)


def _block(a: list[str], b: list[str], number: int, tally: Tally) -> None:
    tally.of += max(len(a), len(b))
    if len(a) == len(b):
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            _line(f"line {number + place}", x, y, tally)
        return
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=True)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        for place, (x, y) in enumerate(zip_longest(a[i1:i2], b[j1:j2])):
            where = f"line {number + i1 + place}"
            if x is None or y is None:
                tally.differ(Part(where, None if x is None else shown(x), None if y is None else shown(y)))
            else:
                _line(where, x, y, tally)


def _line(where: str, a: str, b: str, tally: Tally) -> None:
    if a == b:
        return
    if a.rstrip() == b.rstrip():
        tally.note("blanks at the ends of lines")
        return
    if (notes := words.alike(a, b)) is not None:
        tally.note(*notes)
        return
    x, y = _NUMBER.findall(a), _NUMBER.findall(b)
    pairs = [(Printed(m), Printed(n)) for m, n in zip(x, y, strict=False)]
    if not (len(x) == len(y) and words.alike(_NUMBER.sub("#", a), _NUMBER.sub("#", b)) is not None):
        tally.differ(Part(where, shown(a.strip()), shown(b.strip())))
        return
    apart = [(m, n) for m, n in pairs if not equal(m, n)]
    if not apart:
        tally.note("how numbers are written")
        return
    widest = max((distance(m, n) for m, n in apart), key=lambda one: one.relative)
    tally.differ(Part(where, shown(a.strip()), shown(b.strip()), widest), close=all(close(m, n) for m, n in apart))


def _lines(stream: IO[bytes], tally: Tally, budget: Budget) -> Iterator[str]:
    """The lines without their ends; CannotCompareError for what is no text."""
    stream.seek(0)
    head = stream.read(3)
    stream.seek(0)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    reader = io.TextIOWrapper(io.BufferedReader(_Kept(stream)), encoding=encoding, newline="")
    try:
        while line := reader.readline(_LONGEST):
            budget.step()
            if line.endswith("\r\n"):
                tally.note("line ends")
            yield line.rstrip("\r\n")
    except UnicodeError as error:
        raise CannotCompareError(f"not a text: {error}") from error
    finally:
        reader.detach()


class _Kept(io.RawIOBase):
    """A stream that is read and not closed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As much as there is."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def text_lines(stream: IO[bytes], budget: Budget) -> Iterator[str]:
    """The lines of a text, with their ends as `\\n`."""
    return (line + "\n" for line in _lines(stream, Tally.of_form("text"), budget))
