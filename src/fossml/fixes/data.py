"""Data under DVC, in a repository that uses it: the .dvc file, the line for git, the bytes in the cache."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fossml.begin.change import Change, read
from fossml.errors import FossmlError
from fossml.fixes.repository import Repository
from fossml.project.dvc.emit import dump
from fossml.project.dvcconfig import read_cache_config
from fossml.project.git import git
from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects
from fossml.types import Artifact

_PLAIN = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Tracked:
    """`artifacts` go into the cache before the `changes`, their .dvc files, are written; `left` are paths for dvc."""

    artifacts: tuple[Artifact, ...]
    changes: tuple[Change, ...]
    left: tuple[str, ...]

    def ignored(self) -> dict[str, list[str]]:
        """The lines that git needs, by the folder of their .gitignore ("" for the root)."""
        found: dict[str, list[str]] = {}
        for one in self.artifacts:
            folder, name = posixpath.split(one.path)
            found.setdefault(folder, []).append(f"/{name}")
        return found


def track(repository: Repository) -> Tracked:
    """What of the data that nothing tracks can be put under DVC here: what is left out has its own way, `dvc add`."""
    paths = [one.subject.rstrip("/") for one in repository.failed("DATA001")]
    if not _uses_dvc(repository.root):
        return Tracked((), (), tuple(paths))
    found = {path: _artifact(repository, path) for path in paths}
    good = {path: one for path, one in found.items() if one is not None}
    changes = tuple(Change(f"{path}.dvc", None, _pointer(one)) for path, one in sorted(good.items()))
    return Tracked(tuple(good.values()), changes, tuple(path for path in paths if path not in good))


def keep(root: Path, artifacts: Iterable[Artifact]) -> None:
    """Bring the bytes into DVC's cache."""
    known = list(artifacts)
    if known:
        config = read_cache_config(root)
        objects = Objects(config.folder, config.links, root=root)
        for one in known:
            objects.add(root / one.path, one)


def _uses_dvc(root: Path) -> bool:
    """Whether there is a DVC repository whose .dvcignore leaves nothing out: that would change what a folder is."""
    try:
        ignored = read(root, ".dvcignore") or ""
    except FossmlError:
        return False
    bare = all(not line.strip() or line.startswith("#") for line in ignored.splitlines())
    return (root / ".dvc" / "config").is_file() and bare


def _artifact(repository: Repository, path: str) -> Artifact | None:
    """The file or folder with its digest; None where dvc has to look: odd names, links, a pointer that git ignores."""
    root, pointer = repository.root, f"{path}.dvc"
    inside = any(name.startswith(f"{path}/") for name in repository.facts.files)
    if not _PLAIN.fullmatch(path) or inside or (root / pointer).exists() or _has_links(root / path):
        return None
    if git(root, "check-ignore", "--quiet", pointer) is not None:
        return None
    with StatCache(None) as cache:
        return artifact(root, path, cache)


def _has_links(path: Path) -> bool:
    return path.is_symlink() or any(one.is_symlink() for one in path.rglob("*"))


def _pointer(one: Artifact) -> str:
    return dump({"outs": [dict(_fields(one))]})


def _fields(one: Artifact) -> Iterator[tuple[str, str | int]]:
    yield "md5", one.digest
    yield "size", one.size
    if one.nfiles is not None:
        yield "nfiles", one.nfiles
    yield "hash", "md5"
    yield "path", posixpath.basename(one.path)
