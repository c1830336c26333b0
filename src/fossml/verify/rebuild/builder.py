"""One build in one copy: its surroundings, its sandbox, and what it left."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fossml.engine.build import Options, build
from fossml.engine.graph import make_graph, select
from fossml.executors.left import disarm
from fossml.executors.sandbox import Sandbox
from fossml.project.declared import Project, read_project
from fossml.project.dvc import read_lock, rooted
from fossml.project.dvcconfig import CacheConfig, ensure_dvc
from fossml.types import Event, Finding
from fossml.verify.cleanroom import contained, perturb, room
from fossml.verify.cleanroom.confine import Confinement, declared
from fossml.verify.cleanroom.environ import inside
from fossml.verify.cleanroom.perturb import Perturbation
from fossml.verify.environment.asked import place_in, reason_in
from fossml.verify.metrics.metric import Left, Measured, Metric, measure
from fossml.verify.rebuild.altered import narrowed, thawed, with_seed
from fossml.verify.rebuild.records import CUT, INTERRUPTED, Built
from fossml.verify.rebuild.seedless import seedless


def silent(_event: Event) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to build: the stages for `targets`, with `seed` (None: the author's), and who is told.

    `only` keeps all stages but these as they are; `force` runs every stage again.
    """

    targets: Sequence[str]
    seed: int | None = None
    only: Collection[str] = ()
    force: bool = False
    report: Callable[[Event], None] = silent


@dataclass(frozen=True, slots=True)
class _Left:
    """What the builds in a copy left: why the last one's stages failed, what each took, what the room kept from them.

    `room`: how the room was other than the reader's machine.
    """

    failed: Mapping[str, str] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    room: str = ""

    @property
    def is_unfinished(self) -> bool:
        """Whether nothing but the end of time or of patience kept a stage from being built."""
        return all(why in (CUT, INTERRUPTED) for why in self.failed.values())


