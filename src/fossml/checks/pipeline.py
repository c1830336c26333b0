"""Rules on dvc.yaml: it can be read with what belongs to it, and its lock fits what is there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from fossml.checks.places import is_aside
from fossml.checks.rule import failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.types import Artifact, Evidence, Finding, Stage

_NAMES = frozenset({"dvc.yaml", "dvc.lock"})


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
    tests, docs, examples and templates. Unknown where dvc.yaml or dvc.lock cannot be read: DVC002 says why.
    """
    broken = {one.path: one for one in facts.problems if posixpath.basename(one.path) in {"dvc.yaml", "dvc.lock"}}
    for path, one in broken.items():
        yield unknown(path, f"{path} cannot be read, so whether a lock fits is not known", [one])
    if not facts.stages:
        if not broken:
            yield not_applicable("dvc.lock", "there is no stage")
        return
    misfits = [
        (stage, reason)
        for stage in facts.stages
        if not (stage.frozen or stage.always_changed or is_aside(stage.file) or stage.file not in facts.locks)
        for reason in [_misfit(stage, facts)]
        if reason
    ]
    for stage, reason in misfits:
        yield failed(
            stage.address, f"stage {stage.address}: {reason}", [Evidence(stage.file, None, stage.name)], "fossml build"
        )
    if not misfits and not broken:
        locks = sorted({posixpath.join(posixpath.dirname(stage.file), "dvc.lock") for stage in facts.stages})
        yield passed("dvc.lock", f"fits the {len(facts.stages)} stages", [Evidence(path) for path in locks])


@rule("DVC002", "a file of DVC cannot be read", level="hard", item="D5")
def readable(facts: Facts) -> Iterator[Finding]:
    """Each dvc.yaml, dvc.lock and .dvc file is one that DVC 3 reads.

    Why: where one of them cannot be read, nothing can be built, by nobody, whatever else is right.

    Bad: `outs:` with nothing behind it; a dvc.lock that DVC 1 wrote.

    Good: `fossml build --dry` (or `dvc status`) runs without an error.

    How it is decided: each is read as `fossml build` reads it, after the schemas of DVC 3. One below tests, docs,
    examples or templates may be broken.
    """
    broken = [one for one in facts.problems if posixpath.basename(one.path) in _NAMES or one.path.endswith(".dvc")]
    broken = [one for one in broken if not is_aside(one.path)]
    for one in broken:
        yield failed(
            one.path, f"{one.path} cannot be read: {one.text}", [one], "mend it; fossml build --dry says when it is"
        )
    read = [path for path in facts.files if posixpath.basename(path) in _NAMES or path.endswith(".dvc")]
    if not broken and read:
        yield passed("dvc.yaml", f"{len(read)} files of DVC can be read", [Evidence(path) for path in read])
    elif not broken:
        yield not_applicable("dvc.yaml", "there is no file of DVC")


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
