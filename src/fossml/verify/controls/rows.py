"""Data files as rows: leave some out, mix them, permute a column. What is not changed keeps its bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

TABLES = (".csv", ".tsv", ".data", ".dat")
LINES = (".jsonl", ".ndjson", ".txt")
ARRAYS = (".npy", ".npz")
SUFFIXES = (*TABLES, *LINES, *ARRAYS, ".json", ".parquet")
_MOST = 2**30
"""Larger files are not rewritten for a control."""
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")

Order: TypeAlias = Callable[[int], Sequence[int]]
"""Number of rows -> the places of the rows that stay, in order."""


@dataclass(frozen=True, slots=True)
class Table:
    """Text as records: `head` comes first and is no row (a header line, or nothing), `rows` as they stand.

    `cells` are the rows taken apart, None where they do not all have the same number.
    """

    head: str
    rows: tuple[str, ...]
    delimiter: str
    cells: tuple[tuple[str, ...], ...] | None
    names: tuple[str, ...] = ()


def suffix(path: str) -> str:
    """The suffix that says the format, in small letters; that of `x.csv.gz` is `.csv`."""
    pure = PurePosixPath(path.lower())
    return PurePosixPath(pure.stem).suffix if pure.suffix == ".gz" else pure.suffix


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
    data = _changed(path, lambda number: range(number), _Mixer(rng, column))
    if total is None or data is None or data == path.read_bytes():
        return None
    path.write_bytes(data)
    return total


def columns(path: Path) -> tuple[str, ...]:
    """The names of the columns of a table, () where it has none."""
    if suffix(path.name) not in TABLES or (text := _text(path)) is None:
        return ()
    return read_table(text, path.name).names


class _Mixer:
    """Permutes columns, each by a draw of its own."""

    def __init__(self, rng: random.Random, column: str | None) -> None:
        self.rng, self.column = rng, column

    def table(self, found: Table) -> list[tuple[str, ...]] | None:
        """The rows with their columns permuted."""
        if found.cells is None or (self.column is not None and self.column not in found.names):
            return None
        apart = [list(column) for column in zip(*found.cells, strict=True)]
        for place, column in enumerate(apart):
            if self.column is None or found.names[place] == self.column:
                self.rng.shuffle(column)
        return list(zip(*apart, strict=True))

    def records(self, found: list[Any]) -> list[Any] | None:
        """Objects with the values of each key permuted over those that have it; other items shuffled."""
        if not all(isinstance(one, dict) for one in found):
            if self.column is not None:
                return None
            mixed = list(found)
            self.rng.shuffle(mixed)
            return mixed
        if self.column is not None and not any(self.column in one for one in found):
            return None
        made = [dict(one) for one in found]
        for name in sorted({name for one in found for name in one}):
            if self.column in (None, name):
                holders = [one for one in made if name in one]
                values = [one[name] for one in holders]
                self.rng.shuffle(values)
                for one, value in zip(holders, values, strict=True):
                    one[name] = value
        return made

    def array(self, found: Any) -> Any:
        """An array with its rows permuted, each column by itself."""
        import numpy as np

        draw = np.random.default_rng(self.rng.getrandbits(64))
        if found.ndim < 2:
            return draw.permutation(found)
        return draw.permuted(found.reshape(len(found), -1), axis=0).reshape(found.shape)


def _changed(path: Path, stay: Order, mixer: _Mixer | None) -> bytes | None:
    """The bytes of `path` with only the rows that `stay`, mixed; None where it cannot be taken apart."""
    kind = suffix(path.name)
    try:
        if path.is_symlink() or path.stat().st_size > _MOST:
            return None
        if kind in ARRAYS:
            return _array(path, stay, mixer)
        if kind == ".parquet":
            return _parquet(path, stay, mixer)
        text = _text(path)
        if text is None:
            return None
        made = _json(text, stay, mixer) if kind == ".json" else _rows(text, path.name, stay, mixer)
        return None if made is None else _packed(path, made)
    except (OSError, EOFError, ValueError, RecursionError, zipfile.BadZipFile):
        return None


def _packed(path: Path, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data


def _text(path: Path) -> str | None:
    """The text of `path`, unpacked; None for what is no text."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.name.lower().endswith(".gz") else data
    except (OSError, EOFError):
        return None
    return None if b"\0" in data[:8192] else data.decode("utf-8", "surrogateescape")


def _rows(text: str, name: str, stay: Order, mixer: _Mixer | None) -> str | None:
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
        rows = [_line(cells, found.delimiter) for cells in mixed]
    return found.head + "".join(rows[place] for place in stay(len(rows)))