class Builder:
    """Builds in copies of `project`; with a `confinement`, in its sandbox and with `changes` to the surroundings.

    `ends` tells whether builds must end now, `is_late` whether for want of time.
    """

    def __init__(
        self,
        project: Project,
        options: Options,
        confinement: Confinement | None,
        *,
        ends: Callable[[], bool],
        is_late: Callable[[], bool],
    ) -> None:
        self.project, self.confinement = project, confinement
        self.is_late = is_late
        self._options = replace(options, keep_going=True, cancelled=ends)
        self.env = options.env
        self.changes: tuple[Perturbation, ...] = ()

    @property
    def room(self) -> str:
        """How the room is other than this machine, in words; "" where there is none."""
        return perturb.described(self.changes) if self.confinement else ""

    def build(self, folder: Path, order: Order) -> None:
        """Build in the copy `folder`. Raises KeyboardInterrupt where it was interrupted; what was built is kept."""
        closed, noticed = self._closed(folder)  # before anything follows a link of the copy
        project, force = self._altered(self._project_in(folder), order)
        targets = [address for address in order.targets if not order.only or address in order.only]
        options = self._options_in(folder, project, closed)
        options = replace(options, targets=tuple(targets), force=force)
        before = _left_in(folder)
        wanted = select(make_graph(project.stages), targets)
        failed: dict[str, str] = {}
        costs: dict[str, float] = {}

        def leave(why: str = "") -> None:
            unbuilt = dict.fromkeys(sorted(wanted - costs.keys() - failed.keys()) if why else (), why)
            ran = {stage: seconds for stage, seconds in costs.items() if seconds}
            found = tuple(dict.fromkeys((*before.findings, *noticed)))
            _leave(folder, _Left({**failed, **unbuilt}, {**before.costs, **ran}, found, self.room))

        def listen(event: Event) -> None:
            if event.event == "failed":
                failed[event.stage] = "; ".join([*event.reasons, *_last_line(folder, event.log)])
            elif event.event in ("done", "current", "restored"):
                costs[event.stage] = event.seconds
            if options.confine and event.event in ("done", "failed"):
                noticed.extend(contained.of_event(event, project, folder, options.confine.limits))
            leave(INTERRUPTED)  # should this process be killed
            order.report(event)

        try:
            with perturb.fewer_cores(max((one.cores for one in self.changes), default=0)):
                build(project, options, listen)
        except KeyboardInterrupt:
            leave(CUT if self.is_late() else INTERRUPTED)
            if not self.is_late():
                raise
        else:
            leave()

    def _project_in(self, folder: Path) -> Project:
        """The project in the copy, with fossml.toml as it was committed.

        A stage may have written another one, in which it gives itself the network or variables of the reader's.
        """
        return read_project(folder, self.project.config)

    def _altered(self, project: Project, order: Order) -> tuple[Project, bool]:
        """The project in the copy as it is to be built, and whether its stages run whatever is there."""
        project = thawed(project)
        project = narrowed(project, order.only) if order.only else project
        route = self.project.config.seed
        if order.seed is None or (route and route.kind == "param"):
            return project, order.force
        return (with_seed(project, route, order.seed) if route else project), True

    def _closed(self, folder: Path) -> tuple[Sandbox | None, list[Finding]]:
        """The sandbox of `folder`, out of which no link leads any more, and what was found out about that."""
        if self.confinement is None:
            return None, []
        closed = self.confinement.sandbox(folder, room.shared(folder))
        closed = replace(
            closed,
            user=next((one.user for one in self.changes if one.user), closed.user),
            host=next((one.host for one in self.changes if one.host), closed.host),
        )
        return closed, list(contained.links(disarm(closed)))

    def _options_in(self, folder: Path, project: Project, closed: Sandbox | None) -> Options:
        """How to build in `folder`."""
        ensure_dvc(folder)
        # Never the cache that the project's own .dvc/config names: that may lie anywhere.
        own_cache = CacheConfig(folder / ".dvc" / "cache")
        env = inside(self.env, self.project.root, folder, folder)
        if self.confinement is None or closed is None:
            return replace(self._options, env=env, cache=own_cache)
        env = perturb.applied(self.confinement.environment(env, declared(project)), self.changes)
        # One at a time: while the files of a stage are looked at, no other may turn them into links that lead out.
        return replace(self._options, env=env, cache=own_cache, confine=closed, jobs=1)

    def read(self, folder: Path, seed: int | None = None, metrics: Sequence[Metric] = ()) -> Built:
        """What the builds left; only what a stage made counts, and nothing that one wrote before it failed."""
        project, left = self._project_in(folder), _left_in(folder)
        outs = recorded(project)
        lost = [
            folder / rooted(stage, out.path)
            for stage in project.stages
            if stage.address in left.failed
            for out in stage.outs
        ]
        measured = {metric.text: _measured(metric, folder, lost) for metric in metrics}
        made = Built(seed, 0.0, measured, outs, left.failed, costs=left.costs, findings=left.findings, room=self.room)
        return replace(made, seedless=seedless(folder, outs, seed))

    def notice(self, folder: Path, findings: Sequence[Finding]) -> None:
        """Lay `findings` to what was built in `folder`."""
        left = _left_in(folder)
        _leave(folder, replace(left, findings=tuple(dict.fromkeys((*left.findings, *findings)))))

    def spent(self, folder: Path) -> float:
        """The seconds that the stages took which were built in `folder`."""
        return sum(_left_in(folder).costs.values())

    def goes_on(self, folder: Path) -> bool:
        """Whether a build in the same surroundings lies there that only wants to be finished."""
        left = _left_in(folder)
        return folder.is_dir() and _beside(folder).is_file() and left.is_unfinished and left.room == self.room


def recorded(project: Project) -> dict[str, str]:
    """Output -> digest as the dvc.lock files of `project` have it."""
    found: dict[str, str] = {}
    for file in sorted({stage.file for stage in project.stages}):
        lock = read_lock(project.root, file)
        for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
            found.update({rooted(stage, out.path): out.digest for out in lock[stage.name].outs})
    return found


def _beside(folder: Path) -> Path:
    """Where it stands what builds left: beside the copy, where no stage can write."""
    return folder.parent / "built.json"


def _left_in(folder: Path) -> _Left:
    try:
        table: dict[str, Any] = json.loads(_beside(folder).read_text(encoding="utf-8"))
        findings = tuple(map(contained.finding, table["findings"]))
        return _Left(table["failed"], table["costs"], findings, table["room"])
    except (OSError, ValueError, KeyError, TypeError):
        return _Left()


def _leave(folder: Path, left: _Left) -> None:
    _beside(folder).write_text(json.dumps(asdict(left)), encoding="utf-8")


def _measured(metric: Metric, folder: Path, lost: Sequence[Path]) -> Measured:
    if any((folder / metric.source).is_relative_to(path) for path in lost):
        return Measured(missing=f"the stage that makes {metric.source} failed")
    return measure(metric, Left(folder))


def _last_line(root: Path, log: str | None) -> list[str]:
    """Why a stage failed, out of what it printed, and the line of code that a traceback leads to."""
    if log is None:
        return []
    with contextlib.suppress(OSError):
        said = (root / log).read_text(encoding="utf-8", errors="replace").strip()
        return [reason_in(said)[:200] + place_in(said, root)] if said else []
    return []
