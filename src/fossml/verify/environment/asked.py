"""What a stage that failed had asked for, and the line of the repository that did, out of what it printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fossml.scan.text import HOME, MACHINE
from fossml.types import Evidence, Finding
from fossml.verify.environment.ownmodule import own_module

_FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)', re.M)
_PLACE = re.compile(r" \(at (?P<path>.+):(?P<line>\d+)\)$")
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '([\w.]+)'")
_FILE = re.compile(r"No such file or directory: ['\"]?([^'\"]+?)['\"]?(?: \(at |$|;)")
_VARIABLE = re.compile(r"KeyError: ['\"](\w+)['\"]")
_UNSET = re.compile(
    r"(?P<path>[^\s:]+): (?:line )?(?P<line>\d+): (?P<name>\w+): (?:parameter not set|unbound variable)"
)
_SHELL = re.compile(
    r"(?:(?:cannot open|can't open file|cannot access|cannot stat) |: )['\"]?([^'\":]+)['\"]?: (?:\[Errno 2\] )?No such"
)


def place_in(log: str, folder: Path) -> str:
    """` (at train.py:12)`: the innermost line of the copy `folder` in the last traceback of a log; "" without one."""
    trace = log.rpartition("Traceback (most recent call last)")
    found = ""
    for frame in _FRAME.finditer(trace[2] if trace[1] else ""):
        inside = frame["path"].removeprefix(f"{folder}/")
        if not inside.startswith(("/", "<")) and "site-packages/" not in inside and (folder / inside).is_file():
            found = f" (at {inside}:{frame['line']})"
    return found


def reason_in(log: str) -> str:
    """Why a command failed, in a line: what its last traceback ends with, else the last line that it printed."""
    trace = log.rpartition("Traceback (most recent call last):\n")
    raised = next((line for line in trace[2].splitlines() if line.strip() and not line.startswith(" ")), "")
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return raised.strip() if trace[1] and raised else lines[-1] if lines else ""


def asked_for(failed: Mapping[str, str], root: Path, *, made: bool = True) -> Iterator[Finding]:
    """A Finding for each stage of `failed` (stage -> why) that asked for what is not there.

    Not `made`: they ran on the reader's own Python, of which the project can know nothing.
    """
    for stage, why in failed.items():
        if module := _MODULE.search(why):
            if own := own_module(root, module[1]):
                message = f"stage {stage} imports {module[1]}, which is the author's own and not in the commit"
                yield Finding("DAT005", "fail", "hard", own, message, _evidence(why, root), "commit it")
                continue
            if not made:
                message = f"stage {stage} imports it, and the Python on PATH, on which it ran, does not have it"
                hint = "pip install 'fossml[verify]': the environment that the project declares is made then"
                yield Finding("ENV012", "unknown", "soft", module[1], message, _evidence(why, root), hint)
                continue
            message = f"stage {stage} imports it, and it is not in the environment"
            hint = "declare the package that brings it, with its version"
            yield Finding("ENV012", "fail", "hard", module[1], message, _evidence(why, root), hint)
        elif (variable := _VARIABLE.search(why)) and any("environ" in one.text for one in _evidence(why, root)):
            message = f"stage {stage} needs the environment variable {variable[1]}, which nothing in the project sets"
            hint = f'set it in the command, or name it in [stage.{stage}] env = ["{variable[1]}"] and say its value'
            yield Finding("ENV013", "fail", "hard", variable[1], message, _evidence(why, root), hint)
        elif unset := _UNSET.search(why):
            message = f"stage {stage} needs the environment variable {unset['name']}, which nothing in the project sets"
            hint = f'set it in the command, or name it in [stage.{stage}] env = ["{unset["name"]}"] and say its value'
            at = _line_of(root, unset["path"], int(unset["line"]))
            yield Finding("ENV013", "fail", "hard", unset["name"], message, at, hint)
        elif file := _FILE.search(why) or _SHELL.search(why):
            yield _file(stage, file[1], _evidence(why, root))


def _file(stage: str, path: str, at: tuple[Evidence, ...]) -> Finding:
    if HOME.search(path) or MACHINE.search(path):
        message = f"stage {stage} reads it: a path of the author's machine"
        hint = "use a path relative to the repository, or a parameter"
        return Finding("DAT006", "fail", "hard", path, message, at, hint)
    hint = "commit it, track it with dvc, or declare the stage that makes it"
    return Finding("DAT005", "fail", "hard", path, f"stage {stage} reads it, and it is not there", at, hint)


def _evidence(why: str, root: Path) -> tuple[Evidence, ...]:
    if not (place := _PLACE.search(why)):
        return ()
    return _line_of(root, place["path"], int(place["line"]))


def _line_of(root: Path, path: str, number: int) -> tuple[Evidence, ...]:
    """A line of a file of the repository; nothing where there is no such file in it."""
    file = root / path
    if not (file.is_file() and file.resolve().is_relative_to(root.resolve())):
        return ()
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return (Evidence(path, number, lines[number - 1].strip()[:200] if number <= len(lines) else ""),)
