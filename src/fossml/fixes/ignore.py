"""Lines for .gitignore: what tools leave behind and git would take for a part of the work."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.begin.change import Change, read
from fossml.begin.setup import ignore_own
from fossml.fixes.repository import Repository

_LEFT = ("__pycache__", ".ipynb_checkpoints", ".venv", "venv", "node_modules", ".tox", ".nox")


def ignore(repository: Repository) -> Iterator[Change]:
    """The lines that are missing, at the end of the file."""
    facts = repository.facts
    if not facts.git:
        return
    there = {part for path in facts.vendored for part in path.split("/")[:-1]}
    wanted = [f"{name}/" for name in _LEFT if name in there]
    if "fossml.toml" in facts.files or facts.stages:
        wanted += [line for change in ignore_own(repository.root) for line in change.after.splitlines()[-1:]]
    before = read(repository.root, ".gitignore")
    present = {line.strip().strip("/") for line in (before or "").splitlines()}
    missing = [line for line in wanted if line.strip("/") not in present]
    if missing:
        gap = "" if not before or before.endswith("\n") else "\n"
        yield Change(".gitignore", before, f"{before or ''}{gap}" + "".join(f"{line}\n" for line in missing))
