"""Lock files as requirements: poetry.lock, pdm.lock, Pipfile.lock, pylock.toml; and how such tools write versions."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fossml.scan import manifests
from fossml.scan.requirements import normalise
from fossml.scan.text import shown


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement as an installer takes it (`spec`), the normalised name, and the line that asks for it."""

    spec: str
    name: str
    path: str
    line: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lock gives: requirements, versions for what they bring along, and whether the lines are all (`whole`)."""

    lines: tuple[Line, ...]
    constraints: tuple[Line, ...] = ()
    whole: bool = True
    python: str = ""


Reader = Callable[[str, str, str | None], Lock]


def reader(name: str) -> Reader | None:
    """What reads the lock file `name`; None where it is none that is read here."""
    if re.fullmatch(r"pylock(\.[^.]+)?\.toml", name):
        return read_pylock
    return {"poetry.lock": read_versions, "pdm.lock": read_versions, "Pipfile.lock": read_pipfile_lock}.get(name)


def read_pylock(path: str, text: str, _pyproject: str | None) -> Lock:
    """PEP 751. ValueError where it is not TOML."""
    data = tomllib.loads(text)
    groups = data.get("default-groups") or []
    lines = [line for one in _tables(data, "packages") for line in _pylock_line(one, groups, path, text)]
    return Lock(tuple(lines), python=str(data.get("requires-python", "")))


def _pylock_line(one: Mapping[str, Any], groups: list[str], path: str, text: str) -> Iterator[Line]:
    name, marker = str(one.get("name", "")), str(one.get("marker", ""))
    asked = re.findall(r"[\"']([\w.-]+)[\"']\s+(not\s+)?in\s+(extras|dependency_groups)", marker)
    if asked:  # only what is installed when nothing is said
        if not any(kind == "dependency_groups" and group in groups for group, _, kind in asked):
            return
        marker = ""
    url = next(
        (str(one[kind].get("url") or one[kind].get("path")) for kind in ("vcs", "directory", "archive") if kind in one),
        "",
    )
    if url:
        spec = f"{name} @ {'git+' if 'vcs' in one else '' if '://' in url else 'file:'}{url}"
    else:
        digests = [
            f" --hash={kind}:{value}" for file in _files(one) for kind, value in (file.get("hashes") or {}).items()
        ]
        spec = f"{name}=={one.get('version', '')}{f' ; {marker}' if marker else ''}{''.join(digests)}"
    yield Line(spec, normalise(name), path, line_of(f'name = "{name}"', text), spec.partition(" --hash")[0])


def _files(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sdist = [one["sdist"]] if isinstance(one.get("sdist"), dict) else []
    return [*_tables(one, "wheels"), *sdist]


def read_versions(path: str, text: str, pyproject: str | None) -> Lock:
    """Of poetry.lock and pdm.lock the versions; what is asked for stands in pyproject.toml. ValueError: not TOML."""
    fixed = [
        Line(f"{one['name']}=={one['version']}", normalise(one["name"]), path, line_of(f'name = "{one["name"]}"', text))
        for one in _tables(tomllib.loads(text), "package")
        if isinstance(one.get("name"), str) and isinstance(one.get("version"), str) and "source" not in one
    ]
    declared = manifests.read_pyproject("pyproject.toml", pyproject) if pyproject else iter(())
    lines = [
        Line(requirement(one.name, one.version), one.name, one.path, one.line, one.text)
        for one in declared
        if not one.extra
    ]
    if not lines:
        return Lock(tuple(fixed))
    return Lock(tuple(lines), tuple(fixed), whole=False)


def read_pipfile_lock(path: str, text: str, _pyproject: str | None) -> Lock:
    """The `default` packages of a Pipfile.lock. ValueError where it is not JSON."""
    data = json.loads(text)
    default = data.get("default") if isinstance(data, dict) else None
    lines = []
    for name, one in (default or {}).items():
        if not isinstance(one, dict) or "editable" in one:
            continue
        marker = f" ; {one['markers']}" if one.get("markers") else ""
        url = one.get("git") or one.get("file") or one.get("path")
        spec = f"{name} @ {'git+' if 'git' in one else ''}{url}" if url else f"{name}{one.get('version', '')}{marker}"
        digests = "".join(f" --hash={digest}" for digest in one.get("hashes", ())) if not url else ""
        lines.append(Line(spec + digests, normalise(name), path, line_of(f'"{name}": {{', text), spec))
    python = data.get("_meta", {}).get("requires", {}).get("python_version", "") if isinstance(data, dict) else ""
    return Lock(tuple(lines), python=str(python))


def _tables(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = data.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def line_of(words: str, text: str) -> int | None:
    """The number of the first line of `text` in which `words` stand."""
    start = text.find(words)
    return None if start < 0 else text.count("\n", 0, start) + 1


def requirement(name: str, version: str) -> str:
    """A requirement, from a version as PEP 440, or Poetry and Pipfile write it (`^1.2`, `~1.2`, `1.2`, `*`)."""
    parts = [part for one in re.split(r"\s*,\s*", version.strip()) for part in _parts(one)]
    return f"{name}{','.join(parts)}" if not version.strip().startswith("@") else f"{name} {shown(version)}"


def _parts(version: str) -> list[str]:
    version = version.strip().strip("()").strip()
    if version in ("", "*"):
        return []
    if match := re.fullmatch(r"([\^~])\s*(\d+(?:\.\d+)*)(\S*)", version):
        numbers = [int(number) for number in match[2].split(".")]
        return [f">={match[2]}{match[3]}", f"<{_below(match[1], numbers)}"]
    if re.fullmatch(r"\d[\w.+!-]*(\.\*)?", version):
        return [f"=={version}"]
    return [re.sub(r"^=(?=[\d\s])", "==", version)]


def _below(sign: str, numbers: list[int]) -> str:
    """What `^` and `~` stay below: the next number at the first place that is not 0; at the second place."""
    if sign == "~":
        kept = numbers[:2]
    else:
        leading = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
        kept = numbers[: leading + 1]
    return ".".join(map(str, [*kept[:-1], kept[-1] + 1]))


def python_range(said: str) -> str:
    """A wish for a Python: `3.8` as it is, `^3.8` and the like as a range."""
    said = said.strip()
    if re.fullmatch(r"\d+(\.\d+)*", said):
        return said
    return requirement("", re.sub(r"\s*\|\|.*", "", said))
