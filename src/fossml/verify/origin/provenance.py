"""Whether a recorded number still fits what it was made from: its file, its inputs, the commit of its run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import LockEntry, rooted, select_params
from fossml.project.git import commit as head_of
from fossml.project.git import git
from fossml.types import Claim, Evidence, Finding, Run, Stage, Status
from fossml.verify.controls.choose import Claimed
from fossml.verify.controls.upstream import Upstream
from fossml.verify.metrics.document import SUFFIXES, load
from fossml.verify.past.history import History
from fossml.verify.past.model import Recorded, leaves

CHANGED, INPUTS, COMMIT = "ORG001", "ORG004", "ORG005"
_TOO_LARGE = 2**30


def changed_after(history: History, target: Claimed, up: Upstream, locks: Mapping[str, LockEntry]) -> Iterator[Finding]:
    """Metrics that are not what the recorded run wrote."""
    stage, entry = up.graph.stages[target.stage], locks.get(target.stage)
    path = history.root / target.metric.source
    recorded = {rooted(stage, out.path): out.digest for out in entry.outs} if entry else {}
    digest = recorded.get(target.metric.source)
    if not digest or digest.endswith(".dir") or not path.is_file() or path.is_symlink():
        return
    lock = stage.file.removesuffix(".yaml") + ".lock"
    data = path.read_bytes() if path.stat().st_size < _TOO_LARGE else b""
    evidence = (Evidence(lock, _line_of(history.root / lock, digest)), Evidence(target.metric.source))
    if digest in {_md5(each) for each in _layouts(data)}:
        message = f"{target.metric.source} is what the run recorded in {lock} wrote"
        yield Finding(CHANGED, "pass", "soft", target.claim.id, message, evidence)
        return
    before = next((one for one in history.versions(target.metric.source) if one.md5 == digest), None)
    was = before and _leaves(before.text, target.metric.source)
    now = _leaves(data.decode("utf-8", "replace"), target.metric.source)
    if was is not None and was == now:
        message = (
            f"{target.metric.source} has another layout than the run recorded in {lock} wrote, the numbers are the same"
        )
        yield Finding(CHANGED, "pass", "soft", target.claim.id, message, evidence)
        return
    message = f"{target.metric.source} is not the file that the run recorded in {lock} wrote"
    if before and was and now:
        moved = [
            f"{name} was {was[name]:.10g}, is {now[name]:.10g}"
            for name in was
            if name in now and was[name] != now[name]
        ]
        message += f"; commit {before.commit[:10]} has it as recorded{': ' if moved else ''}{', '.join(moved[:3])}"
    hint = "run the stage again and commit dvc.lock with its outputs"
    yield Finding(CHANGED, "fail", "soft", target.claim.id, message, evidence, hint)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _layouts(data: bytes) -> Iterator[bytes]:
    """The bytes, and as they may have been before git or an editor changed the ends of lines."""
    unix = data.replace(b"\r\n", b"\n")
    for text in (data, unix, unix.replace(b"\n", b"\r\n")):
        yield from (text, text.rstrip(b"\r\n"), text.rstrip(b"\r\n") + b"\n")


def _leaves(text: str, name: str) -> dict[str, float] | None:
    if not name.lower().endswith(SUFFIXES):
        return None
    try:
        return dict(leaves(load(text, name)))
    except (ValueError, RecursionError):
        return None


def _line_of(path: Path, text: str) -> int | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((number for number, line in enumerate(lines, 1) if text in line), None)


def other_inputs(
    project: Project, target: Claimed, up: Upstream, locks: Mapping[str, LockEntry], runs: Sequence[Run]
) -> Iterator[Finding]:
    """Whether the recorded stages behind a number read what is declared now."""
    if target.stage not in locks:
        return
    wrong: list[tuple[str, Evidence]] = []
    for address in up.ordered():
        if address in locks:
            wrong += _moved(project, up.graph.stages[address], locks[address], up, locks)
    if wrong:
        said = "; ".join(what for what, _ in wrong[:4])
        message = f"the recorded result was made from other inputs than are here now: {said}"
        hint = "run the pipeline again, and commit dvc.lock with what it made"
        yield Finding(INPUTS, "fail", "soft", target.claim.id, message, tuple(place for _, place in wrong[:5]), hint)
        return
    run = next((one for one in runs if one.stage == target.stage), None)
    known = f"{target.metric.source} was made by {target.stage} from the code, data and parameters that are here now"
    if run is not None:
        known += f" (run {run.key[:12]}{f', commit {run.commit[:10]}' if run.commit else ''}"
        known += f"{', in a tree with uncommitted changes' if run.dirty else ''}"
        known += f"{f', Python {run.environment.python}' if run.environment else ''})"
    lock = up.graph.stages[target.stage].file.removesuffix(".yaml") + ".lock"
    yield Finding(INPUTS, "pass", "soft", target.claim.id, known, (Evidence("fossml.lock" if run else lock),))


def _moved(
    project: Project, stage: Stage, entry: LockEntry, up: Upstream, locks: Mapping[str, LockEntry]
) -> Iterator[tuple[str, Evidence]]:
    lock = stage.file.removesuffix(".yaml") + ".lock"
    made = _made(up, locks)
    for dep in entry.deps:
        path = rooted(stage, dep.path)
        if path in made:
            if dep.digest and made[path] and made[path] != dep.digest:
                yield (
                    f"{stage.address} was recorded with another {path} than the stage that makes it was",
                    Evidence(lock, _line_of(project.root / lock, dep.digest)),
                )
        elif dep.digest and _other(project.root / path, dep.digest):
            yield f"{path} of {stage.address} changed", Evidence(lock, _line_of(project.root / lock, dep.digest))
    for file, name, was, now in _params(project, stage, entry):
        yield f"{file}:{name} of {stage.address} was {was!r}, is {now!r}", Evidence(rooted(stage, file))


def _made(up: Upstream, locks: Mapping[str, LockEntry]) -> dict[str, str]:
    return {
        rooted(stage, out.path): next((one.digest for one in locks[address].outs if one.path == out.path), "")
        if address in locks
        else ""
        for address, stage in up.graph.stages.items()
        for out in stage.outs
    }


def _other(path: Path, digest: str) -> bool:
    """Whether a file that lies there has other bytes (line ends apart); folders are not looked into."""
    if digest.endswith(".dir") or not path.is_file() or path.is_symlink() or path.stat().st_size > _TOO_LARGE:
        return False
    data = path.read_bytes()
    return digest not in {_md5(each) for each in (data, data.replace(b"\r\n", b"\n"), data.replace(b"\n", b"\r\n"))}


def _params(project: Project, stage: Stage, entry: LockEntry) -> Iterator[tuple[str, str, object, object]]:
    try:
        now = select_params(project.root, stage)
    except FossmlError:
        return
    for file, values in entry.params.items():
        for name, was in values.items():
            if name in now.get(file, {}) and now[file][name] != was:
                yield file, name, was, now[file][name]


# the commit of a tracker's run


def of_commit(project: Project, claim: Claim, recorded: Sequence[Recorded], up: Upstream) -> Iterator[Finding]:
    """A number that only a tracker's run gives: is its code the one that is here?"""
    given = [one for one in recorded if one.last]
    if not given or any(one.by in ("file", "fossml", "DVC", "git") or not one.commit for one in given):
        return
    head = head_of(project.root)
    for one in given if head else ():
        assert head is not None
        assert one.commit is not None
        if one.commit == head.id:
            yield _of_commit(claim, one, "pass", "which is checked out")
            return
        if (
            not re.fullmatch(r"[0-9a-f]{7,40}", one.commit)
            or git(project.root, "cat-file", "-e", f"{one.commit}^{{commit}}") is None
        ):
            yield _of_commit(claim, one, "unknown", "which is not in this repository")
            return
        paths = sorted({path for address in up.closure for path in up.inputs(address)} | set(up.sources()))
        changed = (
            git(project.root, "diff", "--name-only", "--no-ext-diff", one.commit, "HEAD", "--", *paths) or ""
        ).split()
        if not changed:
            yield _of_commit(claim, one, "pass", "and nothing that the stages read changed since")
            return
    one = given[0]
    yield _of_commit(claim, one, "fail", f"and {', '.join(changed[:4])} changed since")


def _of_commit(claim: Claim, one: Recorded, status: Status, what: str) -> Finding:
    assert one.commit is not None
    message = f"{claim.text} comes from {one.by} {one.run[:12]} at commit {one.commit[:10]}, {what}"
    dirty = "; its tree had uncommitted changes" if one.dirty else ""
    return Finding(COMMIT, status, "soft", claim.id, message + dirty, (one.place,))
