"""From the records of all processes to one Trace: what the tree read before it wrote it, and what it left behind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fossml.trace.distributions import editable, imported
from fossml.types import Trace

HIDDEN = frozenset({".git", ".dvc", ".fossml", "__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache"})
CACHES = frozenset({"matplotlib", "fontconfig"})
"""Folders outside the repository in which libraries keep what they can make again."""

_ESCAPE = re.compile(r"\\(.)")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a process's file; the kinds are those of the hook."""

    kind: str
    time: int
    fields: tuple[str, ...]


def collect(folder: Path, root: Path) -> Trace:
    """The Trace of all processes that left a record in `folder`; `how` is none where there was no process.

    Only what still exists counts: a temporary file that is gone was neither read nor written, and a file that was
    opened in vain was not there. A file read after the tree itself wrote it is not read. Code from outside that no
    distribution owns is among `outside`.
    """
    records = read_records(folder)
    if not records:
        return Trace(how="none")
    homes = tuple(dict.fromkeys((str(root.absolute()), str(root.resolve()))))
    read, written = touched(records)
    sources = {first for first, _ in _of(records, "S")}
    inside = {path: place for path in {*read, *written, *sources} if (place := relative(path, homes)) is not None}
    folders = {folder for record in records if record.kind == "H" for folder in record.fields}
    installed = editable(sources - inside.keys(), folders)
    return Trace(
        how="hook",
        sources=tuple(sorted({inside[path] for path in sources if path in inside and Path(path).is_file()})),
        read=tuple(sorted({inside[path] for path in read - sources if path in inside})),
        written=tuple(sorted({inside[path] for path in written if path in inside})),
        listed=_listed(records, homes),
        outside=tuple(sorted(_outside({*read, *written, *sources} - inside.keys() - installed.keys(), homes))),
        distributions=dict(sorted({**imported(set(_of(records, "P"))), **dict(installed.values())}.items())),
        commands=tuple(dict.fromkeys(_commands(records))),
    )


def read_records(folder: Path) -> list[Record]:
    """The records of all processes in the order of time. A torn or foreign line is left out."""
    files = sorted(folder.glob("*.trace")) if folder.is_dir() else []
    return sorted((record for file in files for record in _parse(file.read_bytes())), key=lambda record: record.time)


def _parse(data: bytes) -> Iterator[Record]:
    text = data.decode("utf-8", "surrogateescape")
    for line in text.split("\n")[:-1]:
        kind, _, rest = line.partition("\t")
        time, *fields = rest.split("\t")
        if len(kind) == 1 and time.isdecimal() and (fields or kind == "H"):
            yield Record(kind, int(time), tuple(_plain(field) for field in fields))


def _plain(field: str) -> str:
    return _ESCAPE.sub(lambda match: _PLAIN.get(match[1], match[1]), field)


def _of(records: Iterable[Record], kind: str) -> Iterator[tuple[str, str]]:
    return ((record.fields[0], record.fields[-1]) for record in records if record.kind == kind)


def touched(records: Iterable[Record]) -> tuple[set[str], set[str]]:
    """What was (read before it was written, written), absolute, of what exists now."""
    read: set[str] = set()
    written: set[str] = set()
    for record in records:
        path = record.fields[0]
        if record.kind in "RFQ" and path not in written:
            read.add(path)
        if record.kind in "WG" or (record.kind == "Q" and _changed_since(path, record.time)):
            written.add(path)
        if record.kind == "M" and len(record.fields) == 2:
            written |= _moved(written, path, record.fields[1])
    folders = {record.fields[0] for record in records if record.kind in "FG"}
    return {path for path in read if _stands(path, folders)}, {path for path in written if _stands(path, folders)}


def _changed_since(path: str, time: int) -> bool:
    try:
        return Path(path).stat().st_mtime_ns >= time
    except OSError:
        return False


def _moved(written: set[str], source: str, target: str) -> set[str]:
    """The names that what stood at or below `source` has after it was renamed to `target`."""
    below = source + os.sep
    return {target} | {target + os.sep + path[len(below) :] for path in written if path.startswith(below)}


def _stands(path: str, folders: set[str]) -> bool:
    return Path(path).is_file() or (path in folders and Path(path).is_dir())


def relative(path: str, homes: tuple[str, ...]) -> str | None:
    """`path` relative to the repository, POSIX; None outside it and in folders that are no part of the work."""
    for home in homes:
        if path == home:
            return "."
        if path.startswith(home + os.sep):
            place = path[len(home) + 1 :].replace(os.sep, "/")
            return None if HIDDEN.intersection(place.split("/")) else place
    return None


def _listed(records: Iterable[Record], homes: tuple[str, ...]) -> tuple[str, ...]:
    paths = {first for first, _ in _of(records, "L") if Path(first).is_dir()}
    return tuple(sorted({place for path in paths if (place := relative(path, homes)) is not None}))


def _outside(paths: Iterable[str], homes: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        hidden = any(path.startswith(home + os.sep) for home in homes)
        if not hidden and not CACHES.intersection(Path(path).parts) and Path(path).exists():
            yield path


def _commands(records: Iterable[Record]) -> Iterator[tuple[str, ...]]:
    return (record.fields for record in records if record.kind == "C")
