"""The environment that a project asks for, made with uv, kept by what it holds: the second time costs nothing.

Only wheels are installed, so nothing of a stranger's is run; what would have to be built is named.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from fossml.canon import key
from fossml.env import Interpreter, installed
from fossml.types import Evidence, Finding
from fossml.verify.cleanroom import room
from fossml.verify.cleanroom.source import scratch
from fossml.verify.environment.locks import Line
from fossml.verify.environment.pythons import Python, candidates, fits, parse
from fossml.verify.environment.uv import Said, Uv
from fossml.verify.environment.wanted import Wanted, checked_indexes, parse_exported

_FORMAT = 1
_WHEELS = ("--only-binary", ":all:")
"""To build a source archive runs its code."""
_MOST_MEMBERS = 100
_FEW_LEFT_OUT = 5
"""So many packages, or a third of those that are declared, may be missing from an environment before it is none."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the stages run in. `kind`: made of what the project declares, of what it imports, or the Python on PATH.

    `folder` is the virtual environment (None: PATH), `digest` names what is in it, `date` is the day as of which
    versions were chosen ("" where a lock has them). `failed` says why there is none.
    """

    kind: Literal["project", "imports", "path"]
    folder: Path | None = None
    python: str = ""
    version: str = ""
    distributions: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    files: tuple[str, ...] = ()
    date: str = ""
    itself: bool = False
    findings: tuple[Finding, ...] = ()
    failed: str = ""

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What the choice of environment leaves open."""
        if self.kind == "path":
            return (
                "the environment: the Python on this machine's PATH was used, not one made from the project's own lock",
            )
        if self.kind == "imports":
            return (f"the environment of the author: no file declares it; made of what is imported, as of {self.date}",)
        missing = sorted(
            {one.subject for one in self.findings if one.code in ("ENV003", "ENV004") and one.status == "fail"}
        )
        return (f"with all that is declared: not installed: {', '.join(missing)}",) if missing else ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """The versions that were chosen: `text` as an installer takes it, for the Python at `path`; what was left out."""

    text: str
    path: str
    version: str
    dated: bool = True
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes environments with `uv` and keeps them below `folder`."""

    uv: Uv
    folder: Path
    say: Callable[[str], None] = lambda _line: None

    def make(self, wanted: Wanted, first: Interpreter | None, date: str, root: Path) -> Environment:
        """The environment that `wanted` asks for, as it was kept or made; `first` is the Python on PATH.

        Versions that nothing fixes are those of `date` (ISO 8601; "" for now). `root` holds the project's files.
        """
        contents = [_digest(root / name) for name in (*wanted.files, "pyproject.toml")]
        ahead = Python(parse(first.version), first.path) if first else None
        asked = key([_FORMAT, repr(wanted), contents, date, str(ahead), *_platform()])[:32]
        kept = self.folder / f"{asked}.json"
        if (known := _recalled(kept)) is not None:
            return known
        self.say(f"making the environment of {_of(wanted)}")
        environment = self._made(self._with_lock(wanted, root, ahead), ahead, date)
        if not environment.failed:
            _write(kept, asdict(environment))
        return environment

    def _with_lock(self, wanted: Wanted, root: Path, first: Python | None) -> Wanted:
        """What a uv.lock holds, as uv writes it out."""
        if [name.rpartition("/")[2] for name in wanted.files] != ["uv.lock"]:
            return wanted
        with scratch(self.folder / "tmp") as folder:
            members = [path for path in sorted(root.glob("**/pyproject.toml")) if _is_own(path, root)]
            for path in members[:_MOST_MEMBERS]:
                copy = folder / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
            (folder / "uv.lock").write_bytes((root / wanted.files[0]).read_bytes())
            python = ("--python", first.path) if first else ()
            # Nothing of [tool.uv] counts: it may name where Pythons are downloaded from, and uv runs them.
            alone = ("--no-config", "--no-python-downloads", "--offline")
            flags = ("--frozen", "--no-default-groups", "--no-emit-project", "--no-header", "--no-annotate", *alone)
            said = self.uv.run("export", "--quiet", "--project", str(folder), *python, *flags)
        if not said.good:
            at = (Evidence(wanted.files[0]),)
            found = Finding("ENV009", "fail", "hard", "uv.lock", f"cannot be read: {said.why}", at, "uv lock writes it")
            return replace(wanted, findings=(*wanted.findings, found))
        return from_uv_lock(wanted, said.out, (root / wanted.files[0]).read_text(encoding="utf-8", errors="replace"))

    def _made(self, wanted: Wanted, first: Python | None, date: str) -> Environment:
        pythons = self._pythons(wanted, first)
        if not pythons:
            return failed(wanted, "there is no Python 3 here")
        if any(one.code == "ENV009" for one in wanted.findings) and not wanted.lines:
            return failed(wanted, "; ".join(one.message for one in wanted.findings if one.code == "ENV009"))
        resolution, why = self._resolve(wanted, pythons, date)
        if resolution is None:
            return failed(wanted, why)
        digest = key([_FORMAT, resolution.text, resolution.version, resolution.path, *_platform()])[:32]
        folder = self.folder / digest
        if why := self._install(folder, resolution, wanted):
            return failed(wanted, why)
        names = installed(_packages(folder))
        return _environment(wanted, resolution, folder, digest, names, first, date)

    def _pythons(self, wanted: Wanted, first: Python | None) -> list[Python]:
        here = self.uv.pythons()
        if wanted.python and not any(fits(one.version, wanted.python) for one in [*here, *([first] if first else [])]):
            aim = ".".join(map(str, parse(re.sub(r"^\D*", "", wanted.python))[:2]))
            if aim and self.uv.run("python", "install", "--quiet", aim).good:
                here = self.uv.pythons()
        return candidates(here, first, wanted.python)

    def _resolve(self, wanted: Wanted, pythons: Sequence[Python], date: str) -> tuple[Resolution | None, str]:
        """The versions to install: all that is asked for, by the first Python that can; else less a few, and why."""
        dates = [date, ""] if date and not wanted.locked else [""]
        first_why = ""
        for day in dates:
            for python in pythons:
                said = self._compile(wanted, wanted.lines, python, day)
                if said.good:
                    return _resolution(wanted, wanted.lines, said.out, python, dated=day == date), ""
                if said.unreached:
                    return None, said.why
                first_why = first_why or said.why
        for day in dates:
            tried = [self._resolve_less(wanted, python, day, dated=day == date) for python in pythons]
            if found := [one for one in tried if one is not None]:
                return min(found, key=lambda one: len(one.left_out)), ""
        return None, first_why

    def _resolve_less(self, wanted: Wanted, python: Python, day: str, *, dated: bool) -> Resolution | None:
        lines, left_out = list(wanted.lines), dict[str, str]()
        while len(left_out) <= max(_FEW_LEFT_OUT, len(wanted.lines) // 3):
            said = self._compile(wanted, lines, python, day)
            if said.good:
                return replace(_resolution(wanted, lines, said.out, python, dated=dated), left_out=left_out)
            guilty = blamed(said.err, lines)
            if guilty is None:
                return None
            left_out[guilty] = said.why
            lines = [line for line in lines if line.name != guilty]
        return None

    def _compile(self, wanted: Wanted, lines: Sequence[Line], python: Python, day: str) -> Said:
        if not lines:
            return Said(True, "")
        args = ["--no-header", "--no-annotate", "--python", python.path, *_WHEELS, *_indexes(wanted)]
        args += ["--no-deps"] if wanted.locked else []
        args += ["--exclude-newer", day] if day else []
        with scratch(self.folder / "tmp") as folder:
            if wanted.constraints:
                (folder / "constraints.txt").write_text(_text(wanted.constraints), encoding="utf-8")
                args += ["--constraints", str(folder / "constraints.txt")]
            return self.uv.run("pip", "compile", "--quiet", *args, "-", given=_text(lines))

    def _install(self, folder: Path, resolution: Resolution, wanted: Wanted) -> str:
        """Make `folder` hold what was chosen, unless it does; why it could not be done. One fossml at a time."""
        marker = folder.with_suffix(".made")
        with _locked(folder.with_suffix(".lock")):
            if _is_whole(folder, marker):
                return ""
            marker.unlink(missing_ok=True)
            room.remove(folder)
            said = self.uv.run("venv", "--quiet", "--no-project", "--python", resolution.path, str(folder))
            if said.good and resolution.text.strip():
                if re.search(r"^torch==[\d.]+\s", resolution.text, re.M):
                    self.say(
                        "torch from PyPI brings gigabytes of libraries for GPUs (UV_TORCH_BACKEND=cpu spares them)"
                    )
                args = ["--quiet", "--python", str(folder / "bin" / "python"), "--no-deps", *_WHEELS]
                # Never linked: what runs there could write into uv's own cache through a link.
                args += ["--link-mode", "copy", *_indexes(wanted), "-r", "-"]
                said = self.uv.run("pip", "install", *args, given=resolution.text)
            if not said.good:
                room.remove(folder)
                return said.why
            _compile(folder, self.uv.here)
            _write(marker, sorted(installed(_packages(folder)).items()))
            return ""


def from_uv_lock(wanted: Wanted, exported: str, lock: str) -> Wanted:
    """`wanted` with the requirements that uv wrote out of its lock, and the indexes that the lock names."""
    path = wanted.files[0]
    lines, found = parse_exported(exported, path, lock)
    registries = sorted(set(re.findall(r"registry = \"([^\"]+)\"", lock)))
    allowed, refused = checked_indexes(registries, path, lock)
    return replace(wanted, lines=lines, indexes=allowed, findings=(*wanted.findings, *found, *refused))


def blamed(err: str, lines: Sequence[Line]) -> str | None:
    """The requirement that uv's message is about: the first of `lines` that it names."""
    text = re.sub(r"(?m)^hint:.*$", "", err)
    places = {
        line.name: match.start()
        for line in lines
        if (
            match := re.search(
                rf"(?<![\w.-]){line.name.replace('.', '[.]').replace('-', '[-_.]')}(?![\w-])", text, re.I
            )
        )
    }
    return min(places, key=lambda name: places[name]) if places else None


