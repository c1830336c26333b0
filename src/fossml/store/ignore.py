"""Entries in .gitignore for outputs that the cache holds, as dvc writes them."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fossml.errors import FossmlError
from fossml.store.paths import check_target, shown

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_SPECIAL = re.compile(r"([\\\[\]!*#?])")


def gitignore(root: Path, path: str) -> None:
    """Make git ignore the output `path` (relative to `root`): append `/name` to the .gitignore of its folder, once.

    Nothing is written where a .gitignore of the repository ignores it already.
    """
    name = PurePosixPath(path).name
    file = (root / path).parent / ".gitignore"
    check_target(root, file)
    if file.is_symlink():
        check_target(root, file.resolve())
    if "\n" in name:
        raise FossmlError("git cannot ignore a name with a line break", where=shown(path))
    try:
        if not _is_ignored(root, PurePosixPath(os.path.normpath(path))):
            _append(file, f"/{_escape(name)}")
    except OSError as error:
        raise FossmlError(f"cannot write: {error.strerror}", where=shown(file)) from error


def _escape(name: str) -> str:
    """`name` as a pattern that means only itself; git drops a space at the end unless it is escaped."""
    escaped = _SPECIAL.sub(r"\\\1", name)
    return f"{escaped[:-1]}\\ " if escaped.endswith(" ") else escaped


def _append(file: Path, entry: str) -> None:
    """Append a line in one write, after the line that is there, finished or not."""
    text = _read(file)
    if entry in text.splitlines():
        return
    line = entry + "\n" if text == "" or text.endswith("\n") else f"\n{entry}\n"
    with file.open("ab", buffering=0) as out:
        out.write(line.encode("utf-8", "surrogateescape"))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def _is_ignored(root: Path, path: PurePosixPath) -> bool:
    """Whether the .gitignore files from `root` down ignore `path` or a folder above it; the deepest wins."""
    return any(_verdict(root, above) for above in (*reversed(path.parents[:-1]), path))


def _verdict(root: Path, path: PurePosixPath) -> bool:
    verdict = False
    for folder, patterns in _patterns(root, path):
        from pathspec import GitIgnoreSpec  # only where there is a .gitignore: the import costs more than the rest

        relative = str(path.relative_to(folder)) + ("/" if (root / path).is_dir() else "")
        spec = GitIgnoreSpec([pattern for line in patterns for pattern in _compiled(line)])
        said = spec.check_file(relative).include
        verdict = verdict if said is None else said
    return verdict


@functools.cache
def _compiled(line: str) -> tuple[GitIgnoreSpecPattern, ...]:
    """A file of many lines is asked again after each one that is appended: compile a line once."""
    from pathspec import GitIgnoreSpec

    return tuple(GitIgnoreSpec.from_lines([line]).patterns)


def _patterns(root: Path, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, list[str]]]:
    for folder in reversed(path.parents):
        text = _read(root / folder / ".gitignore")
        if text:
            yield folder, text.splitlines()
