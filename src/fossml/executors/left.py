"""What a stranger's command may have left to lead others astray: links out of its room, pipes, set-uid files."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from fossml.executors.sandbox import Sandbox

_SPECIAL = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}
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

    Links go that lead to what the sandbox does not show, and what is neither file, folder nor link.
    """
    found: list[Left] = []
    pending = [str(sandbox.room)]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif left := _astray(entry, sandbox):
                    found.append(left)
                    Path(entry.path).unlink()
                else:
                    _as_oneself(entry)
    return tuple(found)


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
