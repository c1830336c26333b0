"""Which packages and which Python a project asks for, as an installer takes them, each with the line that asks.

Nothing is run: files are read as text. What leads elsewhere than to PyPI, or would run code to be installed, is named.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fossml.errors import FossmlError
from fossml.scan import manifests
from fossml.scan.requirements import Declaration, logical, normalise
from fossml.scan.text import shown
from fossml.types import Evidence, Finding
from fossml.verify.environment import conda, locks
from fossml.verify.environment.locks import Line

Read = Callable[[str], str | None]
Kind = Literal["lock", "requirements", "conda", "project", "imports", "none"]

FOLDERS = ("", "requirements/", "environment/", "environments/", "env/", "envs/", "conda/", "docker/", "install/")
"""Where the files that declare something lie, the project's own folder first."""
_REQUIREMENTS = re.compile(r"([\w.-]*requirements?[\w.-]*|reqs?|pip[_-]?packages)\.(txt|in|pip|lock)", re.I)
_ASIDE = re.compile(r"(dev|test|doc|lint|ci|opt|extra|constraint)", re.I)
_STANDS_FOR = {"sklearn": "scikit-learn"}
"""Packages that hold nothing but the requirement of another, and were never there as wheels."""
_FIXED = re.compile(r"(lock|freeze|frozen|pinned)", re.I)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_INDEXES = re.compile(r"https://(pypi\.org/simple|download\.pytorch\.org/whl)(/[\w.+-]*)*/?")
_INDEX_OPTION = re.compile(r"(-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host)[\s=]*(\S*)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a project asks for. `lines` are requirements, `constraints` give versions to what they bring along.

    `locked`: the lines are all that is to be installed. `python` is a version (`3.8`, `3.8.12`) or a range (`>=3.8`),
    "" where none is asked for. `itself`: the project is to be importable as if it were installed.
    """

    kind: Kind
    files: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    constraints: tuple[Line, ...] = ()
    indexes: tuple[str, ...] = ()
    locked: bool = False
    python: str = ""
    python_at: Evidence | None = None
    itself: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Found:
    """What is collected while files are read."""

    lines: list[Line] = field(default_factory=list)
    constraints: list[Line] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    python: tuple[str, Evidence] | None = None
    itself: bool = False


def wanted(names: Collection[str], read: Read, imported: Callable[[], Mapping[str, Evidence]]) -> Wanted:
    """What the project with the files `names` (relative to its root) asks for: of its own lock first, imports last.

    `read` gives the text of a file, `imported` the distributions of modules that the code imports, with the place.
    """
    asked = _by_file(names, read, imported) or _by_imports(imported)
    python = asked.python, asked.python_at
    if not asked.python:
        python = wished(names, read)
    return replace(asked, python=python[0], python_at=python[1])


def _by_file(names: Collection[str], read: Read, imported: Callable[[], Mapping[str, Evidence]]) -> Wanted | None:
    for folder in FOLDERS:
        here = {name[len(folder) :]: name for name in names if posixpath.dirname(name) == folder.rstrip("/")}
        for found in (_locked(here, read), _requirements(here, names, read), _conda(here, read, imported)):
            if found is not None:
                return found
        if folder == "" and (found := _project(here, read)) is not None:
            return found
    return None


def _by_imports(imported: Callable[[], Mapping[str, Evidence]]) -> Wanted:
    found = imported()
    lines = tuple(Line(name, name, at.path, at.line, at.text) for name, at in sorted(found.items()))
    return Wanted("imports" if lines else "none", lines=lines)


def _locked(here: Mapping[str, str], read: Read) -> Wanted | None:
    """A lock that has every version; uv's own is read by uv."""
    if "uv.lock" in here and "pyproject.toml" in here:
        return Wanted("lock", (here["uv.lock"],), locked=True, itself=_is_package(read(here["pyproject.toml"]) or ""))
    for name, path in sorted(here.items()):
        reader = locks.reader(name)
        text = read(path) if reader else None
        if reader is None or text is None:
            continue
        try:
            lock = reader(path, text, read(here["pyproject.toml"]) if "pyproject.toml" in here else None)
        except ValueError as error:
            return Wanted("lock", (path,), findings=(_unread(path, str(error)),))
        found = _Found(files=[path])
        lines = tuple(line for line in lock.lines if _allowed(line, found))
        whole = tuple(found.findings)
        return Wanted("lock", (path,), lines, lock.constraints, locked=lock.whole, python=lock.python, findings=whole)
    return None


def _is_package(pyproject: str) -> bool:
    return re.search(r"^\[build-system\]|^package\s*=\s*true", pyproject, re.M) is not None


def _requirements(here: Mapping[str, str], names: Collection[str], read: Read) -> Wanted | None:
    fitting = [name for name in here if _REQUIREMENTS.fullmatch(name)]
    main = [name for name in fitting if not _ASIDE.search(name.lower().replace("requirements", ""))]
    if not main:
        return None
    first = min(main, key=lambda name: (not _FIXED.search(name), name != "requirements.txt", len(name), name))
    found = _Found()
    _read_requirements(here[first], names, read, found, found.lines)
    if not found.lines and not found.findings:
        return None
    python = found.python or ("", None)
    return Wanted(
        "requirements",
        tuple(found.files),
        tuple(found.lines),
        tuple(found.constraints),
        tuple(dict.fromkeys(found.indexes)),
        python=python[0],
        python_at=python[1],
        itself=found.itself,
        findings=tuple(found.findings),
    )


def _read_requirements(path: str, names: Collection[str], read: Read, found: _Found, into: list[Line]) -> None:
    """One file and what it includes, each once."""
    text = read(path) if path in names else None
    if path in found.files or text is None:
        return
    found.files.append(path)
    for number, logical_line in logical(text):
        line = re.split(r"(?:^|\s)#", logical_line, maxsplit=1)[0].strip()
        if not line:
            continue
        if match := re.match(r"(-r|--requirement|-c|--constraint)[\s=]*(\S+)", line):
            aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[2]))
            if aim not in names:
                found.findings.append(_refused(match[2], "is no file of the repository", path, number, line))
            _read_requirements(aim, names, read, found, found.constraints if "c" in match[1][:3] else into)
        elif line.startswith("-"):
            _option(line, path, number, found)
        elif (one := as_line(line, path, number)).name == "python":
            found.python = (one.spec[6:].strip().removeprefix("==").removesuffix(".*"), Evidence(path, number, line))
        elif _allowed(one, found):
            into.append(_plain(one))


