"""CSV and TSV: columns by name, rows in any order, numbers as printed."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import IO

from fossml.compare import words
from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally, shown
from fossml.compare.numbers import apart, close, equal, number
from fossml.compare.text import text_lines

_MATCHED = 200_000
"""Rows up to which they are kept, so that they can be matched by a column that names them."""
_COUNTED = 5_000_000
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """One side: its columns, and a reader of its rows in the order of `columns`."""

    columns: Row
    rows: Callable[[], Iterator[Row]]


def compare_csv(left: IO[bytes], right: IO[bytes], budget: Budget, delimiter: str = ",") -> Comparison:
    """Compare two tables with a header. Rows of files of millions of rows are compared in the order of the file."""
    tally = Tally.of_form("TSV" if delimiter == "\t" else "CSV")
    try:
        _compare(_open(left, budget, delimiter), _open(right, budget, delimiter), tally)
    except csv.Error as error:
        raise CannotCompareError(f"not a table: {error}") from error
    return tally.result()


def _open(stream: IO[bytes], budget: Budget, delimiter: str) -> _Table:
    def read() -> Iterator[Row]:
        return (tuple(row) for row in csv.reader(text_lines(stream, budget), delimiter=delimiter) if row)

    return _Table(next(read(), ()), read)


def _compare(a: _Table, b: _Table, tally: Tally) -> None:
    common = [name for name in a.columns if name in b.columns]
    unique = len(set(a.columns)) == len(a.columns) and len(set(b.columns)) == len(b.columns)
    if not unique or not common:
        if a.columns != b.columns:
            _without_header(a, b, tally)
            return
        common = list(a.columns)
    for name in a.columns:
        if name not in b.columns:
            tally.differ(Part(f"column {name}", "there", None))
    for name in b.columns:
        if name not in a.columns:
            tally.differ(Part(f"column {name}", None, "there"))
    if common != [name for name in b.columns if name in a.columns]:
        tally.note("order of columns")
    pick_a, pick_b = _picker(a.columns, common, unique), _picker(b.columns, common, unique)
    _rows(common, lambda: _body(a, pick_a), lambda: _body(b, pick_b), tally)


def _without_header(a: _Table, b: _Table, tally: Tally) -> None:
    """Tables whose first rows are no header, as it seems: columns by number."""
    names = [str(place + 1) for place in range(max(len(a.columns), len(b.columns)))]
    _rows(names, a.rows, b.rows, tally)


def _picker(columns: Row, wanted: Sequence[str], unique: bool) -> Callable[[Row], Row]:
    if not unique or list(columns) == list(wanted):
        return lambda row: row
    places = [columns.index(name) for name in wanted]
    return lambda row: tuple(row[place] if place < len(row) else "" for place in places)


def _body(table: _Table, pick: Callable[[Row], Row]) -> Iterator[Row]:
    rows = table.rows()
    next(rows, None)
    return map(pick, rows)


def _rows(names: Sequence[str], a: Callable[[], Iterator[Row]], b: Callable[[], Iterator[Row]], tally: Tally) -> None:
    """Row by row; once that fails, in any order; then by a column that names the rows."""
    if all(x == y for x, y in zip_longest(a(), b())):
        return
    some, others = _counted(a()), _counted(b())
    if some is not None and some == others:
        tally.note("order of rows")
        return
    x, y = _kept(a()), _kept(b())
    if x is not None and y is not None and (key := _key(names, x, y)) is not None:
        _matched(names, key, x, y, tally)
        return
    if x is not None and y is not None and len(x) != len(y):
        _added(x, y, tally)
        return
    for place, (one, other) in enumerate(zip_longest(a(), b()), 1):
        _row(names, f"row {place}", one, other, tally)


def _counted(rows: Iterator[Row]) -> Counter[bytes] | None:
    found: Counter[bytes] = Counter()
    for row in rows:
        found[hashlib.blake2b("\x1f".join(row).encode(errors="surrogatepass"), digest_size=12).digest()] += 1
        if len(found) > _COUNTED:
            return None
    return found


def _kept(rows: Iterator[Row]) -> list[Row] | None:
    found: list[Row] = []
    for row in rows:
        found.append(row)
        if len(found) > _MATCHED:
            return None
    return found


def _key(names: Sequence[str], a: list[Row], b: list[Row]) -> int | None:
    """The column whose values name the rows: all different, the same ones on both sides, in another order."""
    for place in range(len(names)):
        x, y = [row[place] for row in a if place < len(row)], [row[place] for row in b if place < len(row)]
        if len(x) == len(a) and len(y) == len(b) and len(set(x)) == len(x) and x != y and sorted(x) == sorted(y):
            return place
    return None


def _matched(names: Sequence[str], key: int, a: list[Row], b: list[Row], tally: Tally) -> None:
    tally.note(f"order of rows (matched by {names[key]})")
    others = {row[key]: row for row in b}
    for row in a:
        _row(names, f"row {names[key]}={shown(row[key], 30)}", row, others[row[key]], tally)


def _added(a: list[Row], b: list[Row], tally: Tally) -> None:
    """Which rows are only on one side, where their numbers differ."""
    some, others = Counter(a), Counter(b)
    tally.differ(Part("rows", str(len(a)), str(len(b))))
    for place, row in enumerate(a, 1):
        if some[row] > others[row]:
            some[row] -= 1
            tally.differ(Part(f"row {place}", shown(",".join(row)), None))
    some = Counter(a)
    for place, row in enumerate(b, 1):
        if others[row] > some[row]:
            others[row] -= 1
            tally.differ(Part(f"row {place}", None, shown(",".join(row))))


def _row(names: Sequence[str], where: str, a: Row | None, b: Row | None, tally: Tally) -> None:
    if a is None or b is None:
        tally.differ(
            Part(where, shown(",".join(a)) if a is not None else None, shown(",".join(b)) if b is not None else None)
        )
        return
    tally.of += len(a)
    if a == b:
        return
    for place, (x, y) in enumerate(zip_longest(a, b)):
        if x != y:
            name = names[place] if place < len(names) else str(place + 1)
            _cell(f"{where}, column {shown(name, 30)}", name, x, y, tally)


def _cell(where: str, name: str, a: str | None, b: str | None, tally: Tally) -> None:
    x, y = number(a or ""), number(b or "")
    if x and y:
        if equal(x, y):
            tally.note("how numbers are written")
        elif words.is_time(name):
            tally.note(f"times (column {name})")
        else:
            tally.differ(Part(where, shown(a), shown(b), apart(x, y)), close=close(x, y))
    elif a is not None and b is not None and (notes := words.alike(a, b)) is not None:
        tally.note(*notes or ("blanks",))
    else:
        tally.differ(Part(where, None if a is None else shown(a), None if b is None else shown(b)))
