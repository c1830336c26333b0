"""Why a command failed, in a sentence, and what to try: read from its exit code and the end of what it printed."""

from __future__ import annotations

import difflib
import os
import posixpath
import re
import signal
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from fossml.env import Interpreter
from fossml.verify.cleanroom.room import walk
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command.record import Record

_UNKNOWN_FLAG = re.compile(
    r"unrecognized arguments?|no such option|unrecognized option|unknown (option|flag|argument)|"
    r"unexpected (extra )?argument|Could not override|UnrecognizedFlagError",
    re.IGNORECASE,
)
_NO_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?")
_NO_FILE = re.compile(
    r"(?:FileNotFoundError|No such file or directory)[^\n]*?['\" ]((?:\.\./|\./)*[\w-][^'\"\s:/]*(?:/[^'\"\s:]+|\.\w+))"
)
_NO_SCRIPT = re.compile(r"can't open file '([^']+)'")
_PYTHON_2 = re.compile(r"SyntaxError: Missing parentheses in call to '(?:print|exec)'")
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


class Around(Protocol):
    """What is known around a run."""

    @property
    def root(self) -> Path:
        """The folder that was copied."""

    @property
    def wdir(self) -> str:
        """The folder in which the command ran, relative to `root`."""

    @property
    def delivery(self) -> Delivery:
        """How the seed was given."""

    @property
    def interpreter(self) -> Interpreter | None:
        """The command's python."""

    @property
    def made(self) -> bool:
        """Whether that python is one of an environment that fossml made of the project."""

    @property
    def timeout(self) -> float | None:
        """Seconds that a run may take."""


@dataclass(frozen=True, slots=True)
class Told:
    """What went wrong, and what to try."""

    failure: str
    hint: str = ""


def explain(record: Record, stdout: str, stderr: str, around: Around) -> Told:
    """Why the run of `record` failed."""
    if record.timeout:
        return Told(f"it was still running after {around.timeout:g} s", "give it more time with --timeout")
    if record.stopped and record.code:
        return Told(f"it was stopped: {record.stopped}", "without --sandbox, it gets all that the machine has")
    if record.code < 0:
        return Told(f"it was killed by {_signal(-record.code)}", _killed_hint(-record.code))
    last = _last_line(stderr) or _last_line(stdout)
    return Told(
        f"it failed with exit code {record.code}" + (f": {last.rstrip('.')}" if last else ""),
        _hint(record, stderr, around),
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _killed_hint(number: int) -> str:
    return "is there enough memory? SIGKILL is what the system sends when there is not" if number == 9 else ""


def _hint(record: Record, stderr: str, around: Around) -> str:
    if (missing := _NO_MODULE.search(stderr)) is not None:
        return _own_module_hint(missing[1], around) or _module_hint(missing[1], around.interpreter, made=around.made)
    flag = around.delivery.flag
    if flag and (_UNKNOWN_FLAG.search(stderr) or (record.code == 2 and "usage:" in stderr)):
        return _flag_hint(flag, stderr)
    if _PYTHON_2.search(stderr):
        return "this is written for Python 2: name one in --cmd, or convert a copy with 2to3"
    if (script := _NO_SCRIPT.search(stderr)) is not None:
        return _script_hint(script[1], around)
    if (file := _NO_FILE.search(stderr)) is not None:
        return _file_hint(file[1], around)
    if record.code == 127:
        return "the command was not found: does it run in this shell and this folder by hand?"
    return ""


def _own_module_hint(module: str, around: Around) -> str:
    """Where the module is the repository's own: in the folder of the command or above it, up to the repository."""
    name = module.partition(".")[0]
    here = around.root / around.wdir
    for folder in (here, *here.parents):
        if (folder / name).is_dir() or (folder / f"{name}.py").is_file():
            way = os.path.relpath(folder, here)
            larger = "" if folder.is_relative_to(around.root) else f", and name that folder with --folder {way}"
            return f"`{name}` lies in the repository: write PYTHONPATH={way} in front of the command{larger}"
        if (folder / ".git").exists():
            break
    return ""


def _script_hint(script: str, around: Around) -> str:
    """Where a script of that name is, if the folder has one."""
    name = PurePosixPath(script).name
    found = [
        entry.path for entry in walk(around.root) if entry.kind == "file" and posixpath.basename(entry.path) == name
    ]
    if not found:
        return f"there is no {name} in the folder"
    nearest = posixpath.relpath(min(found, key=len), around.wdir)
    return f"there is {nearest}: name it so, or go to its folder and name this one with --folder"


def _file_hint(path: str, around: Around) -> str:
    if posixpath.normpath(posixpath.join(around.wdir, path)).startswith("../"):
        return f"{path} lies outside the folder that was copied: name a larger one with --folder"
    return f"{path} is not in the folder: is it to be downloaded or made first?"


def _module_hint(module: str, interpreter: Interpreter | None, *, made: bool) -> str:
    if made:
        return (
            f"the environment that was made of the project has no `{module}`: what was not installed is said below; "
            "or take a Python of your own that has it: --environment path"
        )
    if interpreter is None:
        return f"no python was found on PATH that has `{module}`"
    used = f"python was {interpreter.path} ({interpreter.version})"
    return f"{used}: activate the environment that has `{module}`, or name its python in --cmd"


def _flag_hint(flag: str, stderr: str) -> str:
    known = sorted(set(_OPTION.findall(stderr)) - {flag.rstrip("=")})
    seedlike = [option for option in known if "seed" in option.lower()]
    near = seedlike or difflib.get_close_matches(flag, known, 3)
    say = f"; it knows {', '.join(near)}" if near else ""
    return f"the command does not know {flag}{say}. --seed-env, --seed-param or {{seed}} in --cmd are the other ways"


def _last_line(text: str) -> str:
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "")