def _option(line: str, path: str, number: int, found: _Found) -> None:
    if match := re.match(r"(-e|--editable)[\s=]*(\S+)", line):
        if match[2].rstrip("/") in (".", ".[all]") or re.fullmatch(r"\.(\[[\w,-]+\])?", match[2]):
            found.itself = True
        else:
            found.findings.append(_refused(match[2], "is code that would have to be built", path, number, line))
    elif match := _INDEX_OPTION.match(line):
        if match[1] in ("-i", "--index-url", "--extra-index-url", "-f", "--find-links") and _INDEXES.fullmatch(
            match[2]
        ):
            found.indexes.append(match[2])
        else:
            found.findings.append(_refused(match[2], "is another source of packages than PyPI", path, number, line))


def parse_exported(text: str, path: str, lock: str) -> tuple[tuple[Line, ...], tuple[Finding, ...]]:
    """What `uv export` writes out of the lock at `path`: requirements with their digests, and what is not installed."""
    found = _Found()
    for _, line in logical(text):
        spec = line.removeprefix("-e ").strip()
        name = _NAME.match(spec)
        number = locks.line_of(f'name = "{name[0]}"', lock) if name else None
        one = Line(spec, normalise(name[0]) if name else spec, path, number, shown(spec.partition(" --hash")[0]))
        if _allowed(one, found):
            found.lines.append(one)
    return tuple(found.lines), tuple(found.findings)


