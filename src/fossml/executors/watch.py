"""Looking at a run from outside while it goes on: what it printed, wrote and took, and whether that is too much."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fossml.executors.cgroup import Group
from fossml.executors.limits import Breach, Kind, Limits, breach

TICK = 0.1
"""Seconds between two looks."""
_SPARING = 10
"""A look at the folders may take one part in so many of the time."""
_KEPT_FREE = 20
"""One part in so many of what was free on the disk stays so."""


@dataclass(slots=True)
class Watch:
    """One run: `folders` may grow, `logs` are what it prints, `group` is None where none could be made."""

    limits: Limits
    folders: tuple[Path, ...]
    logs: tuple[Path, ...]
    group: Group | None
    began: float = field(default_factory=time.monotonic)
    _before: int = 0
    _spared: tuple[int, int] = (0, 0)
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._before = size(self.folders)
        disk = os.statvfs(self.folders[0])
        self._spared = (disk.f_bavail // _KEPT_FREE, disk.f_favail // _KEPT_FREE)

    def look(self, pid: int) -> Breach | None:
        """The limit that was reached, if one was; `pid` is the process that was started."""
        kind = self._group(pid) or self._output() or self._time() or self._disk()
        return breach(kind, self.limits) if kind else None

    def afterwards(self, pid: int) -> Breach | None:
        """What is known only when it has ended: a kill for want of memory, and a log or a folder that grew at last."""
        kind: Kind | None = self.group.refused(pid) if self.group else None
        kind = kind or self._output() or ("disk" if self._grew() else None)
        for log in self.logs:
            with contextlib.suppress(OSError):
                if log.stat().st_size > self.limits.output:
                    os.truncate(log, self.limits.output)
        return breach(kind, self.limits) if kind else None

    def _group(self, pid: int) -> Kind | None:
        if self.group is not None:
            return self.group.refused(pid)
        tasks, memory = taken(pid)
        if memory > self.limits.memory:
            return "memory"
        return "processes" if tasks >= self.limits.processes else None

    def _output(self) -> Kind | None:
        return "output" if sum(map(_length, self.logs)) > self.limits.output else None

    def _time(self) -> Kind | None:
        return "time" if time.monotonic() - self.began > self.limits.seconds else None

    def _disk(self) -> Kind | None:
        disk = os.statvfs(self.folders[0])
        if disk.f_bavail < self._spared[0] or disk.f_favail < self._spared[1]:
            return "disk"
        now = time.monotonic()
        if now < self._next:
            return None
        grew = self._grew()
        self._next = now + _SPARING * (time.monotonic() - now)
        return "disk" if grew else None

    def _grew(self) -> bool:
        return size(self.folders) - self._before >= self.limits.disk


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def size(folders: Iterable[Path]) -> int:
    """The bytes that the files below `folders` take of the disk; what goes away meanwhile does not count."""
    total, pending = 0, [str(folder) for folder in folders]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
    return total


def taken(pid: int) -> tuple[int, int]:
    """The threads of `pid` and of all that descend from it, and the bytes of memory that they have in use."""
    children: dict[int, list[tuple[int, int, int]]] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = stat.read_bytes().rpartition(b")")[2].split()
            one = (int(stat.parent.name), int(fields[17]), int(fields[21]) * page)
            children.setdefault(int(fields[1]), []).append(one)
    found, pending = [(pid, 1, 0)], [pid]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += [child for child, _, _ in below]
    return sum(threads for _, threads, _ in found), sum(_share(child, resident) for child, _, resident in found)


def _share(pid: int, resident: int) -> int:
    """The bytes that a process has in use; of those that it shares with others, its part."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return resident
