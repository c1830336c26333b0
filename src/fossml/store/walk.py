"""Which files of a folder DVC would count: everything but what is ignored and what belongs to version control."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from fossml.errors import FossmlError
from fossml.store.paths import TEMPORARY

Ignored: TypeAlias = Callable[[str, bool], bool]
"""`ignored(path, is_folder)`: `path` is POSIX and relative to the repository root."""


def nothing_ignored(_path: str, _is_folder: bool) -> bool:
    """The `Ignored` of a repository without .dvcignore."""
    return False


def files(folder: Path, path: str, ignored: Ignored = nothing_ignored) -> list[str]:
    """The files below `folder`, which is `path` for `ignored`: relative to it, POSIX, in no set order.

    Links to files count as files, links to folders do not count, as in DVC. Broken links, pipes and devices, names
    that are not UTF-8 and a .dvcignore in the folder raise FossmlError: DVC cannot track them either.
    """
    return [_checked(entry, name) for entry, name, kept in _visit(folder, "", path.rstrip("/"), ignored) if kept]


def left_out(folder: Path, path: str, ignored: Ignored = nothing_ignored) -> list[str]:
    """The topmost entries of `folder` that `files` leaves out, relative to it."""
    return [name for _entry, name, kept in _visit(folder, "", path.rstrip("/"), ignored) if not kept]


def _visit(
    folder: str | Path, prefix: str, path: str, ignored: Ignored
) -> Iterator[tuple[os.DirEntry[str], str, bool]]:
    """Each file and each topmost entry left out, its name relative to the folder, and whether it is kept."""
    for entry in _entries(folder):
        name = prefix + entry.name
        is_folder = entry.is_dir()
        if _left_out(entry, is_folder) or ignored(f"{path}/{name}", is_folder):
            yield entry, name, False
        elif not is_folder:
            yield entry, name, True
        elif not entry.is_symlink():
            yield from _visit(entry.path, name + "/", path, ignored)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(os.fspath(folder)) as entries:
        return list(entries)


def _left_out(entry: os.DirEntry[str], is_folder: bool) -> bool:
    """DVC's built-in patterns, and what fossml itself was writing. A folder with a .dvc is another repository."""
    if entry.name.startswith(TEMPORARY) or entry.name == ".git":
        return True
    return is_folder and (entry.name in (".hg", ".dvc") or Path(entry.path, ".dvc").is_dir())


def _checked(entry: os.DirEntry[str], relative: str) -> str:
    if entry.name == ".dvcignore":
        raise FossmlError(
            "a tracked folder cannot hold a .dvcignore", where=entry.path, hint="move it above the folder"
        )
    if not entry.is_file():
        kind = "a broken link" if entry.is_symlink() else "neither a file nor a folder"
        raise FossmlError(f"{kind} cannot be tracked", where=entry.path, hint="remove it, or name it in .dvcignore")
    try:
        relative.encode()
    except UnicodeEncodeError:
        raise FossmlError("this name is not UTF-8", where=repr(entry.path), hint="rename the file") from None
    return relative
