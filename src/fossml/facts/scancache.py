"""What files said when they were last scanned, so that a file nobody touched is not read again.

One file for each repository, in the user's cache folder. It is only a cache: damaged, of another version or not
writable, it counts for nothing. Two at once each write a whole file; the later one stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from fossml import __version__, scan
from fossml.scan import FileScan, Ignore, Import, Mark, NotebookScan, PickleScan
from fossml.store.statcache import is_racy, signature

_Row = list[Any]


class ScanCache:
    """Remembers path and signature -> FileScan for the repository at `root`, in a file below `folder`."""

    def __init__(self, folder: Path, root: Path) -> None:
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
        self._file = folder / f"{name}.json"
        self._version = _version()
        self._rows: dict[str, _Row] = self._read()
        self._now: dict[str, _Row] = {}
        self._new = False

    def known(self, path: str, st: os.stat_result) -> FileScan | None:
        """What the file said, None where that is not known or may have changed."""
        row = self._rows.get(path)
        if row is None or row[0] != list(signature(st)):
            return None
        try:
            found = _scan_of(path, row[1])
        except (TypeError, ValueError, IndexError):
            return None
        self._now[path] = row
        return found

    def put(self, st: os.stat_result, found: FileScan, read_ns: int) -> None:
        """Remember what a file said when it was read at `read_ns`; not where a later write could go unseen.

        What is unknown is not kept: it may rest on what was left to spend.
        """
        unsure = found.pickle is not None and found.pickle.verdict == "unknown"
        if not unsure and not is_racy(st.st_mtime_ns, read_ns):
            self._now[found.path] = [list(signature(st)), _fields_of(found)]
            self._new = True

    def save(self) -> None:
        """Write what is known now, if it is more than what was read."""
        if not self._new and len(self._now) == len(self._rows):
            return
        body = json.dumps(self._now, separators=(",", ":"))
        head = f"{self._version} {hashlib.sha256(body.encode()).hexdigest()}\n"
        with contextlib.suppress(OSError, ValueError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(head + body)
                Path(name).replace(self._file)
            finally:
                Path(name).unlink(missing_ok=True)

    def _read(self) -> dict[str, _Row]:
        try:
            head, _, body = self._file.read_bytes().partition(b"\n")
            if head.decode() != f"{self._version} {hashlib.sha256(body).hexdigest()}":
                return {}
            rows: dict[str, _Row] = json.loads(body)
        except (OSError, ValueError, RecursionError):
            return {}
        return rows


def _version() -> str:
    """Of fossml and of its scanners, by what their files are."""
    digest = hashlib.sha256(__version__.encode())
    for entry in sorted(os.scandir(Path(scan.__file__).parent), key=lambda one: one.name):
        if entry.name.endswith(".py"):
            digest.update(f"{entry.name} {entry.stat().st_size} {entry.stat().st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def _fields_of(found: FileScan) -> _Row:
    """A scan as JSON can hold it, without its path; a binary that says nothing is one word."""
    if found == FileScan(found.path, found.parsed):
        return [found.parsed]
    return list(astuple(found))[1:]


def _scan_of(path: str, row: _Row) -> FileScan:
    if len(row) == 1:
        return FileScan(path, row[0])
    parsed, imports, marks, ignores, main, acts, sys_path, notebook, pickle, problem = row
    return FileScan(
        path,
        parsed,
        tuple(Import(*one) for one in imports),
        tuple(Mark(*one) for one in marks),
        tuple(Ignore(one[0], tuple(one[1]), one[2]) for one in ignores),
        main,
        acts,
        sys_path,
        NotebookScan(notebook[0], tuple(notebook[1]), tuple(notebook[2])) if notebook else None,
        PickleScan(pickle[0], tuple(pickle[1]), tuple(pickle[2]), pickle[3]) if pickle else None,
        problem,
    )


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where caches of scans lie: FOSSML_CACHE_DIR, else `fossml` below XDG_CACHE_HOME or ~/.cache."""
    if own := environ.get("FOSSML_CACHE_DIR"):
        return Path(own).absolute() / "check"
    base = environ.get("XDG_CACHE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "fossml" / "check"
