"""What a run wanted and did not get: the network, a file of another machine, more than its share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from fossml.engine.site import log_of
from fossml.executors.left import Left
from fossml.executors.limits import Kind, Limits, breach
from fossml.executors.sandbox import HOME
from fossml.project.declared import Project
from fossml.scan.text import shown
from fossml.types import Event, Evidence, Finding

_READ = 4 * 2**20
_NETWORK = re.compile(
    r"Network is unreachable|Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
    r"|Could not resolve host|nodename nor servname|No address associated with hostname|unable to resolve host",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:No such file or directory|Permission denied|Read-only file system|cannot open file|cannot open"
    r"|does not exist|not found|FileNotFoundError|can't open file)[^\n/'\"]{0,60}['\"]?(/[^'\"\n:]{1,4096})"
)
_WHY = re.compile(r"No such file or directory|Permission denied|does not exist")
_BEFORE = re.compile(r"['\"]?(/[^'\"\n:]+)['\"]?[^\n/]{0,20}\Z")
_FEW = 5
_NEAR, _MOST = 256, 100
"""So many characters before a reason, and so many reasons, are looked at: a log may be made to take for ever."""
_FRAME = re.compile(r'^\s*File "(?P<path>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_CODES: dict[Kind, str] = {
    "processes": "ROOM004",
    "memory": "ROOM005",
    "disk": "ROOM006",
    "output": "ROOM007",
    "time": "ROOM008",
}
_HINTS: dict[Kind, str] = {
    "processes": "start fewer workers, or say the number in params.yaml",
    "memory": "a machine with more memory may build it",
    "disk": "a disk with more room may build it",
    "output": "print less: a line an epoch will do",
    "time": "[stage.NAME] timeout in fossml.toml bounds a stage that must not take so long",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a stage that ran in a room: why it failed ("": it did not), and what it printed.

    `tried` maps hosts of other machines to the line that tried to reach them (`train.py:12`, or ""), as a trace has it.
    """

    stage: str
    failure: str
    log: str
    file: str = "dvc.yaml"
    tried: Mapping[str, str] = field(default_factory=dict)


def of_event(event: Event, project: Project, room: Path, limits: Limits) -> tuple[Finding, ...]:
    """What was kept from the stage that has ended."""
    stage = next(stage for stage in project.stages if stage.address == event.stage)
    failure = "; ".join(event.reasons) or "it failed" if event.event == "failed" else ""
    said = Said(event.stage, failure, _log(log_of(room, stage)), stage.file, event.network)
    return findings(said, room, limits, network=project.config.settings(event.stage).network)


def finding(table: Mapping[str, Any]) -> Finding:
    """A Finding out of JSON."""
    return Finding(**{**table, "evidence": tuple(Evidence(**one) for one in table["evidence"])})


def _log(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _READ))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def findings(said: Said, room: Path, limits: Limits, *, network: bool) -> tuple[Finding, ...]:
    """What was kept from the stage, each with the file and line that asked for it where the log tells."""
    return (*_limits(said, limits), *_network(said, room, network=network), *_files(said, room))


def links(left: tuple[Left, ...]) -> tuple[Finding, ...]:
    """Links of the repository that lead out of it: what they lead to is on the author's machine, or the reader's."""
    return tuple(
        Finding(
            "ROOM003",
            "fail",
            "soft",
            one.path,
            f"is {one.what} to {one.target}, outside of the repository: it was left out",
            (Evidence(one.path),),
            "put what it leads to into the repository, or have a stage fetch it",
        )
        for one in left
        if one.target
    )


def _limits(said: Said, limits: Limits) -> Iterator[Finding]:
    for kind, code in _CODES.items():
        message = breach(kind, limits).message
        if message in said.failure:
            yield Finding(code, "fail", "hard", said.stage, f"was stopped: {message}", (), _HINTS[kind])


