"""What one side of a comparison is: stages as a commit, a folder, a lock or one Run has them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fossml.engine.build import Options, dry
from fossml.engine.graph import make_graph, order
from fossml.engine.records import Records, read_runs
from fossml.errors import UNKNOWN, FossmlError
from fossml.project import history
from fossml.project.config import SeedRoute
from fossml.project.declared import Project, find_root, read_project
from fossml.project.dvc import LockEntry, ignored, rooted, select_params
from fossml.store.digest import StatCache, artifact
from fossml.store.ledger import Ledger
from fossml.types import Artifact, Json, Run, Stage

_KEY = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One stage as one side has it. Paths are relative to the root; `params` are named `params.yaml:lr`.

    `run` is the recorded Run behind it, None where only dvc.lock tells. `stale` says why a build would run it again.
    `made` are those of `inputs` that another stage makes.
    """

    address: str
    cmd: str
    params: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, Artifact] = field(default_factory=dict)
    outs: Mapping[str, Artifact] = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    run: Run | None = None
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """All stages of one side, each after what it needs; `name` is how to call it. `folder` holds its files, if any.

    `commit` is where its code may be found. `seed` is how a seed goes in, `files` what there is at its root.
    """

    name: str
    stages: Mapping[str, Snapshot]
    commit: str | None = None
    folder: Path | None = None
    seed: SeedRoute | None = None
    files: frozenset[str] = frozenset()


def sides(root: Path, left: str | None, right: str | None, temporary: Path, rebuilt: Path | None) -> tuple[Side, Side]:
    """The two sides that two words (or one, or none) name in the repository at `root`.

    None and None: HEAD and the working tree. One that names a stage: its last two Runs. One Run: the newest Run of its
    stage, or the one before where it is that. `lock`: dvc.lock and the last rebuild, which lies at `rebuilt`. Any
    other single one: it and the working tree. FossmlError for a word that means nothing or more than one thing.
    """
    project = read_project(root)
    if left is None:
        return _named(project, "HEAD", temporary, rebuilt), _here(project)
    stage = _stage(project, left)
    if right is None and stage is not None:
        return _last_two(project, stage)
    if right is None and left in ("lock", "rebuild"):
        return _named(project, "lock", temporary, rebuilt), _named(project, "rebuild", temporary, rebuilt)
    first = _named(project, left, temporary, rebuilt)
    if right is not None:
        return first, _named(project, right, temporary, rebuilt)
    run = next((one.run for one in first.stages.values()), None) if first.name.startswith("run ") else None
    return _with_another(project, run) if run else (first, _here(project))


def _named(project: Project, word: str, temporary: Path, rebuilt: Path | None) -> Side:
    if word == "lock":
        return replace(recorded(project, "dvc.lock"), name="dvc.lock")
    if word == "rebuild":
        if rebuilt is None:
            raise FossmlError(
                "there is no rebuild to look into",
                hint="`fossml verify --keep` leaves one; without --keep its outputs are compared while it stands",
                code=UNKNOWN,
            )
        return replace(recorded(read_project(rebuilt), "the last rebuild"), folder=rebuilt)
    commit = history.resolve(project.root, word)
    runs = _with_key(project, word) if _KEY.fullmatch(word) else []
    folder = Path(word)
    if len(runs) + (commit is not None) > 1:
        said = [f"run {run.key[:12]} of {run.stage}" for run in runs] + ([f"commit {commit[:12]}"] if commit else [])
        raise FossmlError(f"{word} is {' and '.join(said)}", hint="give more of its digits")
    if runs:
        return _of_run(project, runs[0])
    if commit is not None:
        return _of_commit(project, word, commit, temporary)
    if folder.is_dir():
        return _here(read_project(find_root(folder)), word)
    if _stage(project, word) is not None:
        raise FossmlError(f"{word} is a stage", hint=f"alone it means its last two runs: fossml diff {word}")
    raise FossmlError(
        f"there is no commit, run, folder or stage {word!r}",
        hint="a run is named by the first digits of its key: fossml.lock has them",
    )


def _stage(project: Project, word: str) -> Stage | None:
    return next((stage for stage in project.stages if stage.address == word), None)


def _with_key(project: Project, start: str) -> list[Run]:
    found = {run.key: run for run in all_runs(project.root) if run.key.startswith(start)}
    return list(found.values())


def all_runs(root: Path) -> list[Run]:
    """Every recorded Run, oldest first: those of fossml.lock that the ledger lacks come first."""
    runs = list(Ledger(root / ".fossml" / "ledger.jsonl").runs())
    known = {(run.key, run.started) for run in runs}
    return [run for run in read_runs(root) if (run.key, run.started) not in known] + runs


def _last_two(project: Project, stage: Stage) -> tuple[Side, Side]:
    runs = [run for run in all_runs(project.root) if run.stage == stage.address]
    if len(runs) < 2:
        said = "no run" if not runs else "only one run"
        raise FossmlError(f"{said} of {stage.address} is recorded", hint="`fossml build` records one", code=3)
    return _of_run(project, runs[-2]), _of_run(project, runs[-1])


