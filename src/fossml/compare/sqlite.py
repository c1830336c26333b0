"""SQLite databases: tables and their rows, whatever pages they lie on."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import IO, Any

from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally, shown
from fossml.compare.numbers import Printed, close, gap


def compare_sqlite(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two databases table by table, rows in any order. They are held in memory and only read."""
    tally = Tally.of_form("SQLite database")
    try:
        with closing(_open(left, budget)) as a, closing(_open(right, budget)) as b:
            _tables(a, b, tally, budget)
    except sqlite3.Error as error:
        raise CannotCompareError(f"not a whole SQLite database: {error}") from error
    if not tally.count and not tally.normalised:
        tally.note("how rows lie in the file")
    return tally.result()


def _open(stream: IO[bytes], budget: Budget) -> sqlite3.Connection:
    data = bytearray(budget.read(stream))
    data[18:20] = b"\x01\x01"  # one with a write-ahead log of its own is read as what is in the file
    base = sqlite3.connect(":memory:")
    base.deserialize(bytes(data))
    base.execute("PRAGMA trusted_schema = OFF")
    base.execute("PRAGMA query_only = ON")
    base.text_factory = bytes
    left = [budget.steps // 100]

    def tick() -> int:
        left[0] -= 1
        return left[0] < 0

    base.set_progress_handler(tick, 1000)
    return base


def _schema(base: sqlite3.Connection) -> dict[tuple[str, str], str]:
    query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
    return {(_text(kind), _text(name)): _text(sql) for kind, name, sql in base.execute(query)}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _tables(a: sqlite3.Connection, b: sqlite3.Connection, tally: Tally, budget: Budget) -> None:
    first, second = _schema(a), _schema(b)
    for kind, name in sorted(first.keys() | second.keys()):
        x, y = first.get((kind, name)), second.get((kind, name))
        if x is None or y is None or " ".join(x.split()) != " ".join(y.split()):
            tally.differ(Part(f"{kind} {name}", None if x is None else shown(x), None if y is None else shown(y)))
        elif kind == "table" and "virtual" not in x.lower()[:20]:
            _rows(name, list(_read(a, name, budget)), list(_read(b, name, budget)), tally)


def _read(base: sqlite3.Connection, table: str, budget: Budget) -> Iterator[tuple[Any, ...]]:
    quoted = table.replace('"', '""')
    for row in base.execute(f'SELECT * FROM "{quoted}"'):
        budget.step(len(row))
        yield row


def _rows(table: str, a: list[tuple[Any, ...]], b: list[tuple[Any, ...]], tally: Tally) -> None:
    tally.of += len(a)
    if a == b:
        return
    if Counter(a) == Counter(b):
        tally.note(f"order of rows in {table}")
        return
    if len(a) != len(b):
        tally.differ(Part(f"table {table}, rows", str(len(a)), str(len(b))))
        return
    for place, (x, y) in enumerate(zip(a, b, strict=True), 1):
        for column, (one, other) in enumerate(zip(x, y, strict=False), 1):
            if one == other:
                continue
            where = f"table {table}, row {place}, column {column}"
            if isinstance(one, float) and isinstance(other, float):
                near = close(Printed(repr(one)), Printed(repr(other)))
                tally.differ(Part(where, repr(one), repr(other), gap(one, other)), close=near)
            else:
                tally.differ(Part(where, shown(_text(one)), shown(_text(other))))
