"""Writing so that a kill or a power cut leaves the old or the new, never half: temporary names, syncs, swaps."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from fossml.store.paths import TEMPORARY

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_SYNC_FILE_RANGE_WRITE = 2
_FEW = 8
"""Up to so many files are synced one by one; above, one sync of the file system is faster."""
_STALE = 24 * 3600.0


def temporary(folder: Path) -> Path:
    """A new name in `folder` that nobody else uses."""
    return folder / temporary_name()


def temporary_name() -> str:
    """A file name that nobody else uses."""
    return TEMPORARY + os.urandom(8).hex()


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there."""
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporaries of `folder` untouched for a day: whoever wrote them was killed."""
    with contextlib.suppress(OSError):
        for path in folder.glob(TEMPORARY + "*"):
            if time.time() - path.lstat().st_mtime > _STALE:
                remove(path)


def sync(paths: Iterable[str]) -> None:
    """Return when the bytes of all these files and folders, of one file system, are on disk."""
    names = list(paths)
    if len(names) > _FEW and _sync_filesystem(names[0]):
        return
    for name in names:
        with _opened(name) as fd:
            os.fsync(fd)


def start_writing(fd: int) -> None:
    """Let the system begin to write the bytes of an open file to disk, so that a later `sync` finds it done."""
    if sys.platform == "linux":
        import ctypes  # where a big file is read or written only

        begin = getattr(ctypes.CDLL(None), "sync_file_range", lambda *_: 0)
        begin(fd, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WRITE)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _sync_filesystem(path: str) -> bool:
    """syncfs(2); False where there is none."""
    if sys.platform != "linux":
        return False
    with _opened(path) as fd:
        import ctypes  # where something is written only

        return bool(ctypes.CDLL(None).syncfs(fd) == 0)


def swap_in(new: Path, target: Path) -> None:
    """Put `new` where `target` is; where a folder is on either side, `new` is then what stood there before.

    There is always a whole `target`, except between two renames where the system cannot exchange names.
    """
    if os.path.lexists(target) and (_is_folder(new) or _is_folder(target)):
        _exchange(new, target)
    else:
        new.replace(target)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _exchange(new: Path, target: Path) -> None:
    """Afterwards `target` is what `new` was, and `new` what `target` was."""
    if _renameat2(new, target):
        return
    aside = temporary(target.parent)
    target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        aside.rename(target)
        raise
    aside.rename(new)


def _renameat2(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    import ctypes

    function = getattr(ctypes.CDLL(None), "renameat2", None)
    if function is None:
        return False
    return bool(function(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
