"""A project built from nothing in copies of what a stranger would get: without outputs, locks and caches."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from fossml.canon import key
from fossml.engine.build import Options, build
from fossml.engine.graph import make_graph, order, select
from fossml.engine.records import OWN_LOCK, dump_own_lock, read_own_lock, read_runs
from fossml.errors import FossmlError
from fossml.executors.left import disarm
from fossml.facts.verification import RECORD
from fossml.project import git
from fossml.project.config import Config, SeedRoute
from fossml.project.declared import Project, read_project
from fossml.project.dvc import read_lock, rooted, select_params
from fossml.project.dvcconfig import CacheConfig, ensure_dvc, read_cache_config
from fossml.store.objects import Objects
from fossml.types import Event, Finding, Run, Stage
from fossml.verify import contained, perturb, room, seeds
from fossml.verify.asked import place_in, reason_in
from fossml.verify.confine import Confinement, declared
from fossml.verify.environ import inside
from fossml.verify.metric import Left, Measured, Metric, measure
from fossml.verify.perturb import Perturbation


@dataclass(frozen=True, slots=True)
class Built:
    """What one build from nothing gave: each metric by its text, each output's digest, why stages failed.

    `seed` None: with the seed that the author recorded. `costs` are the seconds that each stage took which ran.
    `variant` names what was changed before it, if anything was; `note` says how. `findings`: what the room kept
    from the stages; `room`: what was other there than on the reader's machine.
    """

    seed: int | None
    seconds: float
    measured: Mapping[str, Measured] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    costs: Mapping[str, float] = field(default_factory=dict)
    variant: str = ""
    note: str = ""
    findings: tuple[Finding, ...] = ()
    room: str = ""

    def of(self, metric: str) -> Measured:
        """What it gave for a metric (its text); empty where that was not asked of it."""
        return self.measured.get(metric, Measured())


CUT = "cut off: the budget is used"
"""Why a stage failed that was still running when the time was over."""


def _merged(old: Built, new: Built) -> Built:
    """Two builds with one seed, of different stages, as one."""
    return replace(
        new,
        seconds=round(old.seconds + new.seconds, 3),
        measured={**old.measured, **new.measured},
        outs={**old.outs, **new.outs},
        costs={**old.costs, **new.costs},
    )


class Records:
    """Builds that are done, one JSON line each, so that a verification that was interrupted goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "builds.jsonl"
        self._chosen = folder / "controls.json"
        self._lock = threading.Lock()

    def all(self) -> list[Built]:
        """Every whole record, in the order in which they were made."""
        found = []
        for line in self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else ():
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                fields = json.loads(line)
                measured = {name: Measured(**one) for name, one in fields.pop("measured").items()}
                noticed = tuple(contained.finding(one) for one in fields.pop("findings", ()))
                found.append(Built(**fields, measured=measured, findings=noticed))
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
        self._chosen.unlink(missing_ok=True)

    def chosen(self) -> dict[str, Any]:
        """What was chosen when the copy was there, as it was put to `choose`; {} where nothing was."""
        try:
            found = json.loads(self._chosen.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def choose(self, chosen: Mapping[str, Any]) -> None:
        """Keep a choice, so that a repeat of the verification, which may have no copy to look into, makes it again."""
        self._chosen.write_text(json.dumps(chosen), encoding="utf-8")


def leaves_out(project: Project, caches: Sequence[Path] | None = None) -> frozenset[Path]:
    """What a copy for a stranger does not get: outputs, locks, caches, and files that git is told to ignore.

    Nor tracked data that one of `caches` (None: the project's own) holds: it comes out of there, as recorded, whatever
    lies in the working tree.
    """
    root = project.root
    files = {stage.file for stage in project.stages}
    out = {root / rooted(stage, out.path) for stage in project.stages for out in stage.outs}
    out |= {root / PurePosixPath(file).with_suffix(".lock") for file in files}
    config = read_cache_config(root)
    out |= {root / "fossml.lock", root / RECORD, root / ".dvc" / "cache", root / ".dvc" / "tmp", config.folder}
    kept = [Objects(folder, root=root) for folder in ([config.folder] if caches is None else caches)]
    out |= {root / artifact.path for artifact in project.tracked if any(one.has(artifact) for one in kept)}
    listed = git.files(root)
    if listed is None:
        return frozenset(out)
    known, data = set(listed), tuple(artifact.path for artifact in project.tracked)
    found = (entry.path for entry in room.walk(root, out) if entry.kind in ("file", "link"))
    return frozenset(out | {root / path for path in found if path not in known and not _kept(path, data)})


def _kept(path: str, data: tuple[str, ...]) -> bool:
    """Whether a file comes along though git does not list it: git's own, and data that .dvc files name."""
    return path.startswith(".git/") or any(path == name or path.startswith(name + "/") for name in data)


_APART = 1.1
"""Seconds between two rebuilds that are compared: a time stamp is then another one, and is not laid to the room."""
_SPARE = 600.0


class Rebuilder:
    """Builds the stages that make `metrics` in copies: once as declared, then with other seeds.

    With a `confinement`, in its sandbox and in another time zone, locale and file order; `spare` are the seconds that
    it may take to find which of these made a difference.
    `authors` is the project in the reader's own folder `home`, where results and records lie that no commit has.
    """

    def __init__(
        self,
        project: Project,
        metrics: Sequence[Metric],
        targets: Sequence[str],
        options: Options,
        records: Records,
        caches: Sequence[Path] | None = None,
        home: Path | None = None,
        *,
        confinement: Confinement | None = None,
    ) -> None:
        self.authors = replace(project, root=home) if home else project
        self.project, self.metrics, self.records = project, metrics, records
        self.options = replace(options, targets=tuple(targets), keep_going=True)
        self._caches = [read_cache_config(project.root).folder] if caches is None else list(caches)
        self._leave_out = leaves_out(project, self._caches)
        self._known: dict[int | None, Built] = {}
        for built in records.all():
            if not built.variant:
                self._remember(built)
        self._varied = {built.variant: built for built in records.all() if built.variant}
        self.deadline: float | None = None
        """When `time.monotonic()` is past this, builds are cut off."""
        self._stem: tuple[str, ...] = ()
        self._in_base: set[str] = set()
        self.confinement = confinement
        self.spare = _SPARE
        hashing = perturb.hashing(records.folder.name)
        locale = perturb.other_locale(options.env, perturb.locales()) if confinement else ""
        self._changes = perturb.perturbations(locale, hashing) if confinement else ()
        self._noticed: dict[Path, list[Finding]] = {}
        self.beside: list[Built] = []
        """Every build that this verification rests on beside those of `built`, in order, `variant` says which."""
        self._cancelled = threading.Event()
        self._base: Path | None = None
        self._making = threading.Lock()

    def cancel(self) -> None:
        """End the builds that are under way."""
        self._cancelled.set()

    @property
    def lies_in(self) -> Path | None:
        """The copy that was built as declared; None where that build is on record and no copy was made."""
        return self._base

    def resume(self) -> None:
        """Builds may be made again after `cancel`."""
        self._cancelled.clear()

    def close(self) -> None:
        """Remove the copies."""
        room.remove(self.records.folder / "rooms")

    def _remember(self, built: Built) -> None:
        old = self._known.get(built.seed)
        self._known[built.seed] = _merged(old, built) if old else built

    def _is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _ends(self) -> bool:
        return self._cancelled.is_set() or self._is_late()

    def known_seeds(self) -> list[int]:
        """The seeds of builds on record, in order."""
        return [seed for seed in self._known if seed is not None]

    def built(
        self,
        seed: int | None,
        report: Callable[[Event], None] = lambda _event: None,
        only: Mapping[str, str] | None = None,
    ) -> Built:
        """The build with `seed` (None: as the author recorded it), from the record where it is on it.

        `only` holds the metrics that are wanted, each with the stage that makes it; None: all. Where the project takes
        no seed, the number only counts the repetitions.
        """
        targets = self.options.targets if only is None else tuple(sorted(set(only.values())))
        metrics = [metric for metric in self.metrics if only is None or metric.text in only]
        if self.on_record(seed, [metric.text for metric in metrics]):
            self.beside += [one for one in self._varied.values() if seed is None and perturb.is_of_room(one.variant)]
            return self._known[seed]
        began, aside = time.monotonic(), len(self.beside)
        folder = self._base_room(report, targets) if seed is None else self._seeded_room(seed)
        if seed is not None:
            self._build(folder, report, targets)
        # What was built to tell whether the room makes a difference is listed, and priced, by itself.
        others = sum(one.seconds for one in self.beside[aside:]) if seed is None else 0.0
        made = replace(self._read(folder, seed, metrics), seconds=round(time.monotonic() - began - others, 3))
        if not made.failed:
            self.records.add(made)
            self._remember(made)
        if seed is not None:
            room.remove(folder)
        return made

    def evaluated(self, stage: Stage, bring: Callable[[Path], None], only: Mapping[str, str]) -> Built:
        """What `stage` alone gives for the metrics of `only`, on what `bring` puts into a fresh copy."""
        folder = self.records.folder / "rooms" / "released" / self.project.root.name
        began = time.monotonic()
        try:
            room.remove(folder)
            room.make(self.project.root, folder, self._leave_out)
            self._bring_data(folder)
            bring(folder)
            self._build(folder, lambda _event: None, (stage.address,), only=(stage.address,))
            made = self._read(folder, None, [metric for metric in self.metrics if metric.text in only])
            made = replace(
                made, seconds=round(time.monotonic() - began, 3), variant=f"released weights: {stage.address}"
            )
            self.beside.append(made)
            return made
        finally:
            room.remove(folder)

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
        if known is not None and not known.note:
            return None
        if known is not None and self.answers(known):
            self.beside.append(known)
            return known
        folder = self.records.folder / "rooms" / f"control-{key(name)[:16]}" / self.project.root.name
        base = self._base_room(report, self.options.targets)
        room.remove(folder)
        room.make(base, folder)
        began = time.monotonic()
        try:
            note = change(folder)
            if note is None:
                # On record too: else each repeat would build the copy again to find the same.
                self._keep(Built(None, 0.0, variant=name))
                return None
            self._build(folder, report, self.options.targets, only=only, force=force)
            took = round(time.monotonic() - began, 3)
            made = replace(self._read(folder, None, self.metrics), seconds=took, variant=name, note=note)
        finally:
            room.remove(folder)
        self.beside.append(made)
        if CUT not in made.failed.values():
            self._keep(made)
        return made

    def _keep(self, made: Built) -> None:
        self.records.add(made)
        self._varied[made.variant] = made

    def has_base(self) -> bool:
        """Whether the project was rebuilt as declared, now or earlier."""
        return self._base is not None or None in self._known

    def has_varied(self, name: str) -> bool:
        """Whether the changed build of this name is on record, or that it cannot be made."""
        known = self._varied.get(name)
        return known is not None and (not known.note or self.answers(known))

    def known(self) -> tuple[Built, ...]:
        """Every build on record, the one as declared included, in the order in which they were made."""
        return tuple(self._known.values())

    def variations(self) -> tuple[Built, ...]:
        """Every build on record of which something was changed by `varied`."""
        return tuple(self._varied.values())

    def runs(self) -> tuple[Run, ...]:
        """What the stages of the build as declared were seen to read."""
        return read_runs(self.records.folder)

    def folder(self) -> Path:
        """The copy that is built as declared, if it is still there, else the project's own folder."""
        return self._base or self.project.root

    def copy(self) -> Path:
        """The copy that is built as declared, made again where that build is on record and the copy is gone."""
        return self._base_room(lambda _event: None, self.options.targets)

    def answers(self, built: Built) -> bool:
        """Whether a build has measured everything, not only what a group of claims needed."""
        return all(metric.text in built.measured for metric in self.metrics)

    def on_record(self, seed: int | None, metrics: Iterable[str]) -> bool:
        """Whether a build with `seed` has measured all of `metrics` (their texts)."""
        return seed in self._known and all(text in self._known[seed].measured for text in metrics)

    def affected(self, targets: Sequence[str], seed: int) -> dict[str, frozenset[str]]:
        """For each of `targets`, the stages among those it needs, itself included, that another seed makes run again.

        None of them: the seed does not reach it. Without a way in for a seed all are run again.
        """
        graph = make_graph(self.project.stages)
        closures = {target: select(graph, [target]) for target in targets}
        route = self.project.config.seed
        if route is None or route.kind != "param" or not targets:
            return closures
        moved = self._moved(seed)
        self._stem = tuple(sorted(set().union(*closures.values()) - moved))
        return {target: closure & moved for target, closure in closures.items()}

    def _moved(self, seed: int) -> frozenset[str]:
        """The stages that a seed in a parameter reaches, directly or through what they need."""
        assert self.project.config.seed is not None
        folder = self.records.folder / "rooms" / "trial" / self.project.root.name
        room.remove(folder)
        room.make(self.project.root, folder, self._leave_out)
        try:
            seeds.plant(folder, seeds.Delivery("", param=self.project.config.seed.name), seed)
            return _differs(self.project, read_project(folder))
        finally:
            room.remove(folder)

    def _base_room(self, report: Callable[[Event], None], targets: Sequence[str] | None = None) -> Path:
        """The copy that is built as declared; made once, others are copied from it.

        `targets` None: it is made for these others alone, with the stages that a seed does not reach.
        """
        with self._making:
            if self._base is None:
                folder = self.records.folder / "rooms" / "as-declared" / self.project.root.name
                room.remove(folder)
                room.make(self.project.root, folder, self._leave_out)
                self._bring_data(folder)
                self._base = folder
            wanted = self._stem if targets is None else tuple(targets)
            if set(wanted) - self._in_base:
                began = time.monotonic()
                if None in self._known:
                    self._as_before(self._known[None])
                self._build(self._base, report, wanted)
                if None not in self._known and not self._in_base:
                    self._base = self._without_what_matters(self._base, wanted, time.monotonic() - began)
                self._keep_runs(self._base)
                self._in_base |= select(make_graph(self.project.stages), wanted)
            return self._base

    def _without_what_matters(self, folder: Path, targets: Sequence[str], took: float) -> Path:
        """The room to go on with: `folder`, or where only the room's ways made the difference, one without them.

        What made it is found by building again, without them and then with some; each build may take `took` seconds.
        """
        changes = self._changes
        noticed = self._noticed[folder]
        built = self._read(folder, None, ())
        if not changes or any(one.level == "hard" for one in noticed) or CUT in built.failed.values():
            return folder
        if not self._differs(folder):
            return folder
        builds = perturb.builds(changes)
        left = self.spare if self.deadline is None else min(self.spare, self.deadline - time.monotonic())
        if builds * took > left:
            noticed += perturb.untold(changes, builds, took)
            return folder
        time.sleep(_APART)
        plain = self._room_with((), "plain", targets)
        if self._differs(plain):
            broken, late = bool(self._read(plain, None, ()).failed), self._is_late()
            if late:
                noticed += perturb.untold(changes, builds, took)
            room.remove(plain)
            if not broken and not late:
                noticed += self._between_rooms(changes, targets, took)
            self._changes = changes
            return folder
        found = perturb.blamed(changes, lambda some: self._differs(self._room_with(some, "some", targets)))
        if self._is_late():
            # The last of these builds were cut off, and say nothing: all four together are as much as is known.
            found = changes
        self._changes = ()
        self._noticed[plain] += perturb.findings(self.project.root.name, found)
        return plain

    def _between_rooms(
        self, changes: Sequence[Perturbation], targets: Sequence[str], took: float
    ) -> tuple[Finding, ...]:
        """What makes rebuilds differ, where none gives what was recorded; what differs by itself does not count."""
        assert self.confinement is not None
        every = (*changes, *perturb.elsewhere(self.confinement.environment(self.options.env), os.cpu_count() or 1))
        builds = 4 + (len(every) - 1).bit_length()
        left = self.spare if self.deadline is None else min(self.spare, self.deadline - time.monotonic())
        if builds * took > left:
            return perturb.untold(every, builds, took)

        def outs(some: Sequence[Perturbation]) -> dict[str, str]:
            folder = self._room_with(some, next((one.place for one in some if one.place), "one"), targets)
            built = self._read(folder, None, ())
            room.remove(folder)
            return {**built.outs, **built.failed}

        bare = outs(())
        time.sleep(_APART)
        again = outs(())
        still = {path: digest for path, digest in bare.items() if again.get(path) == digest}

        def moved(some: Sequence[Perturbation]) -> list[str]:
            found = outs(some)
            return sorted(path for path, digest in still.items() if found.get(path) != digest)

        other = moved(every)
        found = perturb.blamed(every, lambda some: bool(moved(some))) if other else ()
        # A result that differs by itself now and then would have been blamed on whatever was changed last.
        return () if not found or moved(()) else perturb.changed(self.project.root.name, found, other)

    def _as_before(self, base: Built) -> None:
        """The same ways as in the room of the recorded rebuild: what mattered there is left out again."""
        if any(one.code == perturb.CODE and one.status == "fail" for one in base.findings):
            self._changes = ()

    def _room_with(self, changes: Sequence[Perturbation], name: str, targets: Sequence[str]) -> Path:
        folder = self.records.folder / "rooms" / name / self.project.root.name
        began = time.monotonic()
        room.remove(folder)
        room.make(self.project.root, folder, self._leave_out)
        self._bring_data(folder)
        self._changes = tuple(changes)
        self._build(folder, lambda _event: None, targets)
        took = round(time.monotonic() - began, 3)
        made = replace(self._read(folder, None, ()), seconds=took, variant=perturb.room_of(changes))
        self.beside.append(made)
        self.records.add(made)
        return folder

    def _differs(self, folder: Path) -> bool:
        """Whether what was built there is not what the author recorded."""
        built = self._read(folder, None, ())
        return perturb.differs(built.outs, built.failed, recorded(self.project))

    def _keep_runs(self, folder: Path) -> None:
        """Beside the record, what the stages read: a repeat of the verification asks for it without the copy.

        What was kept of stages that this copy has not run, or not yet, stays.
        """
        kept = self.records.folder / OWN_LOCK
        whole = kept.with_suffix(".new")
        whole.write_text(dump_own_lock({**_own_lock(kept.parent), **_own_lock(folder)}), encoding="utf-8")
        whole.replace(kept)

    def _bring_data(self, folder: Path) -> None:
        """Data that .dvc files name comes out of the caches; what they lack, out of the project's folder."""
        for objects in (Objects(cache, root=folder) for cache in self._caches):
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
        self,
        folder: Path,
        report: Callable[[Event], None],
        targets: Sequence[str],
        *,
        only: Collection[str] = (),
        force: bool = False,
    ) -> None:
        seed = folder.parent.name.partition("seed-")[2]
        project = _thawed(read_project(folder))
        # Which Python it is has been decided for all copies; `[environment] python` may name a folder of the author's.
        project = replace(project, config=replace(project.config, python=self.project.config.python))
        project = _narrowed(project, only) if only else project
        targets = [address for address in targets if not only or address in only]
        env = inside(self.options.env, self.project.root, folder, folder)
        noticed = self._noticed.setdefault(folder, [])
        closed = None
        if self.confinement:
            env = perturb.applied(self.confinement.environment(env, declared(project)), self._changes)
            closed = self.confinement.sandbox(folder, room.shared(folder))
            closed = replace(
                closed,
                user=next((one.user for one in self._changes if one.user), closed.user),
                host=next((one.host for one in self._changes if one.host), closed.host),
            )
            noticed += contained.links(disarm(closed))
        route = self.project.config.seed
        force = force or (bool(seed) and (route is None or route.kind != "param"))
        if seed and route and route.kind != "param":
            project = _with_seed(project, route, int(seed))
        ensure_dvc(folder)
        # Never the cache that the project's own .dvc/config names: that may lie anywhere.
        own_cache = CacheConfig(folder / ".dvc" / "cache")
        options = replace(
            self.options, targets=tuple(targets), env=env, force=force, cancelled=self._ends, cache=own_cache
        )
        if closed:
            # One at a time: while the files of a stage are looked at, no other may turn them into links that lead out.
            options = replace(options, confine=closed, jobs=1)
        failures: dict[str, str] = {}
        costs: dict[str, float] = {}

        def listen(event: Event) -> None:
            if event.event == "failed":
                failures[event.stage] = "; ".join([*event.reasons, *_last_line(folder, event.log)])
            elif event.event in ("done", "current", "restored"):
                costs[event.stage] = event.seconds
            if closed and event.event in ("done", "failed"):
                noticed.extend(contained.of_event(event, project, folder, closed.limits))
            report(event)

        try:
            with perturb.fewer_cores(max((one.cores for one in self._changes), default=0)):
                build(project, options, listen)
        except KeyboardInterrupt:
            if self._cancelled.is_set() or not self._is_late():
                raise
            wanted = select(make_graph(project.stages), targets)
            failures.update(dict.fromkeys(sorted(wanted - costs.keys() - failures.keys()), CUT))
        ran = {stage: seconds for stage, seconds in costs.items() if seconds}
        left = {"failed": failures, "costs": ran}
        (folder / ".fossml" / "built.json").write_text(json.dumps(left), encoding="utf-8")

    def _read(self, folder: Path, seed: int | None, metrics: Sequence[Metric]) -> Built:
        """What the build left; only what a stage made counts, and nothing that one wrote before it failed."""
        project = read_project(folder)
        outs = {}
        for file in {stage.file for stage in project.stages}:
            lock = read_lock(folder, file)
            for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
                outs.update({rooted(stage, out.path): out.digest for out in lock[stage.name].outs})
        left = json.loads((folder / ".fossml" / "built.json").read_text(encoding="utf-8"))
        failed = left["failed"]
        lost = [
            folder / rooted(stage, o.path) for stage in project.stages if stage.address in failed for o in stage.outs
        ]
        measured = {metric.text: _measured(metric, folder, lost) for metric in metrics}
        return Built(
            seed, 0.0, measured, outs, failed, costs=left["costs"], findings=self._found(folder), room=self.room
        )

    def _found(self, folder: Path) -> tuple[Finding, ...]:
        return tuple(dict.fromkeys(self._noticed.get(folder, ())))

    @property
    def doubts(self) -> int:
        """How many more rebuilds it takes at most to tell what of the room makes a difference, should there be one."""
        return perturb.builds(self._changes) if recorded(self.project) else 0

    @property
    def room(self) -> str:
        """How the room is other than this machine, in words; "" where there is none."""
        return perturb.described(self._changes) if self.confinement else ""