def _with_another(project: Project, run: Run) -> tuple[Side, Side]:
    """A Run and the newest one of its stage; where it is that, the one before."""
    runs = [one for one in all_runs(project.root) if one.stage == run.stage]
    others = [one for one in runs if (one.key, one.started) != (run.key, run.started)]
    if not others:
        raise FossmlError(f"no other run of {run.stage} is recorded", hint="name something to compare it with", code=3)
    if (runs[-1].key, runs[-1].started) == (run.key, run.started):
        return _of_run(project, others[-1]), _of_run(project, run)
    return _of_run(project, run), _of_run(project, runs[-1])


def _of_run(project: Project, run: Run) -> Side:
    """One Run as a side of one stage."""
    stage = _stage(project, run.stage) or Stage(run.stage, run.cmd)
    entry = LockEntry(run.cmd, run.deps, run.params, run.outs)
    makers = _makers(project)
    snapshot = _snapshot(stage, entry, run, makers)
    when = f", {run.started[:16].replace('T', ' ')}" if run.started else ""
    name = f"run {run.key[:12]} of {run.stage}{when}"
    return Side(name, {run.stage: snapshot}, run.commit, None, project.config.seed, _files(project.root))


def _of_commit(project: Project, word: str, commit: str, temporary: Path) -> Side:
    folder = temporary / f"commit-{commit[:12]}"
    if not folder.exists():
        folder.mkdir()
        history.write(project.root, commit, folder)
    name = f"commit {commit[:10]}" if commit.startswith(word) else f"{word} ({commit[:10]})"
    runs = all_runs(project.root)
    return replace(recorded(read_project(folder), name, runs), commit=commit, folder=folder)


def recorded(project: Project, name: str, runs: Sequence[Run] = ()) -> Side:
    """The stages as the locks of a folder record them; one that no lock knows, as it is declared."""
    graph = make_graph(project.stages)
    records = Records(project.root, order(graph))
    makers = _makers(project)
    known = {(run.key, run.started): run for run in runs or all_runs(project.root)}
    found = {}
    for address in order(graph):
        stage = graph.stages[address]
        entry = records.entry(stage)
        run = records.last(stage) if entry else None
        if run is not None:
            run = known.get((run.key, run.started), run)  # the ledger's tells more than the one that travels
        found[address] = _snapshot(stage, entry or _declared(project, stage), run, makers)
    return Side(name, found, None, project.root, project.config.seed, _files(project.root))


def _here(project: Project, word: str = "working tree") -> Side:
    """A working tree: inputs, command and parameters as they lie there, outputs as they were last recorded."""
    side = recorded(project, word)
    stale: Mapping[str, tuple[str, ...]] = {}
    with contextlib.suppress(FossmlError):
        stale = {todo.stage.address: todo.reasons for todo in dry(project, Options(looking=True))[0]}
    found = dict(side.stages)
    for stage in project.stages:
        was = found[stage.address]
        if stage.address in stale:
            now = _snapshot(stage, _declared(project, stage), was.run, _makers(project))
            inputs = {**now.inputs, **{path: one for path, one in was.inputs.items() if path in was.made}}
            found[stage.address] = replace(
                was, cmd=now.cmd, params=now.params, inputs=inputs, stale=stale[stage.address]
            )
    return replace(side, stages=found)


def _declared(project: Project, stage: Stage) -> LockEntry:
    """What a stage would do: inputs that lie there, parameters as far as they can be read, no outputs."""
    params: Mapping[str, Mapping[str, Json]] = {}
    with contextlib.suppress(FossmlError):
        params = select_params(project.root, stage)
    deps = []
    with StatCache(None) as cache:
        for path in stage.deps:
            with contextlib.suppress(FossmlError):
                found = artifact(project.root, rooted(stage, path), cache, ignored(project.root))
                if found is not None:
                    deps.append(replace(found, path=path))
    return LockEntry(stage.cmd, tuple(deps), params)


def _makers(project: Project) -> frozenset[str]:
    return frozenset(rooted(stage, out.path) for stage in project.stages for out in stage.outs)


def _snapshot(stage: Stage, entry: LockEntry, run: Run | None, makers: frozenset[str]) -> Snapshot:
    inputs = {rooted(stage, one.path): one for one in entry.deps}
    outs = {rooted(stage, one.path): one for one in entry.outs}
    return Snapshot(
        stage.address,
        entry.cmd if isinstance(entry.cmd, str) else "\n".join(entry.cmd),
        {f"{rooted(stage, file)}:{name}": value for file, some in entry.params.items() for name, value in some.items()},
        {path: replace(one, path=path) for path, one in inputs.items()},
        {path: replace(one, path=path) for path, one in outs.items()},
        frozenset(path for path in inputs if _is_made(path, makers)),
        run,
    )


def _is_made(path: str, makers: frozenset[str]) -> bool:
    return any(path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in makers)


def _files(root: Path) -> frozenset[str]:
    return frozenset(path.name for path in root.iterdir()) if root.is_dir() else frozenset()
