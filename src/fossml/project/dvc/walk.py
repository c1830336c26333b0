"""The dvc.yaml and .dvc files of a repository, without what .dvcignore and .gitignore leave out."""

from __future__ import annotations

import os
import posixpath
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fossml.errors import FossmlError
from fossml.project.dvc.shape import show
from fossml.project.dvc.source import read

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_NEVER = frozenset({".git", ".hg", ".dvc"})


@dataclass(frozen=True, slots=True)
class _Rules:
    """Patterns by the folder whose ignore file they stand in, the outermost folder first."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether `path` is left out; the innermost file that has a word on it decides."""
        for base, spec in reversed(self.specs):
            inner = path.removeprefix(base + "/") if base else path
            if (verdict := spec.check_file(inner + "/" if folder else inner).include) is not None:
                return verdict
        return False


def files(root: Path) -> tuple[list[str], list[str]]:
    """The dvc.yaml files and the .dvc files below `root`, relative to it, in the order of their names, root first."""
    found = list(_walk(root, "", _Rules(), _Rules(), in_git=_in_git(root)))
    pipelines = [path for path in found if posixpath.basename(path) == "dvc.yaml"]
    return pipelines, [path for path in found if path.endswith(".dvc")]


def ignored(root: Path) -> Callable[[str, bool], bool]:
    """Whether .dvcignore leaves out a path (POSIX, relative to `root`; True for a folder)."""
    known: dict[str, _Rules] = {}

    def rules(folder: str) -> _Rules:
        if folder not in known:
            above = rules(posixpath.dirname(folder)) if folder else _Rules()
            has_own = (root / folder / ".dvcignore").is_file()
            known[folder] = _with(root, folder, ".dvcignore", above) if has_own else above
        return known[folder]

    return lambda path, is_folder: rules(posixpath.dirname(path)).ignores(path, folder=is_folder)


def left_out(root: Path) -> Callable[[str], bool]:
    """Whether .dvcignore leaves out a file (POSIX, relative to `root`) or a folder that it lies in."""
    ignores = ignored(root)
    known = {"": False}

    def folder(path: str) -> bool:
        if path not in known:
            known[path] = folder(posixpath.dirname(path)) or ignores(path, True)
        return known[path]

    return lambda path: folder(posixpath.dirname(path)) or ignores(path, False)


def _in_git(root: Path) -> bool:
    return any((folder / ".git").exists() for folder in (root.absolute(), *root.absolute().parents))


def _walk(root: Path, folder: str, dvc: _Rules, git: _Rules, *, in_git: bool) -> Iterator[str]:
    folders, names = _entries(root, folder)
    if ".dvcignore" in names:
        dvc = _with(root, folder, ".dvcignore", dvc)
    if in_git and ".gitignore" in names:
        git = _with(root, folder, ".gitignore", git)
    for name in names:
        if name == "dvc.yaml" or (name.endswith(".dvc") and name != ".dvc"):
            path = posixpath.join(folder, name)
            if not dvc.ignores(path, folder=False) and not git.ignores(path, folder=False):
                yield path
    for name in folders:
        path = posixpath.join(folder, name)
        if not dvc.ignores(path, folder=True) and not git.ignores(path, folder=True) and not _is_apart(root, path):
            yield from _walk(root, path, dvc, git, in_git=in_git)


def _is_apart(root: Path, folder: str) -> bool:
    """Another DVC repository inside this one, or an environment with its packages, is not this one's business."""
    here = root / folder
    return any((here / mark).exists() for mark in (".dvc", "pyvenv.cfg", "conda-meta"))


def _entries(root: Path, folder: str) -> tuple[list[str], list[str]]:
    """Folders and files of `folder`, sorted; links to folders are not followed, unreadable folders are empty."""
    folders, names = [], []
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file():
                    names.append(entry.name)
    except OSError as error:
        if not folder:
            raise FossmlError(f"cannot be read: {error.strerror}", where=str(root)) from error
    return sorted(set(folders) - _NEVER), sorted(names)


def _with(root: Path, folder: str, name: str, rules: _Rules) -> _Rules:
    path = posixpath.join(folder, name)
    source = read(root, path)
    lines = [line.strip() for line in source.text.split("\n")]
    spec = _compiled(path, lines)
    return replace(rules, specs=(*rules.specs, (folder, spec))) if spec else rules


def _compiled(path: str, lines: Iterable[str]) -> GitIgnoreSpec | None:
    kept = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not kept:
        return None
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the `re` module, on patterns such as [[
        try:
            return GitIgnoreSpec.from_lines([line for _, line in kept])
        except ValueError:
            for number, line in kept:
                try:
                    GitIgnoreSpec.from_lines([line])
                except ValueError as error:
                    raise FossmlError(f"the pattern {show(line)} is not one", where=f"{path}:{number}") from error
            raise
