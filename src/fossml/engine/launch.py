"""Starting one stage: its inputs there, its old outputs aside, its command in the shell that DVC would take."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fossml.engine.aside import Aside, put_aside
from fossml.engine.plan import Now
from fossml.errors import FossmlError
from fossml.executors.local import Process, start
from fossml.project.dvc import rooted
from fossml.store.objects import Objects
from fossml.store.paths import check_target
from fossml.types import Stage

_QUIET = {"bash": "--noprofile --norc ", "zsh": "--no-rcs "}
"""Options with which a shell reads none of the user's files."""


@dataclass(frozen=True, slots=True)
class Running:
    """A stage that runs: what it found, and what its end needs."""

    stage: Stage
    now: Now
    aside: Aside
    process: Process
    log: Path
    started: str


def launch(root: Path, stage: Stage, now: Now, env: Mapping[str, str], objects: Objects) -> Running:
    """Start `stage`. FossmlError where it cannot start; its old outputs are then where they were."""
    _check(root, stage, now)
    try:
        log = _log(root, stage)
        aside = put_aside(root / ".fossml" / "aside", _places(root, stage, persist=False))
    except OSError as error:
        raise _told(error, stage) from error
    try:
        for place in _places(root, stage, persist=True):
            objects.release(place)
        for out in stage.outs:
            (root / rooted(stage, out.path)).parent.mkdir(parents=True, exist_ok=True)
        seen = {**env, "DVC_ROOT": str(root), "DVC_STAGE": stage.address}
        process = start(script(stage.cmd, env.get("SHELL", "")), cwd=root / stage.wdir, env=seen, stdout=log)
        aside.belongs_to(process.pid)
    except (OSError, FossmlError) as error:
        aside.restore()
        raise (_told(error, stage) if isinstance(error, OSError) else error) from error
    return Running(stage, now, aside, process, log, datetime.now(UTC).isoformat(timespec="milliseconds"))


def _check(root: Path, stage: Stage, now: Now) -> None:
    """FossmlError where an input is missing, or an output would leave the repository through a link."""
    for path, here in now.deps.items():
        if here is None:
            hint = f"put it there, or `dvc pull {path}` where a remote has it"
            raise FossmlError(f"its input {path} is not there", where=stage.file, hint=hint)
    for out in stage.outs:
        check_target(root, root / rooted(stage, out.path))


def _places(root: Path, stage: Stage, *, persist: bool) -> list[Path]:
    return [root / rooted(stage, out.path) for out in stage.outs if out.persist == persist]


def _log(root: Path, stage: Stage) -> Path:
    log = root / ".fossml" / "logs" / f"{stage.address.replace('/', ':')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def _told(error: OSError, stage: Stage) -> FossmlError:
    return FossmlError(f"cannot make room for its outputs: {error.strerror}: {error.filename}", where=stage.file)


def script(cmd: str | tuple[str, ...], shell: str = "") -> str:
    """`cmd` for /bin/sh. Each line of a string and each entry of a list is a command of its own, as for DVC.

    Each runs in a `shell` of its own ($SHELL, /bin/sh where that is empty); the first that fails ends it.
    """
    commands = [line for line in cmd.splitlines() if line.strip()] if isinstance(cmd, str) else list(cmd)
    quiet = _QUIET.get(Path(shell).name.lower(), "")
    call = f"{shlex.quote(shell or '/bin/sh')} {quiet}-c"
    return " && ".join(f"{call} {shlex.quote(command)}" for command in commands)
