"""Rows that stand in the training data and in the test data too."""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from fossml.verify.controls import rows
from fossml.verify.controls.tables import UNREADABLE, suffix
from fossml.verify.past.model import number

Part: TypeAlias = Literal["train", "test"]
_TEST = re.compile(
    r"(^|[/_.\-])(test|tst|val|valid|validation|eval|evaluation|holdout|heldout|dev)(?=$|[/_.\-\d])", re.I
)
_TRAIN = re.compile(r"(^|[/_.\-])(train|training|trn|fit)(?=$|[/_.\-\d])", re.I)
_FEW = 3
"""Rows of so few cells come out alike by chance."""
_MOST = 2**28
_FINE = 0.3
"""A column of which so many rows have a value of their own may tell rows apart."""
_ROOM = 10
"""It tells numbers apart where so many times more numbers than rows would fit between its ends."""
_LONG = 20
"""A text of so many characters is not written twice by chance."""
_ROUNDED = 9000
"""So many numbers of four digits there are in a decade."""
_DECIMAL = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of `total` rows of `test`, `same` stand in `train` as well; `within` of those of `train` occur there twice.

    `near`: only after numbers were rounded. `fine`: rows of this kind do not come out alike by chance. So many
    columns were left out because they name rows as `named` says.
    """

    train: str
    test: str
    same: int
    total: int
    within: float
    near: bool = False
    fine: bool = False
    named: int = 0

    @property
    def share(self) -> float:
        """The share of the test rows that stand in the training data."""
        return self.same / self.total if self.total else 0.0

    @property
    def telling(self) -> bool:
        """Whether more rows are the same than rows of this kind are among themselves, by chance."""
        alike = 0.005 if self.fine else 2 * self.within
        return self.same > 0 and self.share > alike + 0.005


def part_of(path: str) -> Part | None:
    """Whether a path names training or test data; the part nearest to its end counts."""
    found = [(match.start(), "test") for match in _TEST.finditer(path)]
    found += [(match.start(), "train") for match in _TRAIN.finditer(path)]
    return max(found)[1] if found else None  # type: ignore[return-value]


def overlaps(folder: Path, files: Iterable[str]) -> tuple[Overlap, ...]:
    """Each test file below `folder` beside each training file of the same kind; all that could be read."""
    parts: dict[Part, dict[str, list[tuple[str, ...]]]] = {"train": {}, "test": {}}
    names = sorted(set(files))
    for path in names:
        if (part := part_of(path)) and rows.can_hold_rows(path) and (found := _rows(folder / path)):
            parts[part][path] = found
    pairs = [
        compare(one, parts["train"][one], other, parts["test"][other])
        for one in parts["train"]
        for other in parts["test"]
        if suffix(one) == suffix(other) and len(parts["train"][one][0]) == len(parts["test"][other][0])
    ]
    return (*pairs, *_of_files(folder, names))


def compare(train: str, first: Sequence[tuple[str, ...]], test: str, second: Sequence[tuple[str, ...]]) -> Overlap:
    """Rows as they stand, without columns that number them; without those that name them; after rounding too."""
    found = []
    for kept, named in _ways(first, second):
        one, other = [_pick(row, kept) for row in first], [_pick(row, kept) for row in second]
        fine = _is_fine(one) and _is_fine(other)
        if len(kept) < _FEW and not fine:
            continue
        found.append(_count(train, one, test, other, fine=fine, named=named))
        both = [_rounded(row) for row in one], [_rounded(row) for row in other]
        fine = all(_is_fine(part, _ROUNDED) for part in both)
        found.append(_count(train, both[0], test, both[1], near=True, fine=fine, named=named))
    plain = found[-2] if found else Overlap(train, test, 0, len(second), 0.0)
    return next((one for one in found if one.telling), plain)


def repeated(path: Path) -> Overlap | None:
    """The rows of one file that stand in it more than once; None for what has no rows, or such as come out alike."""
    found = _rows(path) if rows.can_hold_rows(path.name) else []
    same = [_repeated(path.name, [_pick(row, kept) for row in found], named) for kept, named in _ways(found, found)]
    return max((one for one in same if one), key=lambda one: one.same, default=None)


def _repeated(name: str, found: Sequence[tuple[str, ...]], named: int) -> Overlap | None:
    columns = list(zip(*found, strict=True))
    exact = sum(any("." in cell and number(cell) is not None for cell in column) for column in columns)
    if not (len(columns) >= _FEW and exact >= _FEW - 1) and not _is_fine(found):
        return None
    times = Counter(found)
    same = sum(count for count in times.values() if count > 1)
    return Overlap(name, name, same, len(found), 0.0, named=named)


def _is_fine(found: Sequence[tuple[str, ...]], most: float = math.inf) -> bool:
    """Whether two columns of numbers, or one of long texts, are such that rows do not come out alike by chance.

    Of the numbers between the ends of a column at most `most` count.
    """
    columns = [column for column in zip(*found, strict=True) if len(set(column)) >= max(_FINE * len(column), 2 * _FEW)]
    texts = [column for column in columns if sum(map(len, column)) >= _LONG * len(column)]
    return any(not _numbers(column) for column in texts) or sum(_has_room(column, most) for column in columns) > 1


def _has_room(column: Sequence[str], most: float) -> bool:
    numbers = _numbers(column)
    if not numbers:
        return False
    finest = max(len(cell.lower().partition("e")[0].replace(",", ".").partition(".")[2]) for cell in column)
    return min((max(numbers) - min(numbers)) * 10.0**finest, most) >= _ROOM * len(numbers)


def _numbers(column: Sequence[str]) -> list[float]:
    """The cells as numbers; [] where some are none."""
    found = [_number(cell) for cell in column]
    return [one for one in found if one is not None] if None not in found else []


def _number(cell: str) -> float | None:
    return number(cell.replace(",", ".") if _DECIMAL.fullmatch(cell) else cell)


def _count(
    train: str,
    one: Sequence[tuple[str, ...]],
    test: str,
    other: Sequence[tuple[str, ...]],
    *,
    near: bool = False,
    fine: bool = False,
    named: int = 0,
) -> Overlap:
    times = Counter(one)
    twice = sum(count for count in times.values() if count > 1) / max(len(one), 1)
    among = Counter(other)
    twice = max(twice, sum(count for count in among.values() if count > 1) / max(len(other), 1))
    return Overlap(train, test, sum(1 for row in other if row in times), len(other), twice, near, fine, named)


def _ways(
    first: Sequence[tuple[str, ...]], second: Sequence[tuple[str, ...]]
) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Which columns say what is in a row, and how many besides may only name it: first as few as possible are left out.

    Left out are columns that number the rows, then all whole numbers and all single words of which each is there once.
    """
    if not first or not second:
        return ()
    both = list(zip(zip(*first, strict=True), zip(*second, strict=True), strict=True))
    numbered = {place for place, pair in enumerate(both) if all(map(_is_numbering, pair))}
    naming = {place for place, pair in enumerate(both) if all(map(_is_naming, pair))} | numbered
    without = [tuple(place for place in range(len(both)) if place not in out) for out in (numbered, naming)]
    return ((without[0], 0),) if numbered == naming else ((without[0], 0), (without[1], len(naming - numbered)))


