"""A package that is there as a source archive only: made into a wheel inside the sandbox, without the network.

Outside, the archive is fetched and never opened, and the packages that building asks for are installed from wheels.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fossml.env import Interpreter
from fossml.errors import FossmlError
from fossml.executors.cell import available
from fossml.executors.left import disarm
from fossml.executors.local import start
from fossml.scan.requirements import normalise
from fossml.verify.cleanroom.confine import confinement
from fossml.verify.cleanroom.remote import RefusedError, download
from fossml.verify.cleanroom.source import scratch
from fossml.verify.environment.asked import reason_in
from fossml.verify.environment.locks import Line
from fossml.verify.environment.made import packages
from fossml.verify.environment.pythons import Python
from fossml.verify.environment.uv import Uv
from fossml.verify.environment.wanted import as_line, objection, text_of

_PATIENCE = 300.0
"""Seconds that unpacking, and that building, may take."""
_LARGEST = 2**20
"""Bytes of a file that says something of a package."""
_RAISED = re.compile(r"^\s*((?:\w+\.)*\w*(?:Error|Exception): .{1,300})", re.M)
"""What pip shows of the error of a program, further in."""
_TOOLS = ("pip", "setuptools", "wheel")
_UNPACK = """\
import pathlib, shutil, sys
file = next(pathlib.Path("archive").iterdir())
shutil.unpack_archive(str(file), "unpacked")
(folder,) = pathlib.Path("unpacked").iterdir()
folder.rename("source")
"""
_BUILD = "-m pip wheel --no-build-isolation --no-deps --no-index --no-cache-dir -w made ./source"


@dataclass(frozen=True, slots=True)
class Archive:
    """A source archive as an index has it."""

    name: str
    version: str
    url: str
    sha256: str

    @property
    def suffix(self) -> str:
        """What its name ends with, where it is a form that Python unpacks; "" else."""
        return found[0] if (found := re.search(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz))$", self.url)) else ""


def archive_in(pylock: str) -> Archive | None:
    """The one source archive that a pylock.toml names; None where it names none that can be checked."""
    try:
        (one,) = tomllib.loads(pylock)["packages"]
        sdist = one["sdist"]
        found = Archive(normalise(one["name"]), str(one["version"]), str(sdist["url"]), str(sdist["hashes"]["sha256"]))
    except (ValueError, KeyError, TypeError):
        return None
    is_sound = found.url.startswith(("https://", "http://")) and re.fullmatch("[0-9a-f]{64}", found.sha256)
    return found if is_sound and found.suffix else None


@dataclass(frozen=True, slots=True)
class Workshop:
    """Makes wheels with `uv` and the sandbox, and keeps them below `folder`; `home` is the reader's."""

    uv: Uv
    folder: Path
    home: Path
    say: Callable[[str], None] = lambda _line: None

    def wheel(self, line: Line, python: Python, day: str, indexes: Sequence[str]) -> Line | str:
        """`line` as the wheel that was made of its source archive; else why there is none.

        Why is "" where there is no source archive, or no sandbox. `day`: as of which its version is chosen, "" for now.
        """
        archive = self._archive(line, python, day, indexes) if available() is None else None
        if archive is None or archive.name != line.name:
            return ""
        kept = self.folder / archive.sha256 / ".".join(map(str, python.version[:2]))
        try:
            if not list(kept.glob("*.whl")):
                self.say(f"building {archive.name} {archive.version} out of its source archive, in the sandbox")
                self._make(archive, python, day, kept)
        except (RefusedError, FossmlError) as error:
            return f"its source archive does not build in the sandbox: {error}"
        file = sorted(kept.glob("*.whl"))[0]
        return replace(line, spec=f"{line.name} @ {file.as_uri()}")

    def _archive(self, line: Line, python: Python, day: str, indexes: Sequence[str]) -> Archive | None:
        """Chosen by uv, which asks the index alone: what an archive holds matters only to what it depends on."""
        args = ["--quiet", "--no-deps", "--no-binary", line.name, "--format", "pylock.toml", "--python", python.path]
        dated = ["--exclude-newer", day] if day else []
        said = self.uv.run("pip", "compile", *args, *indexes, *dated, "-", given=text_of((line,)))
        found = archive_in(said.out) if said.good else None
        digests = re.findall(r"--hash=sha256:([0-9a-f]{64})", line.spec)
        return found if found and (not digests or found.sha256 in digests) else None

    def _make(self, archive: Archive, python: Python, day: str, kept: Path) -> None:
        """The wheel in `kept`. RefusedError: why there is none."""
        with scratch(self.folder / "tmp") as folder:
            place = folder / "room"
            (place / "archive").mkdir(parents=True)
            download(archive.url, archive.sha256, place / "archive" / f"source{archive.suffix}")
            self._run(place, Interpreter(python.path, str(python), ()), f"-I -c {shlex.quote(_UNPACK)}")
            wanted = requires(place / "source/pyproject.toml")
            self._run(place, self._environment(folder / "env", wanted, python, day), _BUILD)
            found = [path for path in (place / "made").glob("*.whl") if is_plain(path, archive)]
            if len(found) != 1:
                raise RefusedError("what it makes is no wheel of it, or asks for something by an address")
            kept.mkdir(parents=True, exist_ok=True)
            temporary = kept / f"{folder.name}.new"
            shutil.copyfile(found[0], temporary)
            temporary.replace(kept / found[0].name)

    def _environment(self, folder: Path, wanted: Sequence[str], python: Python, day: str) -> Interpreter:
        """A virtual environment with what building asks for, of wheels only. RefusedError: one is lacking."""
        if any(map(objection, (as_line(one, "", None) for one in wanted))):
            raise RefusedError("building it asks for something that is no release")
        made = self.uv.run("venv", "--quiet", "--no-project", "--python", python.path, str(folder))
        if not made.good:
            raise RefusedError(f"what builds it cannot be made: {made.why}")
        program = str(folder / "bin" / "python")
        args = ("--quiet", "--python", program, "--only-binary", ":all:", "--link-mode", "copy", "-r", "-")
        text = text_of([as_line(one, "", None) for one in dict.fromkeys((*wanted, *_TOOLS))])
        for dated in (["--exclude-newer", day], []) if day else ([],):
            said = self.uv.run("pip", "install", *args, *dated, given=text)
            if said.good:
                return Interpreter(program, str(python), (), tuple(packages(folder)))
        raise RefusedError(f"what building it asks for cannot be installed: {said.why}")

    def _run(self, place: Path, python: Interpreter, words: str) -> None:
        """Run a Python in the sandbox, in `place`. RefusedError where it fails or leaves what would lead astray."""
        closed = confinement(python, self.uv.environ, self.home, (place,))
        sandbox, log = closed.sandbox(place), place.parent / "log"
        command = f"exec {shlex.quote(python.path)} {words}"
        env = closed.environment(self.uv.environ)
        process = start(command, cwd=place, env=env, stdout=log, sandbox=sandbox)
        ended = process.wait(_PATIENCE) or process.cancel()
        left = disarm(sandbox)
        if ended.breach or ended.cancelled:
            raise RefusedError(ended.breach.message if ended.breach else f"it ran longer than {_PATIENCE:g} s")
        if left or ended.code:
            with log.open("rb") as file:
                said = file.read(_LARGEST).decode("utf-8", "replace")
            errors = _RAISED.findall(said)
            why = errors[-1] if errors else reason_in(said).replace(str(place), ".") or f"exit code {ended.code}"
            raise RefusedError(str(left[0]) if left else why)


def requires(pyproject: Path) -> tuple[str, ...]:
    """What building asks for, out of a pyproject.toml that a stranger wrote; nothing where it says nothing."""
    try:
        if pyproject.stat().st_size > _LARGEST:
            return ()
        found = tomllib.loads(pyproject.read_text(encoding="utf-8"))["build-system"]["requires"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def is_plain(wheel: Path, archive: Archive) -> bool:
    """Whether a file is a wheel of what was to be built, and asks for nothing by an address."""
    name, _, rest = wheel.name.partition("-")
    if wheel.is_symlink() or normalise(name) != archive.name or not rest.startswith(f"{archive.version}-"):
        return False
    try:
        with zipfile.ZipFile(wheel) as file:
            (place,) = (one for one in file.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", one))
            with file.open(place) as opened:
                head = opened.read(_LARGEST).decode("utf-8", "replace").partition("\n\n")[0]
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return False
    asked = re.findall(r"^Requires-Dist:(.*(?:\n[ \t].*)*)", head, re.M | re.I)
    return not any("@" in one or "/" in one for one in asked)