_OPTION = re.compile(r"\s-(?!-hash=sha(256|384|512):)")
"""An option behind a requirement: only the digest of a file is one."""


def _smuggled(spec: str) -> str:
    """What a requirement says to an installer beside what to install; "" where it is nothing."""
    if not spec.isprintable() or _OPTION.search(spec):
        return "says more to the installer than what to install"
    return "names a variable, whose value would go where the requirement leads" if "$" in spec else ""


def text_of(lines: Iterable[Line]) -> str:
    """Requirements as an installer reads them, a line each. FossmlError for one that would be read as several."""
    for line in lines:
        if why := _smuggled(line.spec):
            raise FossmlError(f"{shown(line.name)} {why}", where=line.path)
    return "".join(f"{line.spec}\n" for line in lines)


def checked_indexes(urls: Sequence[str], path: str, text: str) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Of the indexes that a lock names those that packages may come from beside PyPI; the others as Findings."""
    others = [url for url in urls if not url.startswith("https://pypi.org/")]
    refused = [url for url in others if not _INDEXES.fullmatch(url)]
    why = "is another source of packages than PyPI"
    found = tuple(_refused(url, why, path, locks.line_of(url, text), url) for url in refused)
    return tuple(url for url in others if url not in refused), found


def as_line(spec: str, path: str, number: int | None, text: str = "") -> Line:
    """A requirement as pip or `conda list --export` write it."""
    if match := re.match(r"^([\w.-]+)=([\w.]+)=\S+$", spec):
        spec = f"{match[1]}=={match[2]}"
    name = _NAME.match(spec)
    egg = re.search(r"#egg=([\w.-]+)", spec)
    known = egg[1] if egg and "://" in spec.partition(" @ ")[0] else name[0] if name else spec
    return Line(spec, normalise(known), path, number, shown(text or spec))


def _plain(line: Line) -> Line:
    """Without the place on the author's machine that `pip freeze` writes for what conda had installed."""
    if other := _STANDS_FOR.get(line.name):
        return replace(line, spec=other, name=other)
    return replace(line, spec=line.name) if re.search(r"@\s*file:", line.spec) else line


def _allowed(line: Line, found: _Found) -> bool:
    """Whether a requirement may be installed; what may not is a Finding."""
    why = objection(line)
    if why:
        found.findings.append(_refused(line.name, why, line.path, line.line, line.text))
    if re.search(r"@\s*file:", line.spec):
        message = f"{line.name} names a file of the machine where it was written: the version is not known"
        at = (Evidence(line.path, line.line, line.text),)
        hint = f"write {line.name}==VERSION (pip list --format=freeze writes it)"
        found.findings.append(Finding("ENV004", "unknown", "hard", line.name, message, at, hint))
    return not why


def objection(line: Line) -> str:
    """Why a requirement is not installed; "" where it is."""
    if why := _smuggled(line.spec):
        return why
    bare = line.spec.partition(";")[0].strip()
    url = bare.partition("@")[2].strip() if re.match(r"^[\w.\[\],-]+\s*@", bare) else bare if "://" in bare else ""
    if re.match(r"(git|hg|svn|bzr)\+", url) or re.match(r"(git|hg|svn|bzr)\+", bare):
        return "comes out of a repository and would have to be built, which runs its code"
    if url.startswith("file:"):
        return "" if "@" in bare else "is a file of the machine where it was written"
    if bare.startswith((".", "/", "~")):
        return "is a path, and would have to be built, which runs its code"
    if url and not url.startswith("https://"):
        return "is fetched by a way that nobody vouches for"
    if url and not re.search(r"\.whl(#|$)", url):
        return "is a source archive and would have to be built, which runs its code"
    return "" if _NAME.match(bare) else "is no requirement"


