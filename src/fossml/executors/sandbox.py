"""A closed room for a stranger's command, as a value: what it may reach and write, and who runs in it.

What the command sees: the system's programs and libraries and the folders that are named, read-only; the room, a home
and a /tmp, which it may write; processes of its own. It runs as nobody that the machine knows (where this process is
root), or as the user mapped to another number, without capabilities, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from fossml.executors.limits import Limits
from fossml.executors.users import may_become, own_uid

USER, HOST, HOME = "reader", "room", "/home/reader"

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a command may reach. `room`, `home` and `tmp` are folders of this machine that it may write.

    The room is where it is outside, the home at HOME, `tmp` at /tmp. `readable` are further folders and files, at their
    places; `locked` those inside the room that are read-only, `writable` those inside the locked ones that are not.
    `user` and `host` are the names that it sees.
    """

    room: Path
    home: Path
    tmp: Path
    limits: Limits
    readable: tuple[Path, ...] = ()
    locked: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    network: bool = False
    gpus: bool = False
    user: str = USER
    host: str = HOST

    @property
    def uid(self) -> int:
        """The user outside: one that is nobody else's where this process is root."""
        return own_uid(self.room) if may_become() else os.getuid()

    @property
    def grows(self) -> tuple[Path, ...]:
        """The folders whose growth counts."""
        return (self.room, self.home, self.tmp)

    def sees(self, path: Path) -> bool:
        """Whether `path` (absolute, without links) is the same inside as outside."""
        roots = [*map(Path, SYSTEM), *self.readable, self.room]
        return any(path.is_relative_to(root) for root in roots)


def environment() -> dict[str, str]:
    """The variables that say who and where the command is, in place of the reader's."""
    return {"HOME": HOME, "USER": USER, "LOGNAME": USER, "TMPDIR": "/tmp", "SHELL": "/bin/sh"}


def hand_over(sandbox: Sandbox) -> None:
    """Give what lies in the room, the home and /tmp to the user inside; what shares its bytes with others stays.

    Nothing where the user inside is the one that runs this.
    """
    if not may_become():
        return
    kept = {str(path) for path in sandbox.locked}
    for top in sandbox.grows:
        _give(str(top), sandbox.uid, kept)
    for top in sandbox.writable:
        _give(str(top), sandbox.uid, set())


def _give(top: str, uid: int, kept: set[str]) -> None:
    os.chown(top, uid, uid, follow_symlinks=False)
    pending = [top]
    while pending:
        # What is too deep for a path is its user's already.
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.path in kept:
                    continue
                seen = entry.stat(follow_symlinks=False)
                folder = entry.is_dir(follow_symlinks=False)
                if seen.st_uid != uid and (folder or seen.st_nlink == 1):
                    os.chown(entry.path, uid, uid, follow_symlinks=False)
                if folder:
                    pending.append(entry.path)
