"""Lines for .gitignore: what tools leave behind, and data that DVC keeps."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from fossml.begin.change import Change, read
from fossml.begin.setup import ignore_own
from fossml.fixes.repository import Repository
from fossml.project.git import git

_LEFT = ("__pycache__", ".ipynb_checkpoints", ".venv", "venv", "node_modules", ".tox", ".nox")


def ignore(repository: Repository, data: Mapping[str, list[str]]) -> Iterator[Change]:
    """The lines that are missing, at the end of each file; `data` are lines by folder."""
    if not repository.facts.git:
        return
    wanted = {folder: [one for one in lines if not _ignored(repository, folder, one)] for folder, lines in data.items()}
    wanted[""] = [*_left(repository), *wanted.get("", [])]
    for folder, lines in sorted(wanted.items()):
        path = posixpath.join(folder, ".gitignore")
        before = read(repository.root, path)
        present = {line.strip().strip("/") for line in (before or "").splitlines()}
        missing = [line for line in lines if line.strip("/") not in present]
        if missing:
            gap = "" if not before or before.endswith("\n") else "\n"
            yield Change(path, before, f"{before or ''}{gap}" + "".join(f"{line}\n" for line in missing))


def _left(repository: Repository) -> Iterator[str]:
    there = {part for path in repository.facts.vendored for part in path.split("/")[:-1]}
    yield from (f"{name}/" for name in _LEFT if name in there)
    if "fossml.toml" in repository.facts.files or repository.facts.stages:
        yield from (line for change in ignore_own(repository.root) for line in change.after.splitlines()[-1:])


def _ignored(repository: Repository, folder: str, line: str) -> bool:
    """Whether git leaves it out already."""
    return git(repository.root, "check-ignore", "--quiet", posixpath.join(folder, line.lstrip("/"))) is not None