def recorded(project: Project) -> dict[str, str]:
    """Output -> digest as the author's dvc.lock files have it."""
    found: dict[str, str] = {}
    for file in sorted({stage.file for stage in project.stages}):
        lock = read_lock(project.root, file)
        for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
            found.update({rooted(stage, out.path): out.digest for out in lock[stage.name].outs})
    return found


def _own_lock(folder: Path) -> dict[str, Any]:
    """The Runs of the fossml.lock there; none where it is damaged."""
    try:
        return read_own_lock(folder)
    except FossmlError:
        return {}


def _measured(metric: Metric, folder: Path, lost: Sequence[Path]) -> Measured:
    if any((folder / metric.source).is_relative_to(path) for path in lost):
        return Measured(missing=f"the stage that makes {metric.source} failed")
    return measure(metric, Left(folder))


def _differs(before: Project, after: Project) -> frozenset[str]:
    """The stages that have another definition or read another parameter, and those that need one of them."""
    graph, other = make_graph(before.stages), make_graph(after.stages)
    found: set[str] = set()
    for address in order(graph):
        stage, now = graph.stages[address], other.stages.get(address)
        moved = stage != now or select_params(before.root, stage) != select_params(after.root, now)
        if moved or found.intersection(graph.needs[address]):
            found.add(address)
    return frozenset(found)


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
    """Why a stage failed, out of what it printed, and the line of code that a traceback leads to."""
    if log is None:
        return []
    with contextlib.suppress(OSError):
        said = (root / log).read_text(encoding="utf-8", errors="replace").strip()
        return [reason_in(said)[:200] + place_in(said, root)] if said else []
    return []


def records_for(project: Project, cache: Path, python: object, caches: Sequence[Path] | None = None) -> Records:
    """The records of this state of the project: its files, how the seed goes in, the Python.

    Of fossml.toml, in which claims may change, only what the stages are given counts: their seeds and variables.
    """
    content, _ = room.digest(project.root, leaves_out(project, caches) | {project.root / "fossml.toml"})
    route = project.config.seed
    given = {name: [table.get(one) for one in ("seed", "env")] for name, table in project.config.stages.items()}
    given = {name: values for name, values in given.items() if any(one is not None for one in values)}
    parts = [content, asdict(route) if route else None, python, *([given] if given else [])]
    folder = cache / f"project-{key(parts)[:24]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "set FOSSML_CACHE_DIR to a folder that can be written"
        raise FossmlError(f"cannot keep records: {error.strerror}", where=str(folder), hint=hint) from error
    return Records(folder)
