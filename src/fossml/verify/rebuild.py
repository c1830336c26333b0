"""A project built from nothing in copies of what a stranger would get: without outputs, locks and caches."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath

from fossml.canon import key
from fossml.engine.build import Options, build
from fossml.engine.graph import make_graph, select
from fossml.engine.records import OWN_LOCK, read_runs
from fossml.errors import FossmlError
from fossml.facts.verification import RECORD
from fossml.project import git
from fossml.project.config import Config, SeedRoute
from fossml.project.declared import Project, read_project
from fossml.project.dvc import read_lock, rooted, select_params
from fossml.project.dvcconfig import CacheConfig, ensure_dvc, read_cache_config
from fossml.store.objects import Objects
from fossml.types import Event, Run
from fossml.verify import room, seeds
from fossml.verify.environ import inside
from fossml.verify.metric import Left, Measured, Metric, measure


@dataclass(frozen=True, slots=True)
class Built:
    """What one build from nothing gave: each metric by its text, each output's digest, why stages failed.

    `seed` None: with the seed that the author recorded. `variant` names what was changed before it, if anything was;
    `note` says how.
    """

    seed: int | None
    seconds: float
    measured: Mapping[str, Measured] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    variant: str = ""
    note: str = ""


class Records:
    """Builds that are done, one JSON line each, so that a verification that was interrupted goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "builds.jsonl"
        self._lock = threading.Lock()

    def all(self) -> list[Built]:
        """Every whole record, in the order in which they were made."""
        found = []
        for line in self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else ():
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                fields = json.loads(line)
                measured = {name: Measured(**one) for name, one in fields.pop("measured").items()}
                found.append(Built(**fields, measured=measured))
        return [replace(built, recorded=True) for built in found]

    def add(self, built: Built) -> None:
        """Append one record, synced."""
        line = json.dumps(asdict(built), ensure_ascii=False) + "\n"
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def forget(self) -> None:
        """Remove them all."""
        self._file.unlink(missing_ok=True)


def leaves_out(project: Project) -> frozenset[Path]:
    """What a copy for a stranger does not get: outputs, locks, caches, and files that git is told to ignore.

    Nor tracked data that the cache holds: it comes out of there, as recorded, whatever lies in the working tree.
    """
    root = project.root
    files = {stage.file for stage in project.stages}
    out = {root / rooted(stage, out.path) for stage in project.stages for out in stage.outs}
    out |= {root / PurePosixPath(file).with_suffix(".lock") for file in files}
    config = read_cache_config(root)
    out |= {root / "fossml.lock", root / RECORD, root / ".dvc" / "cache", root / ".dvc" / "tmp", config.folder}
    objects = Objects(config.folder, root=root)
    out |= {root / artifact.path for artifact in project.tracked if objects.has(artifact)}
    listed = git.files(root)
    if listed is None:
        return frozenset(out)
    known, data = set(listed), tuple(artifact.path for artifact in project.tracked)
    found = (entry.path for entry in room.walk(root, out) if entry.kind in ("file", "link"))
    return frozenset(out | {root / path for path in found if path not in known and not _kept(path, data)})


def _kept(path: str, data: tuple[str, ...]) -> bool:
    """Whether a file comes along though git does not list it: git's own, and data that .dvc files name."""
    return path.startswith(".git/") or any(path == name or path.startswith(name + "/") for name in data)


