"""Data files as rows: leave some out, mix them, permute a column. What is not changed keeps its bytes."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fossml.verify.controls.arrays import Order, array, parquet
from fossml.verify.controls.databases import database
from fossml.verify.controls.mixing import Mixer
from fossml.verify.controls.tables import UNREADABLE, line, read_table, suffix

TABLES = (".csv", ".tsv", ".data", ".dat")
LINES = (".jsonl", ".ndjson", ".txt")
ARRAYS = (".npy", ".npz")
DATABASES = (".db", ".sqlite", ".sqlite3")
SUFFIXES = (*TABLES, *LINES, *ARRAYS, *DATABASES, ".json", ".parquet")
_MOST = 2**30
"""Larger files are not rewritten for a control."""


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of a file as cells of text under `names`."""

    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def can_hold_rows(path: str) -> bool:
    """Whether a file of this name may be taken apart into rows."""
    return suffix(path) in SUFFIXES


def count(path: Path) -> int | None:
    """How many rows `path` has; None where it cannot be taken apart."""
    seen: list[int] = []

    def note(number: int) -> Sequence[int]:
        seen.append(number)
        return range(number)

    return seen[0] if _changed(path, note, None) is not None and seen else None


def leave_out(path: Path, share: float, salt: str) -> tuple[int, int] | None:
    """Leave out `share` of the rows of `path`, at least one: how many of how many, None where that cannot be.

    The draw depends on `salt` and on the number of rows alone, so that files that go row by row stay together.
    """
    seen: list[tuple[int, int]] = []

    def stay(number: int) -> Sequence[int]:
        out = min(max(1, round(number * share)), number - 1)
        seen.append((out, number))
        gone = set(random.Random(f"{salt}:{number}").sample(range(number), out))
        return [place for place in range(number) if place not in gone]

    total = count(path)
    if total is None or total < 2 or (data := _changed(path, stay, None)) is None:
        return None
    path.write_bytes(data)
    return seen[0]


def mix(path: Path, salt: str, column: str | None = None) -> int | None:
    """Permute each column of `path` by itself (only `column`, where one is named): the number of rows.

    None where that cannot be, or changes nothing.
    """
    rng = random.Random(f"{salt}:{path.name}")
    total = count(path)
    data = _changed(path, lambda number: range(number), Mixer(rng, column))
    if total is None or data is None or data == path.read_bytes():
        return None
    path.write_bytes(data)
    return total


def records(path: Path) -> Records:
    """The rows of a table, or of JSON lines or a JSON list of objects; none of anything else."""
    kind = suffix(path.name)
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST or (text := _text(path)) is None:
            return Records()
        if kind in (".jsonl", ".ndjson"):
            return _of_objects([json.loads(one) for one in text.splitlines() if one.strip()])
        if kind == ".json":
            return _of_objects(json.loads(text))
        if kind not in (*TABLES, *LINES):
            return Records()
        table = read_table(text, path.name)
    except (OSError, ValueError, csv.Error, RecursionError):
        return Records()
    return Records(table.names, tuple(tuple(cell.strip() for cell in row) for row in table.cells or ()))


def _of_objects(found: Any) -> Records:
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        return Records()
    names = tuple(dict.fromkeys(name for one in found for name in one))
    return Records(names, tuple(tuple(_cell(one.get(name, "")) for name in names) for one in found))


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _changed(path: Path, stay: Order, mixer: Mixer | None) -> bytes | None:
    """The bytes of `path` with only the rows that `stay`, mixed; None where it cannot be taken apart."""
    kind = suffix(path.name)
    try:
        if path.is_symlink() or path.stat().st_size > _MOST:
            return None
        if kind in ARRAYS:
            return array(path, stay, mixer)
        if kind == ".parquet":
            return parquet(path, stay, mixer)
        if kind in DATABASES:
            return database(path, stay, mixer)
        text = _text(path)
        if text is None:
            return None
        made = _json(text, stay, mixer) if kind == ".json" else _rows(text, path.name, stay, mixer)
        return None if made is None else _packed(path, made)
    except UNREADABLE:
        return None


def _packed(path: Path, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data


def _text(path: Path) -> str | None:
    """The text of `path`, unpacked; None for what is no text."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            data = file.read(_MOST + 1)
    except UNREADABLE:
        return None
    if len(data) > _MOST:
        return None
    return None if b"\0" in data[:8192] else data.decode("utf-8", "surrogateescape")


def _rows(text: str, name: str, stay: Order, mixer: Mixer | None) -> str | None:
    kind = suffix(name)
    if kind in (".jsonl", ".ndjson"):
        return _json_lines(text, stay, mixer)
    found = read_table(text, name)
    if len(found.rows) < 2:
        return None
    rows: Sequence[str] = found.rows
    if mixer is not None:
        mixed = mixer.table(found)
        if mixed is None:
            return None
        rows = [line(cells, found.delimiter) for cells in mixed]
    return found.head + "".join(rows[place] for place in stay(len(rows)))


def _json_lines(text: str, stay: Order, mixer: Mixer | None) -> str | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    if mixer is not None:
        mixed = mixer.records([json.loads(line) for line in lines])
        if mixed is None:
            return None
        lines = [json.dumps(one, ensure_ascii=False) for one in mixed]
    return "".join(lines[place] + "\n" for place in stay(len(lines)))


def _json(text: str, stay: Order, mixer: Mixer | None) -> str | None:
    """A list of records, alone or as the longest value of an object; an object of columns of one length."""
    document = json.loads(text)
    if isinstance(document, list):
        made = _listed(document, stay, mixer)
        return None if made is None else json.dumps(made, ensure_ascii=False)
    if not isinstance(document, dict):
        return None
    lists = {name: value for name, value in document.items() if isinstance(value, list) and len(value) > 1}
    longest = max(map(len, lists.values()), default=0)
    together = {name: value for name, value in lists.items() if len(value) == longest}
    for name, value in together.items():
        made = _listed(value, stay, mixer if mixer is None or mixer.column in (None, name) else None, few=2)
        if made is None:
            return None
        document[name] = made
    return json.dumps(document, ensure_ascii=False) if together else None


def _listed(values: list[Any], stay: Order, mixer: Mixer | None, few: int = 4) -> list[Any] | None:
    if len(values) < few:
        return None
    if mixer is not None:
        column = mixer.column
        mixer.column = None if not all(isinstance(one, dict) for one in values) else column
        mixed = mixer.records(values)
        mixer.column = column
        if mixed is None:
            return None
        values = mixed
    return [values[place] for place in stay(len(values))]