def _network(said: Said, room: Path, *, network: bool) -> Iterator[Finding]:
    """A stage without the network that met with its absence: one that failed for it, or went on, said or not."""
    found = _NETWORK.search(said.log)
    if network or not (found or said.tried):
        return
    failed = bool(said.failure)
    hosts = f" ({_some(said.tried)})" if said.tried else ""
    message = f"needs the network{hosts} and does not declare it"
    if not failed:
        message = f"tried the network{hosts}, and went on without it: with it, its result may be another one"
    hint = f"[stage.{said.stage}] network = true in fossml.toml declares it; better, fetch once and keep the data"
    where = tuple(_places(said.tried, room))
    if found and not where:
        where = (_frame(said.log, room, found.start()) or Evidence(said.file, text=_line_at(said.log, found.start())),)
    where = where or (Evidence(said.file),)
    yield Finding("ROOM001", "fail", "hard" if failed else "soft", said.stage, message, where, hint)


def _some(hosts: Iterable[str]) -> str:
    names = [shown(host) for host in hosts]
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")


def _places(tried: Mapping[str, str], room: Path) -> Iterator[Evidence]:
    """The lines of the repository that tried to reach a host, each once."""
    for place in list(dict.fromkeys(filter(None, tried.values())))[:_FEW]:
        path, _, number = place.rpartition(":")
        yield Evidence(path, int(number), _line(room / path, int(number), room))


def _line(path: Path, number: int, room: Path) -> str:
    """A line of a file of the room; "" where there is none, for a stage may have written what is said to be one."""
    if not path.is_file() or not path.resolve().is_relative_to(room.resolve()):
        return ""
    with path.open("rb") as file:
        lines = file.read(_READ).decode("utf-8", "replace").splitlines()
    return shown(lines[number - 1]) if number <= len(lines) else ""


def _files(said: Said, room: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for start, path in _absent(said.log) if said.failure else ():
        if path in seen or Path(path).is_relative_to(room) or path.startswith(("/proc/", "/dev/", "/usr/", "/bin/")):
            continue
        seen.add(path)
        where = _frame(said.log, room, start) or Evidence(said.file, text=_line_at(said.log, start))
        message, hint = _asked_for(path)
        yield Finding("ROOM002", "fail", "hard", said.stage, message, (where,), hint)


def _absent(log: str) -> list[tuple[int, str]]:
    """The paths that a log says could not be opened, and where it says so, in order."""
    after = [(found.start(), found[1].strip()) for found in islice(_AFTER.finditer(log), _MOST)]
    before = []
    for why in islice(_WHY.finditer(log), _MOST):
        line = max(log.rfind("\n", 0, why.start()) + 1, why.start() - _NEAR)
        if found := _BEFORE.search(log[line : why.start()]):
            before.append((line + found.start(), found[1].strip()))
    return sorted((*after, *before))


def _asked_for(path: str) -> tuple[str, str]:
    if path.startswith(f"{HOME}/"):
        message = f"asked for ~{path[len(HOME) :]}, which no stage made: a new home is empty"
        return message, "have a stage make or fetch it, inside the repository"
    message = f"asked for {path}, a path of the author's machine"
    return message, "put the file into the repository and name it relative to its folder"


def _frame(log: str, room: Path, before: int) -> Evidence | None:
    """The last line of the repository's own code in the traceback that ends at `before`, else in the one after."""
    frames = [list(_FRAME.finditer(log, 0, before)), list(_FRAME.finditer(log, before))]
    for frame in (frame for part in frames for frame in reversed(part)):
        path = Path(frame["path"])
        inner = path.relative_to(room) if path.is_relative_to(room) else path
        if not inner.is_absolute() and not str(inner).startswith(("<", "..")):
            rest = log[frame.end() :].split("\n", 2)
            return Evidence(inner.as_posix(), int(frame["line"]), rest[1].strip()[:200] if len(rest) > 1 else "")
    return None


def _line_at(log: str, place: int) -> str:
    return log[log.rfind("\n", 0, place) + 1 :].split("\n", 1)[0].strip()[:200]
