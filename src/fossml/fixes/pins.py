"""Versions for requirements files, taken from what the project's Python has installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from fossml.begin.change import Change, read
from fossml.checks.dependencies import third_party
from fossml.fixes.repository import Repository

_REQUIREMENT = re.compile(
    r"(?P<name>\s*[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?)(?P<range>\s*[^;#@]*?)(?P<rest>\s*(;.*|\s#.*)?)"
)


def pins(repository: Repository) -> Iterator[Change]:
    """A version for each line that has none, where one is installed; a requirements.txt where nothing is declared."""
    if repository.failed("DEP001"):
        yield from _new(repository)
    loose: dict[str, dict[int, str]] = {}
    for one in repository.failed("DEP002"):
        for seen in one.evidence:
            version = repository.installed.get(one.subject)
            if version and seen.line and posixpath.basename(seen.path).endswith((".txt", ".in")):
                loose.setdefault(seen.path, {})[seen.line] = version
    for path, versions in sorted(loose.items()):
        before = read(repository.root, path)
        if before is not None and (after := _pinned(before, versions)) != before:
            yield Change(path, before, after)


def _new(repository: Repository) -> Iterator[Change]:
    names = sorted(name for name, uses in third_party(repository.facts).items() if not all(i.optional for _, i in uses))
    there = "requirements.txt" in repository.facts.files or (repository.root / "requirements.txt").exists()
    if names and not there:
        lines = (f"{name}=={repository.installed[name]}" if name in repository.installed else name for name in names)
        yield Change("requirements.txt", None, "\n".join(lines) + "\n")


def _pinned(text: str, versions: Mapping[int, str]) -> str:
    lines = text.splitlines(keepends=True)
    for number, version in versions.items():
        bare = lines[number - 1].rstrip("\r\n")
        if found := _REQUIREMENT.fullmatch(bare):
            ending = lines[number - 1][len(bare) :]
            lines[number - 1] = f"{found['name'].rstrip()}=={version}{found['rest']}{ending}"
    return "".join(lines)
