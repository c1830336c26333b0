"""The end of a stage that ran: what it left is looked at, taken into the cache, and becomes a Run."""

from __future__ import annotations

import shutil
from pathlib import Path

from fossml.engine.launch import Running
from fossml.engine.metrics import numbers
from fossml.engine.plan import Now, artifacts, run_key
from fossml.engine.site import Site
from fossml.engine.undeclared import StageError, undeclared
from fossml.env import environment
from fossml.errors import FossmlError
from fossml.executors.left import disarm
from fossml.executors.local import Exit
from fossml.project.dvc import rooted
from fossml.project.git import Commit
from fossml.trace import collect, sought
from fossml.types import Discovered, Environment, Run

_LITTLE = 2**16
"""Bytes: with less a disk counts as full."""


def finish(site: Site, running: Running, ended: Exit, commit: Commit | None) -> Run:
    """Make the Run of a stage whose command has ended; its outputs are in the cache and it is recorded on return.

    StageError where the command failed, was stopped, did not make an output or changed an input; nothing is recorded
    then, and the attempt keeps its checkpoints.
    """
    stage = running.stage
    left = disarm(running.sandbox) if running.sandbox else ()
    site.workspace.forget(rooted(stage, out.path) for out in stage.outs)
    site.observer.forget()
    try:
        _check(running, ended)
        if left:
            raise FossmlError(f"it left what is not taken: {'; '.join(map(str, left))}", where=stage.file)
        for out in stage.outs:
            if out.cache and (taken := site.objects.take(site.root / rooted(stage, out.path))):
                site.workspace.remember(taken)
        after = _look_again(site, running)
        discovered = running.attempt.rests_on(site.observer, stage, site.root)
        run = _run(site, running, ended, after, discovered, commit)
        site.records.ran(stage, run)
    except FossmlError as error:
        told = _explained(site, running, error)
        running.attempt.stopped(site.observer, stage, site.root)
        raise told from None
    site.run_cache.tell(running.found, run)
    running.aside.discard()
    running.attempt.discard()
    return run


def _check(running: Running, ended: Exit) -> None:
    if ended.breach and (ended.cancelled or ended.code):
        raise FossmlError(f"it was stopped: {ended.breach.message}")
    if ended.cancelled:
        raise FossmlError(f"it ran longer than its timeout of {running.found.settings.timeout:g} s and was stopped")
    if ended.code != 0:
        how = f"exit code {ended.code}" if ended.code > 0 else f"killed by signal {-ended.code}"
        raise FossmlError(f"its command ended with {how}", hint=_full(running.log))


def _full(place: Path) -> str | None:
    """Where the command may have failed for want of space, which its log then has no room to say."""
    free = shutil.disk_usage(place.parent).free
    return f"the disk of {place.parent} is full" if free < _LITTLE else None


def _look_again(site: Site, running: Running) -> Now:
    """What lies there after the run. FossmlError where an output was not made or an input was changed."""
    stage, before = running.stage, running.found.now
    site.workspace.forget(rooted(stage, path) for path in stage.deps)
    after = site.workspace.now(stage)
    for path, here in after.outs.items():
        if here is None:
            raise FossmlError(f"its command ended well but did not make {path}", where=stage.file)
    for path, was in before.deps.items():
        if was != after.deps[path]:
            raise FossmlError(f"{path}, an input, changed while it ran", where=stage.file)
    return after


def _explained(site: Site, running: Running, error: FossmlError) -> StageError:
    """`error`, with the input that it looked for in vain and that another stage makes, where there is one."""
    trace = running.attempt.trace
    tried = list(undeclared(running.stage, sought(trace, site.root), site.made))
    missed = list(undeclared(running.stage, collect(trace, site.root).missing, site.made)) if tried else []
    if not missed:
        return StageError(running.stage, error, error.hint, tried)
    hint = f"it looked for {missed[0].path}, which {missed[0].maker} makes: add `- {missed[0].dep}` to its deps"
    return StageError(running.stage, error, hint, tried)


def _run(
    site: Site, running: Running, ended: Exit, after: Now, discovered: Discovered | None, commit: Commit | None
) -> Run:
    found, stage = running.found, running.stage
    assert found.recipe is not None  # a stage with a missing input is not started
    return Run(
        key=run_key(found.recipe, discovered),
        recipe=found.recipe,
        stage=stage.address,
        cmd=stage.cmd,
        deps=artifacts(found.now.deps),
        params=found.now.params,
        outs=site.outputs.keep(stage, after),
        seed=found.seed,
        env=found.env,
        started=running.started,
        seconds=round(ended.seconds, 3),
        commit=commit.id if commit else None,
        dirty=bool(commit and commit.dirty),
        environment=_environment(site, running, discovered),
        discovered=discovered,
        metrics=numbers(site.root, stage),
    )


def _environment(site: Site, running: Running, discovered: Discovered | None) -> Environment | None:
    """The Python that the command finds; what is installed there counts where no trace tells what was imported."""
    whole = environment(site.python(running.stage))
    if whole is None or discovered is None:
        return whole
    return Environment(discovered.python or whole.python, {}, whole.hardware)
