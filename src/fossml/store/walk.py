"""Which files of a folder DVC would count: everything but what is ignored and what belongs to version control."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from fossml.errors import FossmlError
from fossml.store.paths import TEMPORARY, shown

Ignored: TypeAlias = Callable[[str, bool], bool]
"""`ignored(path, is_folder)`: `path` is POSIX and relative to the repository root."""

_Found: TypeAlias = tuple[os.DirEntry[str], str]


def nothing_ignored(_path: str, _is_folder: bool) -> bool:
    """The `Ignored` of a repository without .dvcignore."""
    return False


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a folder, by name relative to it, in no set order; `links` are the names of symbolic links."""

    stats: dict[str, os.stat_result] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)


def files(folder: Path, path: str, ignored: Ignored = nothing_ignored) -> Files:
    """The files below `folder`, which is `path` for `ignored`, with names that are POSIX.

    Links to files count as files (with the stat of what they lead to), links to folders do not count, as in DVC.
    Broken links, pipes and devices, names that are not UTF-8 and a .dvcignore in the folder raise FossmlError: DVC
    cannot track them either. OSError where a folder cannot be read.
    """
    found = Files()
    for kept, _ in _visit(folder, path.rstrip("/"), ignored):
        for entry, name in kept:
            found.stats[name] = _checked(entry, name)
            if entry.is_symlink():
                found.links.add(name)
    return found


def left_out(folder: Path, path: str, ignored: Ignored = nothing_ignored) -> list[str]:
    """The topmost entries of `folder` that `files` leaves out, relative to it."""
    return [name for _, out in _visit(folder, path.rstrip("/"), ignored) for _, name in out]


def _visit(folder: Path, path: str, ignored: Ignored) -> Iterator[tuple[list[_Found], list[_Found]]]:
    """For each folder its files and its entries left out, with their names relative to the topmost folder.

    It keeps a list of what is still to do and does not call itself: folders may be nested deeper than calls.
    """
    todo = [(os.fspath(folder), "")]
    while todo:
        here, prefix = todo.pop()
        kept: list[_Found] = []
        out: list[_Found] = []
        for entry in _entries(here):
            name = prefix + entry.name
            is_folder = entry.is_dir()
            if _left_out(entry, is_folder) or ignored(f"{path}/{name}", is_folder):
                out.append((entry, name))
            elif not is_folder:
                kept.append((entry, name))
            elif not entry.is_symlink():
                todo.append((entry.path, name + "/"))
        yield kept, out


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _left_out(entry: os.DirEntry[str], is_folder: bool) -> bool:
    """DVC's built-in patterns, and what fossml itself was writing. A folder with a .dvc is another repository."""
    name = entry.name
    if name[:1] == "." and (name == ".git" or name.startswith(TEMPORARY)):
        return True
    return is_folder and (name in (".hg", ".dvc") or os.path.isdir(f"{entry.path}/.dvc"))  # noqa: PTH112 - hot


def _checked(entry: os.DirEntry[str], name: str) -> os.stat_result:
    if entry.name == ".dvcignore":
        raise FossmlError(
            "a tracked folder cannot hold a .dvcignore", where=shown(entry.path), hint="move it above the folder"
        )
    try:
        st = entry.stat()
    except OSError:
        if not entry.is_symlink():
            raise
        st = None
    if st is None or not stat.S_ISREG(st.st_mode):
        kind = "a broken link" if st is None else "neither a file nor a folder"
        raise FossmlError(
            f"{kind} cannot be tracked", where=shown(entry.path), hint="remove it, or name it in .dvcignore"
        )
    if not name.isascii():
        _check_utf8(entry, name)
    return st


def _check_utf8(entry: os.DirEntry[str], name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FossmlError("this name is not UTF-8", where=shown(entry.path), hint="rename the file") from None
