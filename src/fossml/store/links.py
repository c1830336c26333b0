"""How a file in the workspace is tied to its object in the cache: reflink, hardlink, symlink or copy, as in DVC."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from fossml.errors import FossmlError
from fossml.store import reading
from fossml.store.reading import Digests

KINDS = ("reflink", "hardlink", "symlink", "copy")

_FICLONE = 0x40049409
PROTECTED = 0o444
"""The mode of every object: it is shared, so nobody may write to it."""

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


def link(kind: str, source: str, target: str) -> bool:
    """Make `target`, which must not exist, a reflink, hardlink or symlink to `source`; False where that cannot be."""
    try:
        _LINKS[kind](source, target)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


@dataclass(frozen=True, slots=True)
class Copied:
    """What the bytes of a copy hash to, and what the system says of it when it was written."""

    digests: Digests
    stat: os.stat_result


def copy(
    source: str, target: str, size: int, *, mode: int = 0o666, known: Digests | None = None, protect: bool = False
) -> Copied | None:
    """Copy the bytes, about `size`, into `target`, which must not exist, hashing them in the same read.

    Where `source` is `known` with its SHA-256 that alone is computed, the cheaper of the two on most machines; None
    if it differs. `mode` is subject to the umask; `protect` makes the copy read-only, as objects are.
    """
    read = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        write = _create(target, PROTECTED if protect else mode)
        try:
            digests = _digests(read, write, size, known)
            st = os.fstat(write)
            if protect and stat.S_IMODE(st.st_mode) != PROTECTED:  # the umask took some
                protect_file(write)
            return Copied(digests, st) if digests else None
        finally:
            os.close(write)
    finally:
        os.close(read)


def _digests(read: int, write: int, size: int, known: Digests | None) -> Digests | None:
    if known is None or known.sha256 is None:
        return reading.read(read, size, write)
    return known if reading.copy_sha256(read, size, write) == known.sha256 else None


def write_protected(target: str, data: bytes) -> None:
    """Write the new, read-only file `target`."""
    write = _create(target, PROTECTED)
    try:
        reading.write_all(write, data)
        if stat.S_IMODE(os.fstat(write).st_mode) != PROTECTED:
            protect_file(write)
    finally:
        os.close(write)


def protect_file(file: int | str) -> None:
    """Make an object read-only. Some network file systems have no modes; DVC does without there as well."""
    with contextlib.suppress(OSError):
        os.chmod(file, PROTECTED)  # noqa: PTH101 - a file descriptor or a name, for each of many files


def _create(target: str, mode: int) -> int:
    """A new file for writing, with the mode that the umask leaves."""
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def _reflink(source: str, target: str) -> None:
    """Share the blocks of `source` until either changes (btrfs, XFS, bcachefs, ZFS)."""
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, "no reflinks here")
    import fcntl

    with open(source, "rb") as read, open(_create(target, 0o666), "wb") as write:  # noqa: PTH123 - names are strings here
        try:
            fcntl.ioctl(write.fileno(), _FICLONE, read.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(target)  # noqa: PTH108
            raise


def _hardlink(source: str, target: str) -> None:
    os.link(source, target)


def _symlink(source: str, target: str) -> None:
    os.symlink(source, target)  # noqa: PTH211 - likewise


_LINKS = {"reflink": _reflink, "hardlink": _hardlink, "symlink": _symlink}


class Linker:
    """`link` that remembers which kinds two file systems refused, so as not to ask again for every file."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, int, int]] = set()
        self._devices: dict[str, int] = {}

    def link(self, kind: str, source: str, target: str) -> bool:
        """As the function `link`; `source` is absolute."""
        if self.refuses(kind, source, target):
            return False
        done = link(kind, source, target)
        if not done:
            self._refused.add((kind, self._device(source), self._device(target)))
        return done

    def refuses(self, kind: str, source: str, target: str) -> bool:
        """Whether it is known that there is no such link between these two."""
        return bool(self._refused) and (kind, self._device(source), self._device(target)) in self._refused

    def _device(self, path: str) -> int:
        """The file system that the folder of `path` is on."""
        folder = path.rpartition(os.sep)[0]
        if folder not in self._devices:
            self._devices[folder] = os.stat(folder or os.sep).st_dev  # noqa: PTH116
        return self._devices[folder]
