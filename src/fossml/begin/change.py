"""A change to a file: shown as a unified diff, and made only inside the repository."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError


@dataclass(frozen=True, slots=True)
class Change:
    """The text of the file at `path` (relative to the root, POSIX) before and after; `before` None: it is new."""

    path: str
    before: str | None
    after: str


def unified(changes: Iterable[Change]) -> str:
    """The changes as one unified diff; of a new and empty file the two names alone."""
    return "".join(_diff(change) for change in changes)


def _diff(change: Change) -> str:
    old, new = (change.before or "").splitlines(keepends=True), change.after.splitlines(keepends=True)
    source = "/dev/null" if change.before is None else f"a/{change.path}"
    if not old and not new:
        return f"--- {source}\n+++ b/{change.path}\n"
    lines = difflib.unified_diff(old, new, source, f"b/{change.path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def apply(root: Path, changes: Iterable[Change]) -> None:
    """Write the changes, each by a temporary name and a rename.

    FossmlError, before anything is written, where a file is not as it was read or lies outside the repository.
    """
    todo = list(changes)
    for change in todo:
        _check(root, change)
    for change in todo:
        _write(root / change.path, change.after)


def _check(root: Path, change: Change) -> None:
    target = root / change.path
    if not target.resolve().is_relative_to(root.resolve()) or target.is_symlink():
        raise FossmlError("is a link out of the way, and is not written through", where=change.path)
    if read(root, change.path) != change.before:
        raise FossmlError("has changed in the meantime, nothing was written", where=change.path, hint="run it again")


def read(root: Path, path: str) -> str | None:
    """The text of a file, line ends as they are; None where there is none. FossmlError where it is not UTF-8."""
    try:
        return (root / path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, OSError) as error:
        raise FossmlError(f"cannot be read as text: {error}", where=path) from error


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode("utf-8"))
    mask = os.umask(0)
    os.umask(mask)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~mask
    Path(temporary).chmod(mode)
    Path(temporary).replace(target)
