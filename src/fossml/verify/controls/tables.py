"""Text as records: lines or quoted records of cells, with or without a header."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

UNREADABLE = (OSError, EOFError, ValueError, RecursionError, MemoryError, zipfile.BadZipFile, zlib.error, csv.Error)
"""What reading the data of a stranger may raise, however it is broken."""
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


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


def line(cells: Sequence[str], delimiter: str) -> str:
    """Cells as a record of a table."""
    if delimiter == " ":
        return " ".join(cells) + "\n"
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue()
