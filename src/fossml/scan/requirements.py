"""Which packages a repository declares, and how firmly: requirements files and whatever else names packages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fossml.scan.text import shown

_NAME = re.compile(r"^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)$")
_EXACT = re.compile(r"^\(?\s*===?\s*[^\s*,;]+\s*\)?$")
_FIXED_URL = re.compile(r"@[0-9a-f]{7,40}\b|@v?\d+(\.\d+)+|#(?:sha256|md5)=|\.whl\b|\.tar\.gz\b|\.zip\b", re.I)
_INSTALL = re.compile(r"\b(?:pip3?|conda|mamba|uv pip|python3? -m pip)\s+install\s+([^\n`&|;]+)")


@dataclass(frozen=True, slots=True)
class Declaration:
    """A package that is asked for: normalised `name`, the version as written, and whether that is one version.

    `origin` is prose for what a README or script only tells a person to install.
    """

    name: str
    version: str
    pinned: bool
    path: str
    line: int | None
    text: str
    origin: Literal["file", "prose"] = "file"
    extra: bool = False


def normalise(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declare(spec: str, path: str, line: int | None, text: str = "", extra: bool = False) -> Declaration | None:
    """One requirement as PEP 508 or pip write it; None where it is none."""
    bare = re.split(r"\s+#|\s--hash", spec.split("; ")[0].split(";")[0], maxsplit=1)[0].strip()
    if "://" in bare and " @ " not in bare and "@" not in bare.split("://")[0]:
        return _by_url(bare, path, line, text or spec, extra)
    match = _NAME.match(bare)
    if not match or (match[3] and not re.match(r"[=<>!~@(]", match[3])):
        return None
    version = match[3].strip()
    pinned = bool(_EXACT.match(version)) or (version.startswith("@") and bool(_FIXED_URL.search(version[1:])))
    return Declaration(normalise(match[1]), version, pinned, path, line, shown(text or spec), extra=extra)


def _by_url(url: str, path: str, line: int | None, text: str, extra: bool) -> Declaration | None:
    egg = re.search(r"#egg=([\w.-]+)", url)
    name = egg[1] if egg else re.sub(r"(\.git|-\d.*)?([@#?].*)?$", "", url.rstrip("/").rpartition("/")[2])
    if not name:
        return None
    return Declaration(normalise(name), url, bool(_FIXED_URL.search(url)), path, line, shown(text), extra=extra)


@dataclass(frozen=True, slots=True)
class RequirementsFile:
    """A requirements file: what it declares and which other files it includes (as requirements, as constraints)."""

    declarations: tuple[Declaration, ...]
    includes: tuple[str, ...]
    constraints: tuple[str, ...]


def read_requirements(path: str, text: str) -> RequirementsFile:
    """Read a requirements.txt. Lines may be continued, carry markers, hashes and options."""
    declarations: list[Declaration] = []
    includes: list[str] = []
    constraints: list[str] = []
    for number, line in logical(text):
        if match := re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line):
            includes.append(match[1])
        elif match := re.match(r"(?:-c|--constraint)[\s=]*(\S+)", line):
            constraints.append(match[1])
        elif match := re.match(r"(?:-e|--editable)[\s=]*(\S+://\S+)", line):
            declarations += _some(declare(match[1], path, number, line))
        elif not line.startswith(("-", "#", ".", "/")):
            declarations += _some(_pip_line(line, path, number))
    return RequirementsFile(tuple(declarations), tuple(includes), tuple(constraints))


def _pip_line(line: str, path: str, number: int) -> Declaration | None:
    """Also what `conda list --export` writes: `name=1.2.3=build`."""
    if match := re.match(r"^([\w.-]+)=([\w.]+)=\S+$", line):
        return Declaration(normalise(match[1]), f"=={match[2]}", True, path, number, shown(line))
    return declare(line, path, number, line)


def _some(declaration: Declaration | None) -> tuple[Declaration, ...]:
    return () if declaration is None else (declaration,)


def logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a requirements file with their continuations joined, numbered by their first; none that is empty."""
    begun, start = "", 0
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        start = start if begun else number
        begun += line.rstrip("\\") if line.endswith("\\") else line
        if line.endswith("\\"):
            continue
        if begun.strip():
            yield start, begun.strip()
        begun = ""
    if begun.strip():
        yield start, begun.strip()


def installs_in(path: str, text: str, origin: Literal["file", "prose"] = "prose") -> Iterator[Declaration]:
    """Packages in the `pip install` and `conda install` commands of a README, script or Dockerfile."""
    for number, line in enumerate(re.sub(r"\\\n", " ", text).splitlines(), 1):
        for match in _INSTALL.finditer(line):
            for word in _package_words(match[1]):
                single = re.sub(r"^([\w.-]+)=([\w.*]+)$", r"\1==\2", word)
                for found in _some(declare(single, path, number, line)):
                    yield Declaration(found.name, found.version, found.pinned, path, number, found.text, origin)


def _package_words(words: str) -> Iterator[str]:
    skip = False
    for word in words.split():
        if skip or word.startswith("-"):
            skip = word in {
                "-c",
                "-r",
                "-f",
                "-i",
                "-n",
                "-p",
                "-t",
                "--index-url",
                "--extra-index-url",
                "--find-links",
            }
        elif re.fullmatch(r"['\"]?[A-Za-z][\w.-]*(\[[\w,]+\])?([=<>!~]=?[\w.*,<>=]+)?['\"]?", word) and word[-1] != ".":
            yield word.strip("'\"")
        else:
            return
