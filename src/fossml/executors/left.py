"""What a stranger's command may have left to lead others astray: links out of its room, pipes, set-uid files."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from fossml.executors.sandbox import Sandbox

_SPECIAL = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}
_LONGEST, _DEEPEST = 3000, 250
"""Bytes and parts of a path beyond which a folder is not looked into: no call takes one of 4096 bytes."""
_SHOWN = 60
_AS_OTHERS = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was removed: `path` below the room, what it was, and where it led to if it was a link."""

    path: str
    what: str
    target: str = ""

    def __str__(self) -> str:
        return f"{self.path} is {self.what}" + (f" to {self.target}" if self.target else "")


def disarm(sandbox: Sandbox) -> tuple[Left, ...]:
    """Remove what would lead a reader or writer of the room astray; to be called when nothing runs in it.

    Links go that lead to what the sandbox does not show, what is neither file, folder nor link, and folders too deep to
    be looked into. Folders that were shut are opened: what is in them may be such a link.
    """
    found: list[Left] = []
    pending = [str(sandbox.room)]
    while pending:
        here = pending.pop()
        _open(here)
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    if len(os.fsencode(entry.path)) < _LONGEST and entry.path.count("/") < _DEEPEST:
                        pending.append(entry.path)
                        continue
                    found.append(Left(f"{os.path.relpath(entry.path, sandbox.room)[:_SHOWN]}...", "a folder too deep"))
                    erase(Path(entry.path))
                elif left := _astray(entry, sandbox):
                    found.append(left)
                    Path(entry.path).unlink()
                else:
                    _as_oneself(entry)
    return tuple(found)


def erase(folder: Path) -> None:
    """Remove `folder` and all that is in it, however deep it is and whatever its modes; what will not go stays.

    Folders are moved up to the first one before they are emptied, so that no path grows with the depth.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    moved, before = 0, -1
    while moved != before:
        before = moved
        moved += _lifted(str(folder), moved)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _lifted(top: str, number: int) -> int:
    """Empty the folders in `top`, those inside them moved beside them by new names; how many things went or moved."""
    count = 0
    _open(top)
    for entry in _entries(top):
        inner = _entries(entry.path) if entry.is_dir(follow_symlinks=False) and _open(entry.path) else []
        for one in inner:
            with contextlib.suppress(OSError):
                if one.is_dir(follow_symlinks=False):
                    _open(one.path)
                    Path(one.path).rename(f"{top}/.{os.getpid()}-{number + count}")
                else:
                    Path(one.path).unlink()
                count += 1
        with contextlib.suppress(OSError):
            (os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.path)
            count += 1
    return count


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _open(folder: str) -> bool:
    """Let its owner list and change `folder`, which is no link."""
    with contextlib.suppress(OSError):
        mode = os.lstat(folder).st_mode
        if mode & stat.S_IRWXU != stat.S_IRWXU:
            Path(folder).chmod(stat.S_IMODE(mode) | stat.S_IRWXU)
    return True


def _astray(entry: os.DirEntry[str], sandbox: Sandbox) -> Left | None:
    path = os.path.relpath(entry.path, sandbox.room)
    if entry.is_symlink():
        try:
            target = Path(os.path.realpath(entry.path))
        except (OSError, ValueError):
            return Left(path, "a link", "nowhere")
        return None if sandbox.sees(target) else Left(path, "a link", str(Path(entry.path).readlink()))
    kind = stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
    return Left(path, _SPECIAL[kind]) if kind in _SPECIAL else None


def _as_oneself(entry: os.DirEntry[str]) -> None:
    """A file that would run as its owner no longer does."""
    mode = 0 if entry.is_symlink() else entry.stat(follow_symlinks=False).st_mode
    if mode & _AS_OTHERS:
        Path(entry.path).chmod(stat.S_IMODE(mode) & ~_AS_OTHERS)
