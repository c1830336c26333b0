"""What DVC and git must find so that `dvc` agrees with a project that fossml began."""

from __future__ import annotations

from pathlib import Path

from fossml.begin.change import Change, read
from fossml.project.dvcconfig import FILES

_OWN = "/.fossml/"


def setup(root: Path) -> tuple[Change, ...]:
    """The files that are missing: .dvc/config, .dvc/.gitignore, .dvcignore, and .fossml/ in .gitignore."""
    dvc = tuple(Change(path, None, text) for path, text in FILES.items() if not (root / path).exists())
    return (*dvc, *ignore_own(root))


def ignore_own(root: Path) -> tuple[Change, ...]:
    """The line that keeps .fossml/ out of git, where it is missing."""
    before = read(root, ".gitignore")
    lines = {line.strip() for line in (before or "").splitlines()}
    if lines & {"/.fossml/", "/.fossml", ".fossml/", ".fossml"}:
        return ()
    gap = "" if not before or before.endswith("\n") else "\n"
    return (Change(".gitignore", before, f"{before or ''}{gap}{_OWN}\n"),)