class Rebuilder:
    """Builds the stages that make `metrics` in copies: once as declared, then with other seeds."""

    def __init__(
        self, project: Project, metrics: Sequence[Metric], targets: Sequence[str], options: Options, records: Records
    ) -> None:
        self.project, self.metrics, self.records = project, metrics, records
        self.options = replace(options, targets=tuple(targets), keep_going=True)
        self._leave_out = leaves_out(project)
        self._known = {built.seed: built for built in records.all() if not built.variant}
        self._varied = {built.variant: built for built in records.all() if built.variant}
        self._cancelled = threading.Event()
        self._base: Path | None = None
        self._making = threading.Lock()

    def cancel(self) -> None:
        """End the builds that are under way."""
        self._cancelled.set()

    def resume(self) -> None:
        """Builds may be made again after `cancel`."""
        self._cancelled.clear()

    def close(self) -> None:
        """Remove the copies."""
        room.remove(self.records.folder / "rooms")

    def known_seeds(self) -> list[int]:
        """The seeds of builds on record, in order."""
        return [seed for seed in self._known if seed is not None]

    def built(self, seed: int | None, report: Callable[[Event], None] = lambda _event: None) -> Built:
        """The build with `seed` (None: as the author recorded it), from the record where it is on it.

        Where the project takes no seed, the number only counts the repetitions.
        """
        if seed in self._known and self._answers(self._known[seed]):
            return self._known[seed]
        began = time.monotonic()
        folder = self._base_room(report) if seed is None else self._seeded_room(seed)
        if seed is not None:
            self._build(folder, report)
        made = replace(self._read(folder, seed), seconds=round(time.monotonic() - began, 3))
        if not made.failed:
            self.records.add(made)
            self._known[seed] = made
        if seed is not None:
            room.remove(folder)
        return made

    def varied(
        self,
        name: str,
        change: Callable[[Path], str | None],
        *,
        only: Collection[str] = (),
        force: bool = False,
        report: Callable[[Event], None] = lambda _event: None,
    ) -> Built | None:
        """The build as declared, gone on with after `change` was made in a copy of it: what does not rest on it stays.

        None where `change` cannot be made (it gives None, else what it did). `name` is that of the record. `only`
        keeps all stages but these as they are, whatever becomes of their files; `force` runs every stage again.
        """
        known = self._varied.get(name)
        if known is not None and self._answers(known):
            return known
        folder = self.records.folder / "rooms" / f"control-{key(name)[:16]}" / self.project.root.name
        base = self._base_room(report)
        room.remove(folder)
        room.make(base, folder)
        began = time.monotonic()
        try:
            note = change(folder)
            if note is None:
                return None
            self._build(folder, report, only=only, force=force)
            took = round(time.monotonic() - began, 3)
            made = replace(self._read(folder, None), seconds=took, variant=name, note=note)
        finally:
            room.remove(folder)
        self.records.add(made)
        self._varied[name] = made
        return made

    def known(self) -> tuple[Built, ...]:
        """Every build on record, the one as declared included, in the order in which they were made."""
        return tuple(self._known.values())

    def runs(self) -> tuple[Run, ...]:
        """What the stages of the build as declared were seen to read."""
        return read_runs(self.records.folder)

    def folder(self) -> Path:
        """The copy that is built as declared, if it is still there, else the project's own folder."""
        return self._base or self.project.root

    def _answers(self, built: Built) -> bool:
        return all(metric.text in built.measured for metric in self.metrics)

    def reached(self, target: str, seed: int) -> bool:
        """Whether another seed would make `target` run again: whether it reaches the result at all."""
        if self.project.config.seed is None:
            return False
        if self.project.config.seed.kind != "param":
            return True
        folder = self.records.folder / "rooms" / "trial" / self.project.root.name
        room.remove(folder)
        room.make(self.project.root, folder, self._leave_out)
        try:
            seeds.plant(folder, seeds.Delivery("", param=self.project.config.seed.name), seed)
            return _differs(self.project, read_project(folder), target)
        finally:
            room.remove(folder)

    def _base_room(self, report: Callable[[Event], None]) -> Path:
        """The copy that is built as declared; made once, others are copied from it."""
        with self._making:
            if self._base is None:
                folder = self.records.folder / "rooms" / "as-declared" / self.project.root.name
                room.remove(folder)
                room.make(self.project.root, folder, self._leave_out)
                self._bring_data(folder)
                self._build(folder, report)
                self._keep_runs(folder)
                self._base = folder
            return self._base

    def _keep_runs(self, folder: Path) -> None:
        """Beside the record, what the stages read: a repeat of the verification asks for it without the copy."""
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(folder / OWN_LOCK, self.records.folder / OWN_LOCK)

    def _bring_data(self, folder: Path) -> None:
        """Data that .dvc files name comes out of the author's cache; what that lacks, out of the working tree."""
        config = read_cache_config(self.project.root)
        objects = Objects(config.folder, root=folder)
        for artifact in self.project.tracked:
            if not (folder / artifact.path).exists() and objects.has(artifact):
                objects.checkout(artifact, folder / artifact.path)

    def _seeded_room(self, seed: int) -> Path:
        base = self._base_room(lambda _event: None)
        folder = self.records.folder / "rooms" / f"seed-{seed}" / self.project.root.name
        room.remove(folder)
        room.make(base, folder)
        route = self.project.config.seed
        if route is not None and route.kind == "param":
            seeds.plant(folder, seeds.Delivery("", param=route.name), seed)
        return folder

    def _build(
        self, folder: Path, report: Callable[[Event], None], *, only: Collection[str] = (), force: bool = False
    ) -> None:
        seed = folder.parent.name.partition("seed-")[2]
        project = _thawed(read_project(folder))
        project = _narrowed(project, only) if only else project
        env = inside(self.options.env, self.project.root, folder, folder)
        route = self.project.config.seed
        force = force or (bool(seed) and (route is None or route.kind != "param"))
        if seed and route and route.kind != "param":
            project = _with_seed(project, route, int(seed))
        ensure_dvc(folder)
        # Never the cache that the project's own .dvc/config names: that may lie anywhere.
        own_cache = CacheConfig(folder / ".dvc" / "cache")
        options = replace(self.options, env=env, force=force, cancelled=self._cancelled.is_set, cache=own_cache)
        failures: dict[str, str] = {}

        def listen(event: Event) -> None:
            if event.event == "failed":
                failures[event.stage] = "; ".join([*event.reasons, *_last_line(folder, event.log)])
            report(event)

        build(project, options, listen)
        (folder / ".fossml" / "failed.json").write_text(json.dumps(failures), encoding="utf-8")

    def _read(self, folder: Path, seed: int | None) -> Built:
        """What the build left; only what a stage made counts, and nothing that one wrote before it failed."""
        project = read_project(folder)
        outs = {}
        for file in {stage.file for stage in project.stages}:
            lock = read_lock(folder, file)
            for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
                outs.update({rooted(stage, out.path): out.digest for out in lock[stage.name].outs})
        failed = json.loads((folder / ".fossml" / "failed.json").read_text(encoding="utf-8"))
        lost = [
            folder / rooted(stage, o.path) for stage in project.stages if stage.address in failed for o in stage.outs
        ]
        return Built(seed, 0.0, {metric.text: _measured(metric, folder, lost) for metric in self.metrics}, outs, failed)