def _refused(subject: str, why: str, path: str, line: int | None, text: str) -> Finding:
    at = (Evidence(path, line, shown(text)),)
    hint = "declare a release on PyPI that has a wheel"
    return Finding("ENV004", "fail", "hard", shown(subject), f"was not installed: it {why}", at, hint)


def _unread(path: str, why: str) -> Finding:
    return Finding("ENV009", "unknown", "hard", path, f"cannot be read: {shown(why)}", (Evidence(path),))


def _conda(here: Mapping[str, str], read: Read, imported: Callable[[], Mapping[str, Evidence]]) -> Wanted | None:
    for name, path in sorted(here.items(), key=lambda pair: (not pair[0].startswith("environment"), pair[0])):
        text = read(path) if name.endswith((".yml", ".yaml")) else None
        if text is None or not manifests.is_conda(name, text):
            continue
        read_file = conda.read(path, text, imported())
        found = _Found()
        lines = tuple(_plain(line) for line in map(_as_written, read_file.lines) if _allowed(line, found))
        findings = (*read_file.findings, *found.findings)
        python, at = read_file.python or ("", None)
        return Wanted("conda", (path,), lines, python=python, python_at=at, itself=read_file.itself, findings=findings)
    return None


def _as_written(line: Line) -> Line:
    return as_line(line.spec, line.path, line.line, line.text)


_READERS: Mapping[str, Callable[[str, str], Iterator[Declaration]]] = {
    "pyproject.toml": manifests.read_pyproject,
    "Pipfile": manifests.read_pipfile,
    "setup.cfg": manifests.read_setup_cfg,
    "setup.py": manifests.read_setup_py,
}


def _project(here: Mapping[str, str], read: Read) -> Wanted | None:
    """What a package of its own says that it needs; extras and what is for development apart."""
    for name, reader in _READERS.items():
        text = read(here[name]) if name in here else None
        if text is None:
            continue
        try:
            declared = [one for one in reader(here[name], text) if not one.extra]
        except ValueError as error:
            return Wanted("project", (here[name],), findings=(_unread(here[name], str(error)),))
        if declared:
            found = _Found()
            lines = [line for line in map(_from_declaration, declared) if _allowed(line, found)]
            whole = tuple(found.findings)
            itself = name.startswith("setup") or _is_package(text)
            return Wanted("project", (here[name],), tuple(lines), itself=itself, findings=whole)
    return None


def _from_declaration(one: Declaration) -> Line:
    """Poetry's and Pipfile's versions as PEP 440 writes them."""
    return Line(locks.requirement(one.name, one.version), one.name, one.path, one.line, one.text)


def wished(names: Collection[str], read: Read) -> tuple[str, Evidence | None]:
    """The Python that is asked for, and where: a version, or a range; "" where none is."""
    places = (
        (".python-version", r"^\s*(?:cpython-|python-)?(\d+\.\d+(?:\.\d+)?)\s*$"),
        ("runtime.txt", r"^\s*python-(\d+\.\d+(?:\.\d+)?)\s*$"),
        ("Pipfile", r"^\s*python_(?:full_)?version\s*=\s*[\"']([\d.]+)[\"']"),
        ("uv.lock", r"^requires-python\s*=\s*\"([^\"]+)\""),
        ("pyproject.toml", r"^\s*requires-python\s*=\s*[\"']([^\"']+)[\"']"),
        ("pyproject.toml", r"^\s*python\s*=\s*[\"']([^\"']+)[\"']"),
        ("setup.cfg", r"^\s*python_requires\s*=\s*(\S.*)$"),
        ("setup.py", r"python_requires\s*=\s*[\"']([^\"']+)[\"']"),
    )
    for name, pattern in places:
        text = read(name) if name in names else None
        match = re.search(pattern, text, re.M) if text else None
        if text and match:
            line = text.count("\n", 0, match.start(1)) + 1
            return locks.python_range(match[1]), Evidence(name, line, shown(text.splitlines()[line - 1]))
    return "", None
