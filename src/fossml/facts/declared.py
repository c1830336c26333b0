"""The packages that a repository declares, from every file that can declare them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from fossml.scan import manifests
from fossml.scan.requirements import Declaration, installs_in, read_requirements
from fossml.types import Evidence

_REQUIREMENTS = re.compile(
    r"(^|/)([\w.-]*requirements[\w.-]*|reqs?|constraints[\w.-]*|pip[_-]?packages)\.(txt|in|pip)$|(^|/)requirements/[^/]+\.(txt|in)$",
    re.I,
)
_EXTRA = re.compile(r"(dev|test|doc|lint|ci|opt|extra)", re.I)
_READERS: Mapping[str, Callable[[str, str], Iterator[Declaration]]] = {
    "pyproject.toml": manifests.read_pyproject,
    "Pipfile": manifests.read_pipfile,
    "setup.cfg": manifests.read_setup_cfg,
    "setup.py": manifests.read_setup_py,
}


@dataclass(slots=True)
class Declared:
    """What is declared, the files that declare it, the locks beside them, and what could not be read."""

    declarations: list[Declaration] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    problems: list[Evidence] = field(default_factory=list)


def may_declare(path: str) -> bool:
    """True for a file whose text `declared` wants to see."""
    name = posixpath.basename(path)
    if path.count("/") > 2:
        return False
    return (
        name in _READERS
        or _REQUIREMENTS.search(path) is not None
        or manifests.is_lock(name)
        or name.startswith("Dockerfile")
        or (name.endswith((".yml", ".yaml")) and path.count("/") < 2)
    )


def included(texts: Mapping[str, str]) -> set[str]:
    """The files that the requirements files among `texts` include and that are not among them."""
    named: set[str] = set()
    for path, text in texts.items():
        if path.endswith((".txt", ".in", ".pip")):
            read = read_requirements(path, text)
            named |= {_beside(path, name) for name in (*read.includes, *read.constraints)}
    return named - set(texts)


def _beside(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def declared(texts: Mapping[str, str], prose: Mapping[str, str]) -> Declared:
    """Read every declaration in `texts` (path -> text); `prose` is what only tells a person to install."""
    found = Declared()
    for path, text in sorted(texts.items()):
        _read(path, text, texts, found)
    for path, text in sorted(prose.items()):
        found.declarations += installs_in(path, text)
    return found


def _read(path: str, text: str, texts: Mapping[str, str], found: Declared) -> None:
    name = posixpath.basename(path)
    if manifests.is_lock(name):
        found.locks.append(path)
    elif name in _READERS:
        _manifest(path, text, found)
    elif _REQUIREMENTS.search(path):
        _add(found, path, list(_requirements(path, texts, set())), always=True)
    elif name.startswith("Dockerfile"):
        _add(found, path, list(installs_in(path, text, "file")))
    elif manifests.is_conda(name, text):
        _add(found, path, list(manifests.read_conda(path, text)), always=True)


def _add(found: Declared, path: str, declarations: list[Declaration], always: bool = False) -> None:
    if declarations or always:
        found.files.append(path)
    known = {(one.path, one.line, one.name) for one in found.declarations}
    found.declarations += [one for one in declarations if (one.path, one.line, one.name) not in known]


def _manifest(path: str, text: str, found: Declared) -> None:
    try:
        _add(found, path, list(_READERS[posixpath.basename(path)](path, text)))
    except ValueError as error:
        found.problems.append(Evidence(path, None, f"cannot be read: {error}"))


def _requirements(path: str, texts: Mapping[str, str], seen: set[str]) -> Iterator[Declaration]:
    """A requirements file with what it includes; constraints give versions to what has none."""
    if path in seen or path not in texts:
        return
    seen.add(path)
    read = read_requirements(path, texts[path])
    pins = {
        pin.name: pin
        for name in read.constraints
        for pin in _requirements(_beside(path, name), texts, seen)
        if pin.pinned
    }
    extra = _EXTRA.search(posixpath.basename(path).replace("requirements", "")) is not None
    for one in read.declarations:
        pin = pins.get(one.name)
        version = pin.version if pin and not one.pinned else one.version
        yield replace(one, extra=extra, pinned=one.pinned or pin is not None, version=version)
    for name in read.includes:
        yield from _requirements(_beside(path, name), texts, seen)