def _measured(metric: Metric, folder: Path, lost: Sequence[Path]) -> Measured:
    if any((folder / metric.source).is_relative_to(path) for path in lost):
        return Measured(missing=f"the stage that makes {metric.source} failed")
    return measure(metric, Left(folder))


def _differs(before: Project, after: Project, target: str) -> bool:
    """Whether `target`, or a stage that it needs, has another definition or reads another parameter."""
    graph, other = make_graph(before.stages), make_graph(after.stages)
    return any(
        graph.stages[address] != other.stages.get(address)
        or select_params(before.root, graph.stages[address]) != select_params(after.root, other.stages[address])
        for address in select(graph, [target])
    )


def _with_seed(project: Project, route: SeedRoute, seed: int) -> Project:
    """`project` with `seed` in place of every one that its author set: a build then gives it to the stages."""
    config = project.config
    tables = {name: {**table, "seed": seed} if "seed" in table else table for name, table in config.stages.items()}
    return replace(project, config=replace(config, seed=replace(route, value=seed), stages=tables))


def _thawed(project: Project) -> Project:
    """A frozen stage keeps what its author has; from nothing it must run."""
    return replace(project, stages=tuple(replace(stage, frozen=False) for stage in project.stages))


def _narrowed(project: Project, only: Collection[str]) -> Project:
    """`project` with only these stages: what the others make is there, and is an input like any other."""
    stages = tuple(stage for stage in project.stages if stage.address in only)
    config = project.config
    kept = {
        name: table for name, table in config.stages.items() if Config(stages={name: table}).unmatched(only) is None
    }
    return replace(project, stages=stages, config=replace(config, stages=kept))


def _last_line(root: Path, log: str | None) -> list[str]:
    """The last line that a failed stage printed: mostly the reason."""
    if log is None:
        return []
    with contextlib.suppress(OSError):
        lines = (root / log).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return [lines[-1].strip()[:200]] if lines else []
    return []


def records_for(project: Project, cache: Path, python: object) -> Records:
    """The records of this state of the project: its files (fossml.toml apart), how the seed goes in, the Python."""
    content, _ = room.digest(project.root, leaves_out(project) | {project.root / "fossml.toml"})
    route = project.config.seed
    folder = cache / f"project-{key([content, asdict(route) if route else None, python])[:24]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "set FOSSML_CACHE_DIR to a folder that can be written"
        raise FossmlError(f"cannot keep records: {error.strerror}", where=str(folder), hint=hint) from error
    return Records(folder)
