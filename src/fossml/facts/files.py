"""Which files a repository has, as git sees it or as a bounded walk does; nothing outside it is followed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fossml.project.git import git
from fossml.types import Evidence

MAX_FILES = 20_000
_DEEPEST = 40
_VENDORED = re.compile(
    r"(^|/)(site-packages|node_modules|third[_-]?party|vendor(ed)?|extern(al)?s?|\.venv|venv|\.tox|\.nox|\.eggs|__pycache__"
    r"|\.ipynb_checkpoints|bower_components|dist-packages|[^/]+\.egg-info)/"
)
_OWN = re.compile(r"(^|/)(\.git|\.hg|\.svn|\.fossml|\.dvc/(cache|tmp)|\.mypy_cache|\.ruff_cache|\.pytest_cache)(/|$)")


@dataclass(slots=True)
class Listing:
    """The regular files below a root; see Facts for the words."""

    git: bool
    sizes: dict[str, int] = field(default_factory=dict)
    vendored: list[str] = field(default_factory=list)
    untracked: set[str] = field(default_factory=set)
    ignored: tuple[str, ...] = ()
    unseen: list[Evidence] = field(default_factory=list)


def list_files(root: Path) -> Listing:
    """List the files below `root`, at most MAX_FILES of them; what is left out is said in `unseen`."""
    tracked = _listed(root, "--cached")
    if tracked is None:
        return _sized(Listing(False), root, _walk(root))
    untracked = _listed(root, "--others", "--exclude-standard") or []
    listing = Listing(True, untracked=set(untracked))
    listing.ignored = tuple(
        (_listed(root, "--others", "--ignored", "--exclude-standard", "--directory") or [])[:MAX_FILES]
    )
    return _sized(listing, root, sorted({*tracked, *untracked}))


def _listed(root: Path, *which: str) -> list[str] | None:
    listed = git(root, "ls-files", "-z", *which)
    return None if listed is None else [name for name in listed.split("\0") if name]


def _sized(listing: Listing, root: Path, paths: Iterable[str]) -> Listing:
    for path in paths:
        if len(listing.sizes) >= MAX_FILES:
            listing.unseen.append(
                Evidence(".", None, f"there are more than {MAX_FILES} files; the rest was not looked at")
            )
            break
        if _OWN.search(path):
            continue
        if _VENDORED.search(path):
            listing.vendored.append(path)
        elif (size := _size(root / path)) is not None:
            listing.sizes[path] = size
    return listing


def _size(path: Path) -> int | None:
    """The size of a regular file; None for links, folders, pipes and what is gone."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _walk(root: Path) -> Iterator[str]:
    """Files below a folder that is no git repository, in order; links are not followed."""
    folders = [("", 0)]
    while folders:
        prefix, depth = folders.pop()
        try:
            entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif depth < _DEEPEST and not _VENDORED.search(path + "/") and not _OWN.search(path + "/"):
                folders.append((path + "/", depth + 1))


def exists(root: Path, path: str) -> bool:
    """True where a path that code names exists inside the repository."""
    if path.startswith("/") or ".." in path.split("/"):
        return False
    try:
        return (root / path).exists()
    except (OSError, ValueError):
        return False
