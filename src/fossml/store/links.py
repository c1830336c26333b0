"""How a file in the workspace is tied to its object in the cache: reflink, hardlink, symlink or copy, as in DVC."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from fossml.errors import FossmlError

KINDS = ("reflink", "hardlink", "symlink", "copy")

_FICLONE = 0x40049409
_CHUNK = 2**20
_CANNOT = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.ENOTTY, errno.ENOSYS, errno.EINVAL, errno.EMLINK}
)
"""What a file system answers when it does not have that kind of link; any other error is one."""


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """`kinds` if there is at least one and DVC knows all of them."""
    given = tuple(kinds)
    if not given or not set(given) <= set(KINDS):
        raise FossmlError(f"unknown cache.type {','.join(given)!r}", hint=f"known are {', '.join(KINDS)}")
    return given


def link(kind: str, source: Path, target: Path) -> bool:
    """Make `target`, which must not exist, a reflink, hardlink or symlink to `source`; False where that cannot be."""
    try:
        _LINKS[kind](source, target)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


def copy(source: Path, target: Path, *, executable: bool = False) -> str:
    """Copy the bytes into `target`, which must not exist, and return their MD5, computed in the same read."""
    hasher = hashlib.md5(usedforsecurity=False)
    with source.open("rb", buffering=0) as read, open(_create(target, executable), "wb", buffering=0) as write:
        buffer = memoryview(bytearray(min(_CHUNK, os.fstat(read.fileno()).st_size + 1)))
        while size := read.readinto(buffer):
            hasher.update(buffer[:size])
            _write_all(write.fileno(), buffer[:size])
    return hasher.hexdigest()


def _write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _create(target: Path, executable: bool) -> int:
    """A new file for writing, with the mode that the umask leaves."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(target, flags, 0o777 if executable else 0o666)


def _reflink(source: Path, target: Path) -> None:
    """Share the blocks of `source` until either changes (btrfs, XFS, bcachefs, ZFS)."""
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, "no reflinks here")
    import fcntl

    with source.open("rb") as read, open(_create(target, False), "wb") as write:
        try:
            fcntl.ioctl(write.fileno(), _FICLONE, read.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                target.unlink()
            raise


def _hardlink(source: Path, target: Path) -> None:
    target.hardlink_to(source)


def _symlink(source: Path, target: Path) -> None:
    target.symlink_to(source.absolute())


_LINKS = {"reflink": _reflink, "hardlink": _hardlink, "symlink": _symlink}


class Linker:
    """`link` that remembers which kinds two file systems refused, so as not to ask again for every file."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, int, int]] = set()

    def link(self, kind: str, source: Path, target: Path) -> bool:
        """As the function `link`."""
        between = (kind, source.stat().st_dev, target.parent.stat().st_dev)
        if between in self._refused:
            return False
        done = link(kind, source, target)
        if not done:
            self._refused.add(between)
        return done
