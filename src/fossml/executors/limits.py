"""What a run may take of a machine, and how it is said that it wanted more."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["processes", "memory", "disk", "output", "time"]

_DISK = 64 * 2**30
_SPARED = 10
"""A run gets all of the memory but one part in so many."""
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a run may take: processes and threads at a time, bytes of memory, bytes that its folders may grow
    by, bytes that it may print, seconds.
    """  # fmt: skip

    processes: int
    memory: int
    disk: int
    output: int = 64 * 2**20
    seconds: float = _DAY


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was reached, and what is said of it."""

    kind: Kind
    message: str


def of_machine(folder: Path) -> Limits:
    """What a run gets where nobody says more: nearly all of the memory, half of what is free where `folder` lies."""
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    return Limits(
        processes=max(2048, 128 * (os.cpu_count() or 1)),
        memory=page * pages * (_SPARED - 1) // _SPARED,
        disk=min(_DISK, shutil.disk_usage(folder).free // 2),
    )


def breach(kind: Kind, limits: Limits) -> Breach:
    """The sentence for a limit that was reached."""
    words = {
        "processes": f"it had {limits.processes} processes and threads at a time and wanted more",
        "memory": f"it took more than {sized(limits.memory)} of memory",
        "disk": f"it wrote more than {sized(limits.disk)} to the disk, or left the disk nearly full",
        "output": f"it printed more than {sized(limits.output)}",
        "time": f"it ran longer than {limits.seconds:g} s",
    }
    return Breach(kind, words[kind])


def sized(size: int) -> str:
    """Bytes for people: 1.5 GiB."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
