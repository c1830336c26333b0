"""Rules on recorded runs: what their author accepted by hand, and what stages read without declaring it."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator

from fossml.checks.rule import failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.types import Evidence, Finding, Run

_LOCK = "fossml.lock"
_RECORD = "fossml.verify.json"
_HOW = {"hook": "the audit hook saw it, which sees Python only", "strace": "strace saw it"}


@rule("RUN001", "results kept by hand", level="soft", item="D5")
def accepted(facts: Facts) -> Iterator[Finding]:
    """Each recorded result was made from the inputs that its record names.

    Why: `fossml build --accept` keeps a result although something that it rests on has changed. That may be right (only
    the wording of a message changed), but nobody has run it, so a reader should know which results they are.

    Bad: fossml.lock says of a stage that its result was accepted.

    Good: `fossml build --force STAGE` before the release; then the record is of a run.

    How it is decided: fossml.lock is read; an entry that was accepted is named with the author's reason. Not applicable
    where there is no fossml.lock.
    """
    if not facts.runs:
        yield not_applicable(_LOCK, "no run is recorded")
        return
    kept = [run for run in facts.runs if run.accepted]
    for run in kept:
        assert run.accepted is not None
        why = "; ".join(run.accepted.reasons)
        message = f"the result of {run.stage} was accepted by its author because {run.accepted.because!r}, though {why}"
        yield failed(run.stage, message, [_evidence(run)], f"fossml build --force {run.stage}")
    if not kept:
        yield passed(_LOCK, f"none of the {len(facts.runs)} results was accepted by hand", map(_evidence, facts.runs))


@rule("RUN002", "reads what it does not declare", level="hard", item="D5")
def declared_inputs(facts: Facts) -> Iterator[Finding]:
    """Each stage declares the outputs of other stages that it reads.

    Why: where an input is not declared, the order of two stages is left to chance, and `dvc repro` keeps a result whose
    input has changed. On the author's machine the file is there from an earlier run; on a reader's it is not.

    Bad: `evaluate` opens `model.pkl`, which `train` makes, and its `deps` do not name it.

    Good: `fossml build --fix` adds the line to dvc.yaml.

    How it is decided: fossml.lock holds what each stage was seen to open; each finding says how it was seen. Unknown
    where runs were not traced (recorded by dvc, or commands that the trace cannot enter).
    """
    if not facts.runs:
        yield not_applicable(_LOCK, "no run is recorded")
        return
    makers = {posixpath.normpath(posixpath.join(s.wdir, out.path)): s.address for s in facts.stages for out in s.outs}
    found = [(run, path, maker) for run in facts.runs for path, maker in _missed(run, makers)]
    for run, path, maker in found:
        assert run.discovered is not None
        message = f"{run.stage} read {path}, which {maker} makes and it does not declare ({_HOW[run.discovered.how]})"
        yield failed(run.stage, message, [_evidence(run)], "fossml build --fix")
    traced = [run for run in facts.runs if run.discovered is not None and not run.discovered.untraced]
    untraced = [run.stage for run in facts.runs if run not in traced]
    if untraced and not found:
        yield unknown(_LOCK, f"not traced, so what they read is not known: {', '.join(untraced[:5])}")
    if traced and not found:
        yield passed(
            _LOCK, f"{len(traced)} traced runs read no output that they do not declare", map(_evidence, traced)
        )


@rule("RUN003", "the record of a verification", level="soft", item="D5")
def verification(facts: Facts) -> Iterator[Finding]:
    """What `fossml.verify.json` says is about the files that lie beside it.

    Why: the record travels with the repository, and a reader takes what it says for true of what they see. After a
    change of code, data, lock or environment nobody has shown that it still is.

    Bad: `train.py` was changed after the verification, and the record still says that the claims hold.

    Good: `fossml verify` makes it anew; a verification of a commit without changes is valid as long as that is so.

    How it is decided: the record carries its commit and the digests of the locks and of the files that declare the
    environment. It is valid where these are the same and no other file differs from that commit.
    """
    if _RECORD not in facts.files:
        yield not_applicable(_RECORD, "no verification is recorded")
        return
    found = facts.verification
    evidence = [Evidence(_RECORD)]
    if found is None:
        yield unknown(_RECORD, "it cannot be read as the record of a verification", evidence, "fossml verify")
    elif found.invalid:
        message = f"the record of the verification is no longer valid: {'; '.join(found.invalid)}"
        yield failed(_RECORD, message, evidence, "fossml verify")
    else:
        message = (
            f"the record of the verification is valid: nothing has changed since commit {(found.commit or '')[:10]}"
        )
        yield passed(_RECORD, message, evidence)


@rule("RUN004", "executed and not in git", level="hard", item="D5")
def code_in_git(facts: Facts) -> Iterator[Finding]:
    """The code that made the recorded results is in git.

    Why: what was never added exists on the author's machine only. There everything runs; a clone ends at the first
    import.

    Bad: `train.py` imports `helpers.py`, which nobody added to git.

    Good: `git add helpers.py`, and a commit.

    How it is decided: fossml.lock holds the Python files of the repository that each stage was seen to execute; with
    those that it declares they are looked up in git. What another stage makes is left out. Not applicable without git
    or without a recorded run.
    """
    if not facts.runs or not facts.git:
        yield not_applicable(_LOCK, "no run is recorded in git")
        return
    made = {posixpath.normpath(posixpath.join(s.wdir, out.path)): s.address for s in facts.stages for out in s.outs}
    wdirs = {stage.address: stage.wdir for stage in facts.stages}
    missing: dict[str, Run] = {}
    for run in facts.runs:
        for path in _code(run, wdirs.get(run.stage, ".")):
            if _not_in_git(path, facts) and not any(place in made for place in (path, *_parents(path))):
                missing.setdefault(path, run)
    for path, run in missing.items():
        message = f"{path} is not in git, and {run.stage} executed it: a clone does not have it"
        yield failed(path, message, [Evidence(path), _evidence(run)], f"git add {shlex.quote(path)}")
    if not missing:
        yield passed(_LOCK, "all code that recorded runs executed is in git", map(_evidence, facts.runs))


def _code(run: Run, wdir: str) -> Iterator[str]:
    yield from run.discovered.sources if run.discovered else ()
    yield from (posixpath.normpath(posixpath.join(wdir, dep.path)) for dep in run.deps if dep.path.endswith(".py"))


def _not_in_git(path: str, facts: Facts) -> bool:
    ignored = any(path == one or (one.endswith("/") and path.startswith(one)) for one in facts.ignored)
    return path in facts.untracked or ignored


def _missed(run: Run, makers: dict[str, str]) -> Iterator[tuple[str, str]]:
    told: set[str] = set()
    for path in run.discovered.files if run.discovered else ():
        for out in (path, *map(str, _parents(path))):
            if out in makers and makers[out] != run.stage and out not in told:
                told.add(out)
                yield out, makers[out]


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _evidence(run: Run) -> Evidence:
    return Evidence(_LOCK, None, f"{run.stage}: run {run.key[:12]}")
