"""Starting one stage: its inputs there, its old outputs aside, its command in the shell that DVC would take."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from fossml.engine import seed as seeds
from fossml.engine.absent import meant
from fossml.engine.aside import Aside, put_aside
from fossml.engine.assess import Assessment
from fossml.engine.attempts import Attempt
from fossml.engine.plan import Now
from fossml.engine.resources import Pool
from fossml.engine.site import log_of
from fossml.errors import FossmlError
from fossml.executors.local import Process, start
from fossml.executors.sandbox import Sandbox
from fossml.project.config import SeedRoute, StageSettings
from fossml.project.dvc import rooted
from fossml.store.objects import Objects
from fossml.store.paths import check_target
from fossml.trace import traced_env
from fossml.types import Stage

_QUIET = {"bash": "--noprofile --norc ", "zsh": "--no-rcs "}
"""Options with which a shell reads none of the user's files."""


@dataclass(frozen=True, slots=True)
class Running:
    """A stage that runs: what was known of it, what it was lent, and what its end needs."""

    found: Assessment
    attempt: Attempt
    grant: Pool
    aside: Aside
    process: Process
    log: Path
    started: str
    sandbox: Sandbox | None = None

    @property
    def stage(self) -> Stage:
        """The stage."""
        return self.found.stage


def launch(
    root: Path,
    found: Assessment,
    attempt: Attempt,
    grant: Pool,
    route: SeedRoute | None,
    env: Mapping[str, str],
    objects: Objects,
    confine: Sandbox | None = None,
) -> Running:
    """Start the stage of `found`. FossmlError where it cannot start; its old outputs are then where they were."""
    stage = found.stage
    _check(root, stage, found.now)
    try:
        log = log_of(root, stage)
        log.parent.mkdir(parents=True, exist_ok=True)
        aside = put_aside(root / ".fossml" / "aside", _places(root, stage, persist=False))
    except OSError as error:
        raise _told(error, stage) from error
    try:
        for place in _places(root, stage, persist=True):
            objects.release(place)
        for out in stage.outs:
            (root / rooted(stage, out.path)).parent.mkdir(parents=True, exist_ok=True)
        command, seen = _command(root, found, attempt, grant, route, env)
        name, value = aside.mark
        sandbox = _sandbox(root, confine, found.settings, attempt)
        process = start(
            command,
            cwd=root / stage.wdir,
            env={**seen, name: value},
            stdout=log,
            mark=f"{name}={value}",
            sandbox=sandbox,
        )
    except (OSError, FossmlError) as error:
        aside.restore()
        raise (_told(error, stage) if isinstance(error, OSError) else error) from error
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Running(found, attempt, grant, aside, process, log, started, sandbox)


def _sandbox(root: Path, confine: Sandbox | None, settings: StageSettings, attempt: Attempt) -> Sandbox | None:
    """The sandbox for one stage: what git, dvc and fossml keep is read-only, but for its own trace and checkpoints."""
    if confine is None:
        return None
    kept = tuple(root / name for name in (".git", ".dvc", ".fossml"))
    for folder in kept:
        if not folder.is_file():
            folder.mkdir(exist_ok=True)  # where there is none, the stage could make one
    limits = confine.limits
    if settings.timeout:  # the author's word on how long it may take
        limits = replace(limits, seconds=max(limits.seconds, settings.timeout))
    return replace(
        confine,
        limits=limits,
        locked=(*confine.locked, *kept),
        writable=(*confine.writable, attempt.checkpoints, attempt.trace),
        network=settings.network,
        gpus=confine.gpus and settings.gpu > 0,
    )


def _command(
    root: Path,
    found: Assessment,
    attempt: Attempt,
    grant: Pool,
    route: SeedRoute | None,
    env: Mapping[str, str],
) -> tuple[str, dict[str, str]]:
    """What is run for the stage, and the environment it gets."""
    stage, cmd = found.stage, found.stage.cmd
    if found.seed is not None and route and route.kind == "flag":
        cmd = seeds.with_flag(cmd, route.name, found.seed)
    seen = {
        "PYTHONUNBUFFERED": "1",  # what a stage prints is shown when it is printed
        **seeds.environment(env, route, found.seed),
        "DVC_ROOT": str(root),
        "DVC_STAGE": stage.address,
        "FOSSML_CHECKPOINT_DIR": str(attempt.checkpoints),
    }
    if grant.gpus:
        seen["CUDA_VISIBLE_DEVICES"] = ",".join(grant.gpus)
    command = script(cmd, env.get("SHELL", ""))
    if found.settings.trace == "hook":
        seen = traced_env(seen, attempt.trace, root)
    if found.settings.trace == "strace":
        command = shlex.join(_under_strace(command, attempt.trace, stage))
    return command, seen


def _under_strace(command: str, folder: Path, stage: Stage) -> list[str]:
    from fossml.trace import strace

    if why := strace.available():
        hint = f'[stage.{stage.name}] trace = "hook" sees what Python opens'
        raise FossmlError(f"{stage.address} is to be traced with strace: {why}", where="fossml.toml", hint=hint)
    return strace.wrapped(["/bin/sh", "-c", command], folder)


def _check(root: Path, stage: Stage, now: Now) -> None:
    """FossmlError where an input is missing, or an output would leave the repository through a link."""
    for path, here in now.deps.items():
        if here is None:
            hint = meant(root, rooted(stage, path))
            hint = hint or f"put it there, or `dvc pull {shlex.quote(path)}` where a remote has it"
            raise FossmlError(f"its input {path} is not there", where=stage.file, hint=hint)
    for out in stage.outs:
        check_target(root, root / rooted(stage, out.path))


def _places(root: Path, stage: Stage, *, persist: bool) -> list[Path]:
    return [root / rooted(stage, out.path) for out in stage.outs if out.persist == persist]


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
