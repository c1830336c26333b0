"""The ledger: every Run that did happen, one JSON line each, only ever appended to."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from fossml.errors import FossmlError
from fossml.store.paths import check_own, shown
from fossml.store.record import from_json, to_json
from fossml.types import Run

__all__ = ["Ledger", "from_json", "to_json"]


class Ledger:
    """The Runs in the file `path`, oldest first. Safe for several processes at once.

    A line that is no Run (torn by a power cut, or somebody else's) is passed over; `skipped` says how many were at
    the last reading.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_recipe: dict[str, list[Run]] = {}
        self._by_stage: dict[str, list[Run]] = {}
        self._read_from = (0, 0)
        self.skipped = 0

    def append(self, run: Run) -> None:
        """Append `run`; it is on disk on return. FossmlError where it cannot be written."""
        line = json.dumps(to_json(run), separators=(",", ":")).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _append(check_own(self._path), line)
        except OSError as error:
            raise FossmlError(f"cannot record the run: {error.strerror}", where=shown(self._path)) from error

    def runs(self) -> Iterator[Run]:
        """Every Run, oldest first."""
        self.skipped = 0
        for line in self._lines(0):
            run = _parse(line)
            if run is not None:
                yield run
            elif line.strip():
                self.skipped += 1

    def with_recipe(self, recipe: str) -> list[Run]:
        """The Runs of this recipe, the newest first. The file is read once; later calls read what was appended."""
        self._catch_up()
        return self._by_recipe.get(recipe, [])[::-1]

    def of(self, stage: str) -> list[Run]:
        """The Runs of the stage with this address, the newest first."""
        self._catch_up()
        return self._by_stage.get(stage, [])[::-1]

    def _catch_up(self) -> None:
        inode, size = self._extent()
        known, done = self._read_from
        if inode != known or size < done:
            self._by_recipe, self._by_stage, done, self.skipped = {}, {}, 0, 0
        if size == done:
            return
        for line in self._lines(done):
            if not line.endswith(b"\n"):
                break  # somebody is still writing it; it is read again next time
            done += len(line)
            run = _parse(line)
            if run is not None:
                self._by_recipe.setdefault(run.recipe, []).append(run)
                self._by_stage.setdefault(run.stage, []).append(run)
            elif line.strip():
                self.skipped += 1
        self._read_from = (inode, done)

    def _extent(self) -> tuple[int, int]:
        try:
            st = self._path.stat()
        except FileNotFoundError:
            return 0, 0
        return st.st_ino, st.st_size

    def _lines(self, start: int) -> Iterator[bytes]:
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        except OSError as error:
            raise FossmlError(f"cannot read the ledger: {error.strerror}", where=shown(self._path)) from error
        with file:
            file.seek(start)
            yield from file


def _parse(line: bytes) -> Run | None:
    try:
        return from_json(json.loads(line))
    except (ValueError, RecursionError):
        return None


def _append(path: Path, line: bytes) -> None:
    """One write under a lock; a torn last line is ended first, so that it costs only itself."""
    is_new = not path.exists()
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        size = os.fstat(fd).st_size
        torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        data = b"\n" + line if torn else line
        if os.write(fd, data) != len(data):
            raise OSError(0, "the disk is full")
        os.fsync(fd)
    finally:
        os.close(fd)
    if is_new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
