"""Versions for requirements files, taken from what the project's Python has installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from fossml.begin.change import Change, read
from fossml.checks.dependencies import third_party
from fossml.fixes.repository import Repository

_FILE = "requirements.txt"
_PLAIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*(\[[^\]]*\])?)(?P<range>\s*[^;#@\\]*?)(?P<rest>\s*(\s#[^\\]*)?)")


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
    missing = _missing(repository)
    for path in sorted({*loose, *([_FILE] if missing else [])}):
        before = read(repository.root, path)
        if before is None or re.search(r"--(hash|require-hashes)\b", before) or before.rstrip().endswith("\\"):
            continue
        gap = "" if not before or before.endswith("\n") else "\n"
        after = _pinned(before, loose.get(path, {})) + (gap + missing if path == _FILE else "")
        if after != before:
            yield Change(path, before, after)


def _missing(repository: Repository) -> str:
    """Lines for what is imported and not declared, where requirements.txt declares and a version is installed."""
    if not any(one.path == _FILE and one.origin == "file" for one in repository.facts.declarations):
        return ""
    names = {one.subject for one in repository.failed("DEP003") if one.level == "hard"}
    known = repository.installed
    return "".join(f"{name}=={known[name]}\n" for name in sorted(names & known.keys()))


def _new(repository: Repository) -> Iterator[Change]:
    names = sorted(name for name, uses in third_party(repository.facts).items() if not all(i.optional for _, i in uses))
    there = _FILE in repository.facts.files or (repository.root / _FILE).exists()
    if names and not there:
        lines = (f"{name}=={repository.installed[name]}" if name in repository.installed else name for name in names)
        yield Change(_FILE, None, "\n".join(lines) + "\n")


def _pinned(text: str, versions: Mapping[int, str]) -> str:
    """Only plain lines are touched, a name and maybe a range, and only where the version lies in that range."""
    lines = text.splitlines(keepends=True)
    for number, version in versions.items():
        bare = lines[number - 1].rstrip("\r\n")
        follows = number > 1 and lines[number - 2].rstrip("\r\n").endswith("\\")
        found = None if follows else _PLAIN.fullmatch(bare)
        if found and _allows(found["range"], version):
            ending = lines[number - 1][len(bare) :]
            lines[number - 1] = f"{found['name']}=={version}{found['rest']}{ending}"
    return "".join(lines)


def _allows(specifiers: str, version: str) -> bool:
    """Whether the range admits the version; what is no range, an option say, admits none."""
    try:
        return SpecifierSet(specifiers).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