def _resolution(wanted: Wanted, lines: Sequence[Line], out: str, python: Python, *, dated: bool) -> Resolution:
    """A lock's own lines keep their digests; else what uv chose."""
    return Resolution(_text(lines) if wanted.locked else out, python.path, str(python), dated)


def _text(lines: Sequence[Line]) -> str:
    return "".join(f"{line.spec}\n" for line in lines)


def _indexes(wanted: Wanted) -> list[str]:
    args: list[str] = []
    for url in wanted.indexes:
        args += ["--find-links" if url.endswith(".html") else "--extra-index-url", url]
    return args


def _of(wanted: Wanted) -> str:
    return " and ".join(wanted.files) or f"{len(wanted.lines)} packages that are imported"


def _platform() -> tuple[str, ...]:
    return sys.platform, platform.machine(), "-".join(platform.libc_ver())


def _is_own(path: Path, root: Path) -> bool:
    """Whether it is a file of the repository: a link may lead to the reader's."""
    return path.resolve().is_relative_to(root.resolve()) and path.is_file()


def _digest(path: Path) -> str:
    return room.sha256(path) if path.is_file() else ""


def as_interpreter(made: Environment) -> Interpreter:
    """The Python of a made environment, known without running it: what is installed may run code when it starts."""
    folders = _packages(made.folder) if made.folder else []
    names = sorted(path.name for folder in folders for path in Path(folder).iterdir() if path.suffix == ".dist-info")
    return Interpreter(made.python, made.version, tuple(names), tuple(folders))


