"""Finished runs, kept on disk: a run whose record is complete is never made again, one that is not is begun anew."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fossml.canon import key
from fossml.errors import UNKNOWN, FossmlError
from fossml.verify.cleanroom.room import remove

_NAME = re.compile(r"(\d{4,})-(\d+|none)")
_RECORD = "run.json"
_CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Record:
    """One finished run: its exit `code` (< 0: killed by that signal), what it wrote (path -> SHA-256).

    `timeout`: it was ended for taking too long. `stopped`: the limit of its sandbox that it came to.

    Beside it lie stdout.txt, stderr.txt, and below files/ copies of the small text files that it wrote.
    """

    seed: int | None
    code: int
    seconds: float
    written: Mapping[str, str] = field(default_factory=dict)
    timeout: bool = False
    stopped: str = ""

    @property
    def good(self) -> bool:
        """Whether the command succeeded. Only such runs are used again: what failed may have been mended outside."""
        return self.code == 0 and not self.timeout


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one run: its number in the order of seeds, its seed, its record if it is finished."""

    folder: Path
    number: int
    seed: int | None
    record: Record | None

    @property
    def chosen(self) -> bool:
        """Whether the seed was picked by the user: such a run is no draw, and only used where it is asked for."""
        return (self.folder / _CHOSEN).exists()

    @property
    def stdout(self) -> Path:
        """Where the run's standard output goes."""
        return self.folder / "stdout.txt"

    @property
    def stderr(self) -> Path:
        """Where the run's standard error goes."""
        return self.folder / "stderr.txt"

    @property
    def files(self) -> Path:
        """Where copies of what it wrote lie."""
        return self.folder / "files"


@contextlib.contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """Hold the records of `folder`. FossmlError where another fossml does: it is measuring `what`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FossmlError(
                f"another fossml is measuring {what}",
                where=str(folder),
                hint="wait for it: its runs will be used",
                code=UNKNOWN,
            ) from error
        yield


class Shelf:
    """The records of one command on one state of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second fossml off the same records, and sweep up what a killed one left."""
        with alone(self.folder, "the same command on the same files"):
            self._sweep()
            yield

    def places(self) -> list[Place]:
        """Every run that was ever begun, in the order of seeds."""
        found = []
        for folder in self.folder.glob("*-*"):
            if match := _NAME.fullmatch(folder.name):
                seed = None if match[2] == "none" else int(match[2])
                found.append(Place(folder, int(match[1]), seed, _read(folder)))
        return sorted(found, key=lambda place: place.number)

    def forget(self) -> None:
        """Remove every run."""
        for place in self.places():
            remove(place.folder)

    def begin(self, seed: int | None, *, chosen: bool = False) -> Place:
        """An empty place for a run with this seed: the one that it had if it was begun before and is not good."""
        known = self.places()
        for place in known:
            if place.seed == seed and not (place.record and place.record.good):
                chosen = place.chosen
                remove(place.folder)
                return _empty(Place(place.folder, place.number, seed, None), chosen)
        number = max((place.number for place in known), default=0) + 1
        folder = self.folder / f"{number:04d}-{'none' if seed is None else seed}"
        return _empty(Place(folder, number, seed, None), chosen)

    def finish(self, place: Place, record: Record) -> Place:
        """Write the record, last and at once: from now on the run is finished."""
        temporary = place.folder / f"{_RECORD}.new"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({**asdict(record), "sum": key(asdict(record))}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(place.folder / _RECORD)
        return Place(place.folder, place.number, place.seed, record)

    def _sweep(self) -> None:
        for place in self.places():
            if place.record is None:
                _end_orphan(place.folder / "pid")
                remove(place.folder / "room")


def _empty(place: Place, chosen: bool) -> Place:
    place.folder.mkdir()
    if chosen:
        (place.folder / _CHOSEN).touch()
    return place


def _read(folder: Path) -> Record | None:
    """The record of a run; None if there is none or it is damaged."""
    try:
        fields: dict[str, Any] = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        expected = fields.pop("sum")
        record = Record(**fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return record if key(fields) == expected else None


def note_pid(place: Place, pid: int) -> None:
    """Remember the process of a run, so that it can be ended if this process is killed."""
    (place.folder / "pid").write_text(f"{pid} {_birth(pid)}")


def _birth(pid: int) -> str:
    """When a process started, in the kernel's ticks: tells it from a later one with the same number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _end_orphan(note: Path) -> None:
    """End the process group of a run whose fossml was killed, if it is certainly still that one."""
    try:
        pid, birth = note.read_text().split(" ")
    except (OSError, ValueError):
        return
    if birth and _birth(int(pid)) == birth:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(int(pid), signal.SIGKILL)
