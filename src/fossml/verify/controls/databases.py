"""Rows of SQLite databases, in memory: only those that stay, mixed or as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from fossml.verify.controls.arrays import Order
from fossml.verify.controls.mixing import Mixer

MAGIC = b"SQLite format 3\0"
_MODES = slice(18, 20)
"""Two bytes say how the file is written: 1, or 2 with a log beside it, in which memory has none."""
_FEW = 10
"""A shorter table that stands beside longer ones says what their values mean, and stays."""


def database(path: Path, stay: Order, mixer: Mixer | None) -> bytes | None:
    """The database with only the rows of each table that stay; None where it cannot be told what that changes.

    So it is where its schema brings code of its own (triggers, modules), or a log beside it holds more than it.
    """
    log = path.with_name(f"{path.name}-wal")
    data = path.read_bytes()
    if not data.startswith(MAGIC) or (log.exists() and log.stat().st_size):
        return None
    try:
        with closing(sqlite3.connect(":memory:")) as base:
            base.deserialize(data[:18] + b"\1\1" + data[20:])
            base.execute("PRAGMA trusted_schema = OFF")
            if not _change(base, stay, mixer):
                return None
            base.commit()
            made = base.serialize()
    except sqlite3.Error:
        return None
    return made[:18] + data[_MODES] + made[20:]


def _change(base: sqlite3.Connection, stay: Order, mixer: Mixer | None) -> bool:
    kinds = base.execute("SELECT type, sql FROM sqlite_master").fetchall()
    if any(kind == "trigger" or str(sql).upper().startswith("CREATE VIRTUAL") for kind, sql in kinds):
        return False
    longer = list(_tables(base))
    if not longer:
        return False
    total = sum(len(places) for _, places in longer)
    kept = set(stay(total))
    before = 0
    for name, places in longer:
        if mixer is not None:
            _mix(base, name, places, mixer)
        gone = [(place,) for at, place in enumerate(places, before) if at not in kept]
        base.executemany(f"DELETE FROM {_quoted(name)} WHERE rowid = ?", gone)
        before += len(places)
    return True


def _tables(base: sqlite3.Connection) -> Iterator[tuple[str, list[int]]]:
    """The tables that can be changed row by row, with the numbers of their rows; short ones only where all are."""
    names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    found = {}
    for name in names:
        if not name.startswith("sqlite_") and not _is_without_rowid(base, name):
            found[name] = [row for (row,) in base.execute(f"SELECT rowid FROM {_quoted(name)} ORDER BY rowid")]
    longer = {name: places for name, places in found.items() if len(places) >= _FEW}
    yield from ((longer or {name: places for name, places in found.items() if len(places) > 1}).items())


def _is_without_rowid(base: sqlite3.Connection, name: str) -> bool:
    try:
        base.execute(f"SELECT rowid FROM {_quoted(name)} LIMIT 1")
    except sqlite3.OperationalError:
        return True
    return False


def _mix(base: sqlite3.Connection, name: str, places: Sequence[int], mixer: Mixer) -> None:
    """Permute each column by itself; those that tell rows apart, and those that are computed, stay."""
    columns = base.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall()
    fixed = {column for _, column, *_, key, _ in columns if key} | {row[1] for row in columns if row[6]}
    for _, index, unique, *_ in base.execute(f"PRAGMA index_list({_quoted(name)})").fetchall():
        if unique:
            fixed |= {row[2] for row in base.execute(f"PRAGMA index_info({_quoted(index)})").fetchall()}
    for _, column, *_ in columns:
        if column not in fixed and mixer.column in (None, column):
            cell, where = _quoted(column), _quoted(name)
            values = [value for (value,) in base.execute(f"SELECT {cell} FROM {where} ORDER BY rowid").fetchall()]
            mixer.rng.shuffle(values)
            base.executemany(f"UPDATE {where} SET {cell} = ? WHERE rowid = ?", zip(values, places, strict=True))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
