"""The dvc.yaml and .dvc files of a repository, without what .dvcignore and .gitignore leave out."""

from __future__ import annotations

import os
import posixpath
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from fossml.errors import FossmlError
from fossml.project.dvc.shape import show
from fossml.project.dvc.source import read

_NEVER = frozenset({".git", ".hg", ".dvc", ".fossml"})
"""Folders of tools: fossml's own is ignored by a file in it, whose pattern is not worth loading pathspec for."""


_NAME = re.compile(r"/[\w./=@+,~%^&-]*\w/?")
"""A pattern that means one path and nothing else: as dvc and fossml write them. Where all are such, pathspec, which
takes longer to load than the rest of a build with nothing to do, is not needed."""

Spec: TypeAlias = Callable[[str], bool | None]
"""What one ignore file says of a path relative to its folder (a folder ends in a slash); None: nothing."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What ignore files say, by the folder that they stand in, the outermost folder first."""

    specs: tuple[tuple[str, Spec], ...] = ()

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether `path` is left out; the innermost file that has a word on it decides."""
        for base, spec in reversed(self.specs):
            inner = path.removeprefix(base + "/") if base else path
            if (verdict := spec(inner + "/" if folder else inner)) is not None:
                return verdict
        return False


def files(root: Path) -> tuple[list[str], list[str]]:
    """The dvc.yaml files and the .dvc files below `root`, relative to it, in the order of their names, root first.

    FossmlError where a pattern of an ignore file is none.
    """
    found = list(_walk(root, "", _Rules(), _Rules(), in_git=_in_git(root)))
    pipelines = [path for path in found if posixpath.basename(path) == "dvc.yaml"]
    return pipelines, [path for path in found if path.endswith(".dvc")]


def ignored(root: Path) -> Callable[[str, bool], bool]:
    """Whether .dvcignore leaves out a path (POSIX, relative to `root`; True for a folder)."""
    known: dict[str, _Rules] = {}
    base = os.fspath(root)

    def rules(folder: str) -> _Rules:
        if folder not in known:
            above = rules(folder.rpartition("/")[0]) if folder else _Rules()
            has_own = os.path.isfile(f"{base}/{folder}/.dvcignore")  # noqa: PTH113 - hot
            known[folder] = _with(root, folder, ".dvcignore", above) if has_own else above
        return known[folder]

    def ask(path: str, is_folder: bool) -> bool:
        """Asked for every file of every folder: where there is no .dvcignore it must cost next to nothing."""
        folder = path.rpartition("/")[0]
        found = known.get(folder) or rules(folder)
        return bool(found.specs) and found.ignores(path, folder=is_folder)

    return ask


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
    if folder and _is_apart(folders, names):
        return
    if ".dvcignore" in names:
        dvc = _with(root, folder, ".dvcignore", dvc)
    if in_git and ".gitignore" in names:
        git = _with(root, folder, ".gitignore", git)
    for name in names:
        if name == "dvc.yaml" or (name.endswith(".dvc") and name != ".dvc"):
            path = posixpath.join(folder, name)
            if not dvc.ignores(path, folder=False) and not git.ignores(path, folder=False):
                yield path
    for name in sorted(folders - _NEVER):
        path = posixpath.join(folder, name)
        if not dvc.ignores(path, folder=True) and not git.ignores(path, folder=True):
            yield from _walk(root, path, dvc, git, in_git=in_git)


def _is_apart(folders: set[str], names: list[str]) -> bool:
    """Another DVC repository inside this one, or an environment with its packages, is not this one's business."""
    return ".dvc" in folders or "pyvenv.cfg" in names or "conda-meta" in folders


def _entries(root: Path, folder: str) -> tuple[set[str], list[str]]:
    """Folders and sorted files of `folder`; links to folders are not followed, unreadable folders are empty."""
    folders, names = set(), []
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.name in _NEVER or entry.is_dir(follow_symlinks=False):
                    folders.add(entry.name)
                elif entry.is_file():
                    names.append(entry.name)
    except OSError as error:
        if not folder:
            raise FossmlError(f"cannot be read: {error.strerror}", where=str(root)) from error
    return folders, sorted(names)


def _with(root: Path, folder: str, name: str, rules: _Rules) -> _Rules:
    path = posixpath.join(folder, name)
    source = read(root, path)
    lines = [line.strip() for line in source.text.split("\n")]
    spec = _compiled(path, lines)
    return replace(rules, specs=(*rules.specs, (folder, spec))) if spec else rules


def _compiled(path: str, lines: Iterable[str]) -> Spec | None:
    kept = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not kept:
        return None
    if all(_NAME.fullmatch(line) and "//" not in line for _, line in kept):
        return _named(frozenset(line[1:] for _, line in kept))
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the `re` module, on patterns such as [[
        try:
            spec = GitIgnoreSpec.from_lines([line for _, line in kept])
        except ValueError:
            for number, line in kept:
                try:
                    GitIgnoreSpec.from_lines([line])
                except ValueError as error:
                    raise FossmlError(f"the pattern {show(line)} is not one", where=f"{path}:{number}") from error
            raise
    return lambda inner: spec.check_file(inner).include


def _named(names: frozenset[str]) -> Spec:
    """Patterns without any sign: they mean a path, and what is below it. One that ends in a slash is a folder's."""

    def says(inner: str) -> bool | None:
        parts = inner.rstrip("/").split("/")
        above = ("/".join(parts[:end]) for end in range(1, len(parts)))
        whole = inner.rstrip("/")
        named = whole in names or (inner.endswith("/") and inner in names)
        return True if named or any(path in names or f"{path}/" in names for path in above) else None

    return says
