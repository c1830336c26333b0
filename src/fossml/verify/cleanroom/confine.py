"""Where runs of a stranger's code happen: in which sandbox, with which variables; one value for commands and builds."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml import trace
from fossml.env import Interpreter
from fossml.executors.cell import require
from fossml.executors.limits import Limits, of_machine
from fossml.executors.programs import outermost, python_folders
from fossml.executors.sandbox import SYSTEM, Sandbox
from fossml.executors.sandbox import environment as inside
from fossml.project.declared import Project
from fossml.verify.cleanroom.perturb import ORDER
from fossml.verify.cleanroom.room import remove

_KEPT = re.compile(
    r"PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|PYTHONPATH|PYTHONHASHSEED|PYTHONDONTWRITEBYTECODE|PYTHONUTF8|PYTHONIOENCODING"
    r"|VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV|LD_LIBRARY_PATH|CUDA_[A-Z_]+|NVIDIA_VISIBLE_DEVICES"
    r"|[A-Z]+_NUM_THREADS|CUBLAS_WORKSPACE_CONFIG|XLA_FLAGS|SOURCE_DATE_EPOCH"
)
"""The reader's variables that a run sees: how programs are found and how they count. Others may hold keys."""
_KEYS = re.compile(r"KEY|TOKEN|SECRET|PASS|CRED|AUTH|COOKIE|SESSION|_PAT$|DSN|SOCK|PROXY", re.IGNORECASE)


_GIT = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
"""The room's .git stays its maker's, so that it cannot be changed, and git is to read it all the same."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What runs may reach beside their own copy of the folder: `readable` folders, GPUs where a stage asks, `limits`.

    `inside` are the folders out of which a room's git may read objects; `path` are the folders of programs.
    """

    limits: Limits
    readable: tuple[Path, ...] = ()
    inside: tuple[Path, ...] = ()
    path: tuple[str, ...] = ()
    gpus: bool = True

    def sandbox(self, room: Path, shared: Collection[Path] = ()) -> Sandbox:
        """The sandbox for `room`, with a new home and a new /tmp beside it.

        `shared` are folders of the room whose bytes belong to others: they are read-only.
        """
        home, temporary = room.parent / ".home", room.parent / ".tmp"
        for folder in (home, temporary):
            remove(folder)
            folder.mkdir(parents=True)
        objects = tuple(_objects(room, self.inside))
        return Sandbox(
            room,
            home,
            temporary,
            self.limits,
            readable=outermost((*self.readable, *objects)),
            locked=tuple(sorted(shared)),
            gpus=self.gpus,
        )

    def environment(self, env: Mapping[str, str], declared: Iterable[str] = ()) -> dict[str, str]:
        """The variables of a run out of the reader's `env`: those that programs need, and `declared` ones but keys."""
        wanted = {name for name in declared if not _KEYS.search(name)}
        kept = {name: value for name, value in env.items() if name in wanted or _KEPT.fullmatch(name)}
        return {**kept, "PATH": os.pathsep.join(self.path), **_GIT, **inside()}


def confinement(
    python: Interpreter | None,
    env: Mapping[str, str],
    home: Path,
    own: Collection[Path],
    *,
    limits: Limits | None = None,
    readable: Iterable[Path] = (),
    gpus: bool = True,
) -> Confinement:
    """For runs with `python` out of the reader's `env`; `own` are the folders of the project and of its copies.

    `readable` are further folders, such as an environment that was made for it. FossmlError where this machine has no
    sandbox, or the Python lies where all of `home` would have to be shown.
    """
    require()
    folders = python_folders(python.path, python.folders, home) if python else ()
    hook = Path(trace.__file__).resolve().parent
    shown = outermost((*folders, *(path.resolve() for path in readable), hook, ORDER))
    first = [str(Path(python.path).parent)] if python else []
    visible = (*map(Path, SYSTEM), *shown)
    path = [part for part in env.get("PATH", "").split(os.pathsep) if _lies_in(part, visible)]
    place = next((path for path in own if path.is_dir()), Path("/tmp"))
    return Confinement(
        limits or of_machine(place), shown, tuple(own), tuple(dict.fromkeys([*first, *path, "/usr/bin", "/bin"])), gpus
    )


def declared(project: Project) -> frozenset[str]:
    """The variables that the author says count."""
    return frozenset(name for stage in project.stages for name in project.config.settings(stage.address).env)


def networked(project: Project) -> tuple[str, ...]:
    """The stages that declare the network."""
    addresses = (stage.address for stage in project.stages)
    return tuple(address for address in addresses if project.config.settings(address).network)


def remarks(confinement: Confinement | None, project: Project) -> tuple[str, ...]:
    """What was not shut out."""
    if confinement is None:
        return ("network and other folders of this machine: the code ran as you (--trust) and could reach them",)
    stages = networked(project)
    return (f"what was fetched by {', '.join(stages)}: the network was declared and open",) if stages else ()


def _lies_in(path: str, folders: Iterable[Path]) -> bool:
    return path.startswith("/") and any(Path(path).is_relative_to(folder) for folder in folders)


def _objects(room: Path, inside: Collection[Path]) -> Iterable[Path]:
    """Git's objects that the room borrows, where they are the project's own."""
    try:
        lines = (room / ".git" / "objects" / "info" / "alternates").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        place = Path(os.path.realpath(line))
        if place.name == "objects" and any(place.is_relative_to(folder.resolve()) for folder in inside):
            yield place
