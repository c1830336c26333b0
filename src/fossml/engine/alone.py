"""Only one at a time: a second fossml on the same repository, and a dvc that writes there, are noticed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from fossml.errors import FossmlError
from fossml.store.paths import check_own


@contextmanager
def alone(root: Path) -> Iterator[bool]:
    """Hold the lock of the repository at `root`; whether the process that held it before was killed.

    FossmlError names the process that holds it, or that of dvc.
    """
    with check_own(root / ".fossml" / "lock").open("a+") as file:
        if not _lock(file.fileno()):
            raise FossmlError(
                f"another fossml builds here (process {_holder(file) or 'unknown'})", hint="wait for it to end"
            )
        _refuse_dvc(root / ".dvc" / "tmp")
        killed = bool(_holder(file))
        _say(file, str(os.getpid()))
        try:
            yield killed
        finally:
            _say(file, "")


def _holder(file: TextIO) -> str:
    file.seek(0)
    return file.read().strip()


def _say(file: TextIO, holder: str) -> None:
    file.truncate(0)
    file.write(holder)
    file.flush()


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_dvc(folder: Path) -> None:
    """FossmlError where dvc works: it holds `lock` while it plans and `rwlock` names who writes while a stage runs."""
    held = next((pid for pid in _writers(folder / "rwlock") if _is_alive(pid)), None)
    if held is None and not _is_locked(folder / "lock"):
        return
    raise FossmlError(f"dvc works here{f' (process {held})' if held else ''}", hint="wait for it to end")


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return not _lock(file.fileno())
    except OSError:
        return False


def _writers(path: Path) -> list[int]:
    """The processes that `path`, DVC's rwlock, names as writing; none where it is missing or damaged."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return [int(writer["pid"]) for writer in data.get("write", {}).values()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return pid > 0