def _packages(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.glob("lib*/python*/site-packages"))]


def _compile(folder: Path, here: Path) -> None:
    """Bytecode for what was installed, as nothing may be written there later; of that itself nothing is run (-S)."""
    python = str(folder / "bin" / "python")
    for packages in _packages(folder):
        args = [python, "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "0", packages]
        with contextlib.suppress(OSError):
            quiet = subprocess.DEVNULL
            subprocess.run(args, cwd=here, stdin=quiet, capture_output=True, check=False, umask=0o022)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _is_whole(folder: Path, marker: Path) -> bool:
    """Whether it was made to the end, its Python is there, and nothing was installed into it or taken out since."""
    try:
        names = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    python = folder / "bin" / "python"
    return os.access(python, os.X_OK) and [list(pair) for pair in sorted(installed(_packages(folder)).items())] == names


def _write(file: Path, content: Any) -> None:
    """A small file, whole or not at all, and lasting."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}.new")
    with temporary.open("w", encoding="utf-8") as opened:
        json.dump(content, opened, default=str)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)


def _recalled(file: Path) -> Environment | None:
    """The environment that was made of the same before; None where it is not there any more."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = tuple(_finding(one) for one in kept.pop("findings"))
        folder = Path(kept.pop("folder"))
        environment = Environment(folder=folder, findings=found, files=tuple(kept.pop("files")), **kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return environment if _is_whole(folder, folder.with_suffix(".made")) else None


def _finding(one: dict[str, Any]) -> Finding:
    return Finding(**{**one, "evidence": tuple(Evidence(**at) for at in one["evidence"])})


def failed(wanted: Wanted, why: str) -> Environment:
    """No environment, and why."""
    guilty = blamed(why, wanted.lines)
    at = _evidence(wanted, [guilty]) if guilty else tuple(map(Evidence, wanted.files))
    hint = "mend the declaration, or take the Python on PATH: --environment path"
    found = Finding("ENV009", "fail", "hard", guilty or _of(wanted), f"no environment could be made: {why}", at, hint)
    kind: Literal["imports", "project"] = "imports" if wanted.kind == "imports" else "project"
    return Environment(kind, files=wanted.files, findings=(*wanted.findings, found), failed=why)


def _environment(
    wanted: Wanted,
    resolution: Resolution,
    folder: Path,
    digest: str,
    names: Mapping[str, str],
    first: Python | None,
    date: str,
) -> Environment:
    dated = date if resolution.dated and not wanted.locked else ""
    return Environment(
        "imports" if wanted.kind == "imports" else "project",
        folder,
        str(folder / "bin" / "python"),
        resolution.version,
        dict(names),
        digest,
        wanted.files,
        dated,
        wanted.itself,
        tuple(_findings(wanted, resolution, names, first, date)),
    )


def _evidence(wanted: Wanted, names: Sequence[str]) -> tuple[Evidence, ...]:
    return tuple(Evidence(line.path, line.line, line.text) for line in wanted.lines if line.name in names)


def _findings(
    wanted: Wanted, resolution: Resolution, names: Mapping[str, str], first: Python | None, date: str
) -> Iterator[Finding]:
    yield from wanted.findings
    for name, why in resolution.left_out.items():
        hint = "declare a version that is there"
        if "wheel" in why:
            hint = "declare a version that has a wheel for this Python"
        elif "invalid metadata" in why:
            hint = "declare a later version: what this one says of itself is not in the form that uv reads"
        message = f"cannot be installed with Python {resolution.version}: {why}"
        yield Finding("ENV003", "fail", "hard", name, message, _evidence(wanted, [name]), hint)
    yield from _about_python(wanted, resolution, first)
    yield from _about_versions(wanted, resolution, names, date)
    if wanted.itself:
        message = "the project itself was not installed: its folder is on PYTHONPATH instead, so that nothing is built"
        yield Finding("ENV011", "declared", "soft", "the project", message, tuple(map(Evidence, wanted.files[:1])))
    if wanted.files:
        message = f"the environment was made of it: {len(names)} packages, Python {resolution.version}"
        yield Finding("ENV001", "pass", "soft", wanted.files[0], message, tuple(map(Evidence, wanted.files)))


def _about_python(wanted: Wanted, resolution: Resolution, first: Python | None) -> Iterator[Finding]:
    at = (wanted.python_at,) if wanted.python_at else ()
    used = parse(resolution.version)
    if wanted.python and not fits(used, wanted.python):
        message = f"Python {wanted.python} is asked for and not here: {resolution.version} was used"
        hint = "install it, so that `uv python find` knows it"
        yield Finding("ENV006", "unknown", "soft", "Python", message, at, hint)
    elif not wanted.python and first and used[:2] != first.version[:2]:
        message = f"what is declared does not install with Python {first}: {resolution.version} was used"
        hint = "say which one: a .python-version, or requires-python in pyproject.toml"
        yield Finding("ENV006", "declared", "soft", "Python", message, tuple(map(Evidence, wanted.files)), hint)


def _about_versions(wanted: Wanted, resolution: Resolution, names: Mapping[str, str], date: str) -> Iterator[Finding]:
    when = f"as of {date[:10]}" if resolution.dated and date else "the newest there are"
    if wanted.kind == "imports":
        message = f"no file declares a package: what is imported was installed, {when}"
        hint = "write requirements.txt with the versions that gave the results (pip freeze shows them)"
        at = tuple(Evidence(line.path, line.line, line.text) for line in wanted.lines)
        yield Finding("ENV007", "unknown", "soft", "packages", message, at, hint)
        return
    fixed = {line.name for line in wanted.constraints}
    loose = [line for line in wanted.lines if not wanted.locked and "==" not in line.spec and line.name not in fixed]
    chosen = ", ".join(f"{line.name} {names[line.name]}" for line in loose[:6] if line.name in names)
    if loose and chosen:
        message = f"{len(loose)} of {len(wanted.lines)} packages have no version: {when} were taken ({chosen})"
        at = tuple(Evidence(line.path, line.line, line.text) for line in loose)
        yield Finding("ENV005", "declared", "soft", "versions", message, at, "write the versions that gave the results")
    if date and not resolution.dated and not wanted.locked:
        message = f"does not install as of the commit's date, {date[:10]}: packages of a later day were taken"
        yield Finding("ENV010", "unknown", "soft", wanted.files[0], message, tuple(map(Evidence, wanted.files)))