def _is_numbering(cells: Sequence[str]) -> bool:
    """Whole numbers, each once, of a range that they nearly fill."""
    if len(cells) < _FEW or len(set(cells)) < len(cells) or not all(re.fullmatch(r"\d+", cell) for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    return max(values) - min(values) < _ROOM * len(values)


def _is_naming(cells: Sequence[str]) -> bool:
    """Whole numbers or single words, each once."""
    named = all(re.fullmatch(r"\d+", cell) or (re.fullmatch(r"\S+", cell) and _number(cell) is None) for cell in cells)
    return named and len(cells) >= _FEW and len(set(cells)) == len(cells)


def _pick(row: tuple[str, ...], kept: Sequence[int]) -> tuple[str, ...]:
    return tuple(row[place] for place in kept)


def _rounded(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell if (value := _number(cell)) is None else f"{value:.4g}" for cell in row)


def _rows(path: Path) -> list[tuple[str, ...]]:
    """The rows of a table, of JSON lines or of an array, as cells in text; [] for anything else."""
    try:
        if path.is_symlink() or path.stat().st_size > _MOST:
            return []
        return _array(path) if suffix(path.name) == ".npy" else list(rows.records(path).rows)
    except UNREADABLE:
        return []


def _array(path: Path) -> list[tuple[str, ...]]:
    import numpy as np

    data = path.read_bytes()
    array = np.load(io.BytesIO(data), allow_pickle=False)
    return (
        [tuple(map(str, row)) for row in array.reshape(len(array), -1).tolist()]
        if isinstance(array, np.ndarray) and array.ndim > 1
        else []
    )


def _of_files(folder: Path, names: Sequence[str]) -> list[Overlap]:
    """Folders of images or recordings: whole files that are the same."""
    digests: dict[Part, list[str]] = {"train": [], "test": []}
    for name in names:
        part, path = part_of(name), folder / name
        plain = path.is_file() and not path.is_symlink() and not rows.can_hold_rows(name)
        if part and plain and path.stat().st_size <= _MOST:
            digests[part].append(hashlib.sha256(path.read_bytes()).hexdigest())
    if len(digests["train"]) < _FEW or len(digests["test"]) < _FEW:
        return []
    same = sum(1 for one in digests["test"] if one in set(digests["train"]))
    return [Overlap("the training files", "the test files", same, len(digests["test"]), 0.0)]
