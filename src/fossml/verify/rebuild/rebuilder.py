"""A project built from nothing in copies of what a stranger would get: as declared, with other seeds, changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fossml.canon import key
from fossml.engine.build import Options
from fossml.engine.graph import make_graph, select
from fossml.project.declared import Project, read_project
from fossml.types import Event, Run, Stage
from fossml.verify.cleanroom import perturb, room, seeds
from fossml.verify.cleanroom.confine import Confinement
from fossml.verify.metrics.metric import Metric
from fossml.verify.rebuild.altered import moved
from fossml.verify.rebuild.builder import Builder, Order, recorded, silent
from fossml.verify.rebuild.copies import Copies
from fossml.verify.rebuild.doubts import Doubts
from fossml.verify.rebuild.records import CUT, INTERRUPTED, Built, Records, merged

_SPARE = 600.0
_DECLARED = "as-declared"
"""The name of the copy that is built as declared."""
_RELEASED = "released weights: "
"""How the name of a build of released weights begins."""


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
        self.targets, self.confinement = tuple(targets), confinement
        self._copies = Copies(project, records.folder / "rooms", caches)
        self._builder = Builder(project, options, confinement, ends=self._ends, is_late=self._is_late)
        if confinement:
            locale = perturb.other_locale(options.env, perturb.locales())
            self._builder.changes = perturb.perturbations(locale, perturb.hashing(records.folder.name))
        self._known: dict[int | None, Built] = {}
        for built in records.all():
            if not built.variant:
                self._remember(built)
        self._varied = {built.variant: built for built in records.all() if built.variant}
        self.deadline: float | None = None
        """When `time.monotonic()` is past this, builds are cut off."""
        self.spare = _SPARE
        self.say: Callable[[str], None] = lambda _line: None
        """Who is told what is built beside what was asked for."""
        self.beside: list[Built] = []
        """Every build that this verification rests on beside those of `built`, in order, `variant` says which."""
        self._stem: tuple[str, ...] = ()
        self._in_base: set[str] = set()
        self._base: Path | None = None
        self._before = 0.0
        """Seconds that an earlier verification, which was cut off, has spent on the build as declared."""
        self._making = threading.Lock()
        self._cancelled = threading.Event()

    # what is known

    @property
    def lies_in(self) -> Path | None:
        """The copy that was built as declared; None where that build is on record and no copy was made."""
        return self._base

    @property
    def doubts(self) -> int:
        """How many more rebuilds it takes at most to tell what of the room makes a difference, should there be one."""
        return perturb.builds(self._builder.changes) if recorded(self.project) else 0

    @property
    def room(self) -> str:
        """How the room is other than this machine, in words; "" where there is none."""
        return self._builder.room

    @property
    def caches(self) -> list[Path]:
        """Where data lies that `.dvc` files and locks name: the author's cache, and what was fetched."""
        return self._copies.caches

    def known_seeds(self) -> list[int]:
        """The seeds of builds on record, in order."""
        return [seed for seed in self._known if seed is not None]

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
        others = (_RELEASED, perturb.ROOM)
        return tuple(built for name, built in self._varied.items() if not name.startswith(others))

    def runs(self) -> tuple[Run, ...]:
        """What the stages of the build as declared were seen to read."""
        return self.records.runs()

    def folder(self) -> Path:
        """The copy that is built as declared, if it is still there, else the project's own folder."""
        return self._base or self.project.root

    def copy(self) -> Path:
        """The copy that is built as declared, made again where that build is on record and the copy is gone."""
        return self._base_room(silent, self.targets)

    def answers(self, built: Built) -> bool:
        """Whether a build has measured everything, not only what a group of claims needed."""
        return all(metric.text in built.measured for metric in self.metrics)

    def on_record(self, seed: int | None, metrics: Iterable[str]) -> bool:
        """Whether a build with `seed` has measured all of `metrics` (their texts)."""
        return seed in self._known and all(text in self._known[seed].measured for text in metrics)

    # its life

    def cancel(self) -> None:
        """End the builds that are under way."""
        self._cancelled.set()

    def resume(self) -> None:
        """Builds may be made again after `cancel`."""
        self._cancelled.clear()

    def close(self) -> None:
        """Remove the copies; the one as declared is kept where its build was cut off, and goes on the next time."""
        unfinished = self._base is not None and None not in self._known and self._builder.goes_on(self._base)
        self._copies.clear(but=_DECLARED if unfinished else "")

    def _ends(self) -> bool:
        return self._cancelled.is_set() or self._is_late()

    def _is_late(self) -> bool:
        late = self.deadline is not None and time.monotonic() > self.deadline
        return late and not self._cancelled.is_set()

    # builds

    def built(
        self, seed: int | None, report: Callable[[Event], None] = silent, only: Mapping[str, str] | None = None
    ) -> Built:
        """The build with `seed` (None: as the author recorded it), from the record where it is on it.

        `only` holds the metrics that are wanted, each with the stage that makes it; None: all. Where the project takes
        no seed, the number only counts the repetitions.
        """
        targets = self.targets if only is None else tuple(sorted(set(only.values())))
        metrics = self._wanted(only)
        if self.on_record(seed, [metric.text for metric in metrics]):
            self.beside += [one for one in self._varied.values() if seed is None and perturb.is_of_room(one.variant)]
            return self._known[seed]
        began, aside = time.monotonic(), len(self.beside)
        folder = self._base_room(report, targets) if seed is None else self._seeded_room(seed)
        if seed is not None:
            self._builder.build(folder, Order(targets, seed, report=report))
        # What was built to tell whether the room makes a difference is listed, and priced, by itself.
        others = sum(one.seconds for one in self.beside[aside:]) - self._before if seed is None else 0.0
        took = round(time.monotonic() - began - others, 3)
        made = replace(self._builder.read(folder, seed, metrics), seconds=took)
        if not made.failed:
            self.records.add(made)
            self._remember(made)
        if seed is not None:
            room.remove(folder.parent)
        return made

    def interrupted(self, only: Mapping[str, str]) -> Built:
        """What the build as declared has left that was interrupted."""
        if self._base is None or not self._builder.goes_on(self._base):
            return Built(None, 0.0, failed=dict.fromkeys(only.values(), INTERRUPTED))
        made = self._builder.read(self._base, None, self._wanted(only))
        return replace(made, seconds=round(sum(made.costs.values()), 3))

    def evaluated(self, stage: Stage, bring: Callable[[Path], None], only: Mapping[str, str], note: str) -> Built:
        """What `stage` alone gives for the metrics of `only`, on what `bring` puts into a fresh copy.

        On record by `note`, which tells what is brought.
        """
        name = f"{_RELEASED}{stage.address}"
        known = self._varied.get(name)
        if known is not None and known.note == note and all(text in known.measured for text in only):
            self.beside.append(known)
            return known
        began = time.monotonic()
        try:
            folder = self._copies.fresh("released")
            bring(folder)
            self._builder.build(folder, Order((stage.address,), only=(stage.address,)))
            made = self._builder.read(folder, None, self._wanted(only))
        finally:
            room.remove(self._copies.place("released").parent)
        made = replace(made, seconds=round(time.monotonic() - began, 3), variant=name, note=note)
        self.beside.append(made)
        if not made.failed:
            self._keep(made)
        return made

    def varied(
        self,
        name: str,
        change: Callable[[Path], str | None],
        *,
        only: Collection[str] = (),
        force: bool = False,
        report: Callable[[Event], None] = silent,
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
        folder = self._copies.of(self._base_room(report, self.targets), f"control-{key(name)[:16]}")
        began = time.monotonic()
        try:
            note = change(folder)
            if note is None:
                # On record too: else each repeat would build the copy again to find the same.
                if not self._builder.read(self._base_room(report, self.targets)).failed:
                    self._keep(Built(None, 0.0, variant=name))
                return None
            self._builder.build(folder, Order(self.targets, only=only, force=force, report=report))
            took = round(time.monotonic() - began, 3)
            made = replace(self._builder.read(folder, None, self.metrics), seconds=took, variant=name, note=note)
        finally:
            room.remove(folder.parent)
        self.beside.append(made)
        if CUT not in made.failed.values():
            self._keep(made)
        return made

    def affected(self, targets: Sequence[str], seed: int) -> dict[str, frozenset[str]]:
        """For each of `targets`, the stages among those it needs, itself included, that another seed makes run again.

        None of them: the seed does not reach it. Without a way in for a seed all are run again.
        """
        graph = make_graph(self.project.stages)
        closures = {target: select(graph, [target]) for target in targets}
        route = self.project.config.seed
        if route is None or route.kind != "param" or not targets:
            return closures
        folder = self._copies.fresh("trial", data=False)
        try:
            seeds.plant(folder, seeds.Delivery("", param=route.name), seed)
            reached = moved(self.project, read_project(folder))
        finally:
            room.remove(folder.parent)
        self._stem = tuple(sorted(set().union(*closures.values()) - reached))
        return {target: closure & reached for target, closure in closures.items()}

    def _wanted(self, only: Mapping[str, str] | None) -> list[Metric]:
        return [metric for metric in self.metrics if only is None or metric.text in only]

    def _remember(self, built: Built) -> None:
        old = self._known.get(built.seed)
        self._known[built.seed] = merged(old, built) if old else built

    def _keep(self, made: Built) -> None:
        self.records.add(made)
        self._varied[made.variant] = made

    # copies

    def _base_room(self, report: Callable[[Event], None], targets: Sequence[str] | None = None) -> Path:
        """The copy that is built as declared; made once, others are copied from it.

        `targets` None: it is made for these others alone, with the stages that a seed does not reach.
        """
        with self._making:
            if self._base is None:
                left = self._copies.place(_DECLARED)
                goes_on = self._builder.goes_on(left)
                self._base = self._copies.again(_DECLARED) if goes_on else self._copies.fresh(_DECLARED)
                self._before = self._builder.spent(left) if goes_on and None not in self._known else 0.0
            wanted = self._stem if targets is None else tuple(targets)
            if set(wanted) - self._in_base:
                began = time.monotonic()
                if None in self._known:
                    self._as_before(self._known[None])
                self._builder.build(self._base, Order(wanted, report=report))
                if None not in self._known and not self._in_base:
                    self._base = self._settled(self._base, wanted, time.monotonic() - began + self._before)
                self.records.keep_runs(self._base)
                self._in_base |= select(make_graph(self.project.stages), wanted)
            return self._base

    def _settled(self, folder: Path, targets: Sequence[str], took: float) -> Path:
        """The room to go on with, once it is known what of it makes a difference."""

        def keep(made: Built) -> None:
            self.beside.append(made)
            self.records.add(made)

        def left() -> float:
            return self.spare if self.deadline is None else min(self.spare, self.deadline - time.monotonic())

        return Doubts(self._builder, self._copies, targets, took, left, keep, self.say).settled(folder)

    def _as_before(self, base: Built) -> None:
        """The same ways as in the room of the recorded rebuild: what mattered there is left out again."""
        if any(one.code == perturb.CODE and one.status == "fail" for one in base.findings):
            self._builder.changes = ()

    def _seeded_room(self, seed: int) -> Path:
        folder = self._copies.of(self._base_room(silent), f"seed-{seed}")
        route = self.project.config.seed
        if route is not None and route.kind == "param":
            seeds.plant(folder, seeds.Delivery("", param=route.name), seed)
        return folder
