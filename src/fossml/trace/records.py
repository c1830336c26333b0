"""What the processes left behind: one line for one thing that happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ESCAPE = re.compile(r"\\(.)")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_FIELDS = {"H": 1, "V": 0, "R": 2, "W": 2, "S": 3, "P": 2, "M": 2, "T": 4}
"""The fewest fields of a kind that mean something; one for the others."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened; the kinds and their fields are those of the hook. `process` names who did it."""

    kind: str
    time: int
    fields: tuple[str, ...]
    process: str = ""


def read_hook(folder: Path) -> list[Record]:
    """The records that the hook left in `folder`, process by process. A torn or foreign line is left out."""
    files = sorted(folder.glob("*.trace")) if folder.is_dir() else []
    return [record for file in files for record in _parse(file.read_bytes(), str(file))]


def _parse(data: bytes, process: str) -> Iterator[Record]:
    text = data.decode("utf-8", "surrogateescape")
    for line in text.split("\n")[:-1]:
        kind, _, rest = line.partition("\t")
        time, *fields = rest.split("\t")
        if len(kind) == 1 and time.isdecimal() and len(fields) >= _FIELDS.get(kind, 1):
            yield Record(kind, int(time), tuple(plain(field) for field in fields), process)


def plain(field: str) -> str:
    """A field as it was before the hook wrote it on one line."""
    return _ESCAPE.sub(lambda match: _PLAIN.get(match[1], match[1]), field) if "\\" in field else field


def of(records: Iterable[Record], kind: str) -> Iterator[Record]:
    """Those of one kind."""
    return (record for record in records if record.kind == kind)
