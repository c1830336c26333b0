"""Rules on dvc.yaml: it can be read, and its lock fits what is there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from fossml.checks.places import is_aside
from fossml.checks.rule import failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.types import Artifact, Evidence, Finding, Stage


@rule("DVC001", "the lock does not fit", level="hard", item="D5")
def lock_fits(facts: Facts) -> Iterator[Finding]:
    """Each stage of dvc.yaml has an entry in dvc.lock that fits the command, the inputs and the outputs.

    Why: dvc.lock says which inputs gave which outputs. Where it is missing or old, nobody can say whether the
    results that are here come from the code that is here.

    Bad: dvc.yaml without dvc.lock; `train.py` changed after the last build.

    Good: `fossml build` (or `dvc repro`), then dvc.yaml and dvc.lock in one commit.

    How it is decided: command and paths are compared with the entry; inputs and outputs that are there, are files
    and have at most 20 MB are compared by digest. Parameters are left to `fossml build --dry`. A stage that is
    frozen or always changed is left out, and so are
    tests, docs, examples and templates. Unknown where dvc.yaml or dvc.lock cannot be read.
    """
    broken = [
        one
        for one in facts.problems
        if posixpath.basename(one.path) in {"dvc.yaml", "dvc.lock"} or one.path.endswith(".dvc")
    ]
    for one in broken:
        yield unknown(one.path, f"{one.path} cannot be read: {one.text}", [one])
    if not facts.stages:
        if not broken:
            yield not_applicable("dvc.lock", "there is no stage")
        return
    misfits = [
        (stage, reason)
        for stage in facts.stages
        if not (stage.frozen or stage.always_changed or is_aside(stage.file))
        for reason in [_misfit(stage, facts)]
        if reason
    ]
    for stage, reason in misfits:
        yield failed(
            stage.address, f"stage {stage.address}: {reason}", [Evidence(stage.file, None, stage.name)], "fossml build"
        )
    if not misfits:
        locks = sorted({posixpath.join(posixpath.dirname(stage.file), "dvc.lock") for stage in facts.stages})
        yield passed("dvc.lock", f"fits the {len(facts.stages)} stages", [Evidence(path) for path in locks])


def _misfit(stage: Stage, facts: Facts) -> str:
    entry = facts.locks.get(stage.file, {}).get(stage.name)
    if entry is None:
        return "dvc.lock has no entry for it"
    if _words(entry.cmd) != _words(stage.cmd):
        return "its command is not the one that dvc.lock records"
    if {one.path for one in entry.deps} != set(stage.deps):
        return "its inputs are not those that dvc.lock records"
    if {one.path for one in entry.outs} != {out.path for out in stage.outs}:
        return "its outputs are not those that dvc.lock records"
    changed = [one.path for one in (*entry.deps, *entry.outs) if _differs(one, stage, facts)]
    return f"{', '.join(changed)} changed after the run that dvc.lock records" if changed else ""


def _words(cmd: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cmd,) if isinstance(cmd, str) else cmd


def _differs(recorded: Artifact, stage: Stage, facts: Facts) -> bool:
    now = facts.found.get(posixpath.normpath(posixpath.join(stage.wdir, recorded.path)))
    return now is not None and bool(now.digest) and now.digest != recorded.digest
