"""Rows that stand in the training data and in the test data too."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from fossml.verify.controls import rows
from fossml.verify.past.model import number

Part: TypeAlias = Literal["train", "test"]
_TEST = re.compile(
    r"(^|[/_.\-])(test|tst|val|valid|validation|eval|evaluation|holdout|heldout|dev)(?=$|[/_.\-\d])", re.I
)
_TRAIN = re.compile(r"(^|[/_.\-])(train|training|trn|fit)(?=$|[/_.\-\d])", re.I)
_FEW = 3
"""Rows of so few cells come out alike by chance."""
_MOST = 2**28


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of `total` rows of `test`, `same` stand in `train` as well; `within` of those of `train` occur there twice.

    `near`: only after numbers were rounded.
    """

    train: str
    test: str
    same: int
    total: int
    within: float
    near: bool = False

    @property
    def share(self) -> float:
        """The share of the test rows that stand in the training data."""
        return self.same / self.total if self.total else 0.0

    @property
    def telling(self) -> bool:
        """Whether more rows are the same than rows of this kind are among themselves."""
        return self.same > 0 and self.share > 2 * self.within + 0.005


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
        if rows.suffix(one) == rows.suffix(other) and len(parts["train"][one][0]) == len(parts["test"][other][0])
    ]
    return (*pairs, *_of_files(folder, names))


def compare(train: str, first: Sequence[tuple[str, ...]], test: str, second: Sequence[tuple[str, ...]]) -> Overlap:
    """Rows as they stand, without columns that only number them; else after rounding to four digits."""
    kept = _telling_columns(first, second)
    one, other = [_pick(row, kept) for row in first], [_pick(row, kept) for row in second]
    exact = _count(train, one, test, other)
    if exact.telling or len(kept) < _FEW:
        return exact if len(kept) >= _FEW else Overlap(train, test, 0, len(other), 0.0)
    near = _count(train, [_rounded(row) for row in one], test, [_rounded(row) for row in other], near=True)
    return near if near.telling else exact


def repeated(path: Path) -> Overlap | None:
    """The rows of one file that stand in it more than once; None for what has no rows of measured numbers."""
    found = _rows(path) if rows.can_hold_rows(path.name) else []
    if not found:
        return None
    kept = _telling_columns(found, found)
    exact = sum(1 for place in kept if any("." in row[place] and number(row[place]) is not None for row in found))
    if len(kept) < _FEW or exact < _FEW - 1:
        return None
    times = Counter(_pick(row, kept) for row in found)
    return Overlap(path.name, path.name, sum(count for count in times.values() if count > 1), len(found), 0.0)


def _count(
    train: str, one: Sequence[tuple[str, ...]], test: str, other: Sequence[tuple[str, ...]], near: bool = False
) -> Overlap:
    times = Counter(one)
    twice = sum(count for count in times.values() if count > 1) / max(len(one), 1)
    among = Counter(other)
    twice = max(twice, sum(count for count in among.values() if count > 1) / max(len(other), 1))
    return Overlap(train, test, sum(1 for row in other if row in times), len(other), twice, near)


def _telling_columns(first: Sequence[tuple[str, ...]], second: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
    """Columns without those that number the rows: whole numbers, each once, going up."""
    numbered = {
        place
        for place in range(len(first[0]))
        if _is_index([row[place] for row in first]) and _is_index([row[place] for row in second])
    }
    return tuple(place for place in range(len(first[0])) if place not in numbered)


def _is_index(cells: Sequence[str]) -> bool:
    if len(cells) < _FEW or not all(re.fullmatch(r"\d+", cell) for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    return len(set(values)) == len(values)


def _pick(row: tuple[str, ...], kept: Sequence[int]) -> tuple[str, ...]:
    return tuple(row[place] for place in kept)


def _rounded(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell if (value := number(cell)) is None else f"{value:.4g}" for cell in row)


def _rows(path: Path) -> list[tuple[str, ...]]:
    """The rows of a table, of JSON lines or of an array, as cells in text; [] for anything else."""
    kind = rows.suffix(path.name)
    try:
        if path.is_symlink() or path.stat().st_size > _MOST:
            return []
        if kind == ".npy":
            return _array(path)
        text = path.read_text(encoding="utf-8", errors="replace")
        if kind in (".jsonl", ".ndjson"):
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
            return [tuple(f"{name}={one[name]}" for name in sorted(one)) for one in found if isinstance(one, dict)]
        table = rows.read_table(text, path.name)
    except (OSError, EOFError, ValueError, csv.Error, RecursionError, zipfile.BadZipFile):
        return []
    cells = table.cells or ()
    return [tuple(cell.strip() for cell in row) for row in cells]


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