def _line(cells: Sequence[str], delimiter: str) -> str:
    if delimiter == " ":
        return " ".join(cells) + "\n"
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue()


def read_table(text: str, name: str) -> Table:
    """Take text apart: records may go over several lines in quotes; the first is a header where it reads as one."""
    lines = _records(text)
    delimiter = _delimiter(lines[0] if lines else "", suffix(name))
    apart = [tuple(_cells(line, delimiter)) for line in lines]
    widths = {len(cells) for cells in apart if cells}
    regular = len(widths) == 1
    first = bool(lines) and _is_header(apart, suffix(name))
    head, rows = ("".join(lines[:1]), lines[1:]) if first else ("", lines)
    names = apart[0] if first else tuple(str(place) for place in range(len(apart[0]) if apart else 0))
    cells = tuple(apart[1:] if first else apart)
    return Table(head, tuple(rows), delimiter, cells if regular else None, tuple(one.strip() for one in names))


def _is_header(rows: Sequence[Sequence[str]], kind: str) -> bool:
    """A first row without a number above rows with some; in .csv and .tsv one of names that are all different."""
    if any(_NUMBER.fullmatch(cell) for cell in rows[0]):
        return False
    numbers = any(_NUMBER.fullmatch(cell) for row in rows[1:20] for cell in row)
    return numbers or (kind in (".csv", ".tsv") and len(set(rows[0])) == len(rows[0]))


def _records(text: str) -> list[str]:
    """The lines of `text`; those in which quotes are open, together. Blank ones go with the line before."""
    found: list[str] = []
    open_quote = False
    for line in text.splitlines(keepends=True):
        if found and (open_quote or not line.strip()):
            found[-1] += line
        else:
            found.append(line)
        open_quote ^= line.count('"') % 2 == 1
    if found and not found[-1].endswith("\n"):
        found[-1] += "\n"
    return found


def _delimiter(line: str, kind: str) -> str:
    if kind == ".tsv":
        return "\t"
    found = max(",;\t|", key=line.count)
    return found if line.count(found) else " "


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])


def _json_lines(text: str, stay: Order, mixer: _Mixer | None) -> str | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    if mixer is not None:
        mixed = mixer.records([json.loads(line) for line in lines])
        if mixed is None:
            return None
        lines = [json.dumps(one, ensure_ascii=False) for one in mixed]
    return "".join(lines[place] + "\n" for place in stay(len(lines)))


def _json(text: str, stay: Order, mixer: _Mixer | None) -> str | None:
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


def _listed(values: list[Any], stay: Order, mixer: _Mixer | None, few: int = 4) -> list[Any] | None:
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


def _array(path: Path, stay: Order, mixer: _Mixer | None) -> bytes | None:
    """Arrays by their first axis; of an .npz those that have the commonest length."""
    import numpy as np

    if mixer is not None and mixer.column is not None:
        return None
    out = io.BytesIO()
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if suffix(path.name) == ".npy":
            if not isinstance(loaded, np.ndarray) or loaded.ndim == 0 or len(loaded) < 2:
                return None
            np.save(out, _stay(loaded, stay, mixer), allow_pickle=False)
            return out.getvalue()
        if isinstance(loaded, np.ndarray):
            return None
        arrays = {name: loaded[name] for name in loaded.files}
    lengths = [len(one) for one in arrays.values() if one.ndim and len(one) > 1]
    if not lengths:
        return None
    common = max(lengths, key=lambda length: (lengths.count(length), length))
    kept = {name: _stay(one, stay, mixer) if one.ndim and len(one) == common else one for name, one in arrays.items()}
    np.savez(out, **kept)
    return out.getvalue()


def _stay(array: Any, stay: Order, mixer: _Mixer | None) -> Any:
    mixed = array if mixer is None else mixer.array(array)
    return mixed[list(stay(len(array)))]


def _parquet(path: Path, stay: Order, mixer: _Mixer | None) -> bytes | None:
    """Through pyarrow, where it is installed; else it cannot be taken apart."""
    try:
        import pyarrow as pa  # type: ignore[import-not-found,import-untyped,unused-ignore]
        import pyarrow.parquet as pq  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return None
    table = pq.read_table(path)
    if len(table) < 2:
        return None
    if mixer is not None:
        for place, name in enumerate(table.column_names):
            if mixer.column in (None, name):
                order = list(range(len(table)))
                mixer.rng.shuffle(order)
                table = table.set_column(place, table.field(place), table.column(place).take(pa.array(order)))
    out = io.BytesIO()
    pq.write_table(table.take(pa.array(list(stay(len(table))))), out)
    return out.getvalue()
