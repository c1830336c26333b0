"""Files and folders by their paths: what was added, removed, changed, and how."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from fossml.compare.forms import compare_streams
from fossml.compare.model import SAME, Budget, Comparison, Part, Tally, unknown

_MOST_FILES = 100_000


def compare_paths(left: Path, right: Path, budget: Budget | None = None) -> Comparison:
    """Compare two files or two folders. Links are not followed: they are compared as what they say."""
    spent = budget or Budget()
    try:
        a, b = _kind(left), _kind(right)
        if a != b:
            return Comparison("different", parts=(Part("", a, b),), count=1, of=1)
        if a == "a folder":
            return _folders(left, right, spent)
        if a == "a link":
            return _links("", os.readlink(left), os.readlink(right))  # noqa: PTH115 - as text
        if a != "a file":
            return unknown("", f"neither a file nor a folder: {a}")
        with left.open("rb") as x, right.open("rb") as y:
            return compare_streams(right.name, x, y, spent)
    except OSError as error:
        return unknown("", f"{error.filename or left}: {error.strerror}")


def _kind(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return "nothing"
    kinds: list[tuple[Callable[[int], bool], str]] = [
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISLNK, "a link"),
    ]
    return next((name for test, name in kinds if test(mode)), "a special file")


def _links(where: str, a: str, b: str) -> Comparison:
    if a == b:
        return SAME
    return Comparison("different", "link", parts=(Part(where, a, b),), count=1, of=1)


def _folders(left: Path, right: Path, budget: Budget) -> Comparison:
    tally = Tally.of_form("folder")
    a, b = _names(left), _names(right)
    if a is None or b is None:
        return unknown("folder", f"more than {_MOST_FILES} files")
    identical = True
    for name in sorted(a | b):
        if name not in b or name not in a:
            identical = False
            tally.differ(Part(name, _size(left / name, name in a), _size(right / name, name in b)))
            continue
        tally.of += 1
        found = compare_paths(left / name, right / name, budget)
        if found.level != "bytes":
            identical = False
            tally.add(found, name)
    return SAME if identical else tally.result()


def _size(path: Path, there: bool) -> str | None:
    return f"{path.lstat().st_size} bytes" if there else None


def _names(folder: Path) -> set[str] | None:
    """The files and links below `folder`."""
    found: set[str] = set()
    pending = [""]
    while pending:
        parent = pending.pop()
        with os.scandir(folder / parent) as entries:
            for entry in entries:
                name = f"{parent}/{entry.name}" if parent else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(name)
                else:
                    found.add(name)
        if len(found) > _MOST_FILES:
            return None
    return found
