"""Running what must run: a ready queue over the graph; outputs into the store first, then the Run, then the locks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from fossml.engine.alone import alone
from fossml.engine.aside import recover
from fossml.engine.assess import Assessment
from fossml.engine.discoveries import unknown
from fossml.engine.dry import dry
from fossml.engine.graph import select, with_needs
from fossml.engine.plan import artifacts
from fossml.engine.queue import Queue
from fossml.engine.resources import check, everything
from fossml.engine.site import Options, Site, open_site, own_folder
from fossml.engine.tidy import tidy
from fossml.engine.undeclared import StageError, Undeclared, undeclared
from fossml.errors import FossmlError, told
from fossml.executors.local import end_left
from fossml.project.declared import Project
from fossml.project.dvc import LockEntry, rooted
from fossml.types import Event, Run, Stage

if TYPE_CHECKING:
    from fossml.engine.crew import Crew

__all__ = ["Options", "Summary", "build", "dry"]

_SAVE_EVERY = 1.0
"""Seconds after which finished stages are written into the locks while others still run."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How many stages ran, were current, were restored from the cache, failed, and were not reached.

    `by_dvc` of the current ones were recorded by dvc alone. `undeclared` are inputs that should be declared.
    """

    ran: int = 0
    current: int = 0
    restored: int = 0
    failed: int = 0
    cancelled: int = 0
    by_dvc: int = 0
    undeclared: tuple[Undeclared, ...] = ()


def build(project: Project, options: Options, emit: Callable[[Event], None]) -> Summary:
    """Bring the selected stages up to date. A failed stage stops new ones; those that run are let finish."""
    own = own_folder(project.root)
    with told(own), alone(project.root) as killed:
        recover(own / "aside", end_left)
        if killed:
            tidy(project.root, own, project.stages)
        with open_site(project, options, own) as site:
            first = _Build(site, own, options, emit)
            summary = first.run()
        if not first.late() or summary.failed:
            return summary
        options = replace(options, force=False)
        with open_site(project, options, own) as site:  # which knows now what waits for what
            again = _Build(site, own, options, lambda event: emit(event) if event.event != "current" else None)
            return again.run(first.how)


class _Build:
    """One build: the queue, what waits to run, the crew that runs it, and how each stage ended."""

    def __init__(self, site: Site, own: Path, options: Options, emit: Callable[[Event], None]) -> None:
        self.site, self.own, self.options, self.emit = site, own, options, emit
        self.selected = selected = select(site.graph, options.targets, options.folder)
        self.whole = everything(site.project.config.resources, max(1, options.jobs))
        for address in selected:
            check(self.whole, site.project.config.settings(address), address)
        self.graph = site.graph
        self.queue = Queue([address for address in site.order if address in selected], site.graph.needs)
        self.waiting: list[Assessment] = []
        self.passed_over: set[str] = set()
        self.crew: Crew | None = None
        self.how: dict[str, str] = {}
        self.by_dvc = 0
        self.begun: dict[str, float] = {}
        self.over: dict[str, float] = {}
        self.undeclared: list[Undeclared] = []
        self.damaged: dict[str, tuple[str, ...]] = {}
        self.current: list[Assessment] = []
        self.saved = time.monotonic()

    def run(self, before: Mapping[str, str] = MappingProxyType({})) -> Summary:
        """Work until nothing is left that may start and nothing runs; the locks are written whatever happens.

        `before` is how the stages ended when this build looked at them first.
        """
        try:
            while self._settle_ready() or self._start_waiting() or self.crew:
                self._finish_some()
        finally:
            if self.crew is not None:
                self.crew.stop()
            self.site.records.save()
        for address in (*(found.stage.address for found in self.waiting), *self.queue.left()):
            self._end(address, "cancelled", ("a stage that it needs failed, or the build stopped before it",))
        new = {address: how for address, how in self.how.items() if how != "current" or address not in before}
        ended = Counter({**before, **new}.values())
        silent = not (before or self.by_dvc or self.undeclared or self.late())
        if self.options.certify and silent and ended.keys() <= {"current"}:
            from fossml.engine.witness import rests_on  # for whoever asks in the plain way

            self.options.certify(rests_on(self.site, self.current))
        return Summary(
            ran=ended["done"],
            current=ended["current"],
            restored=ended["restored"],
            failed=ended["failed"],
            cancelled=ended["cancelled"],
            by_dvc=self.by_dvc,
            undeclared=tuple(self.undeclared),
        )

    def late(self) -> bool:
        """Whether a stage that ran had read what another, that nobody knew of, made only after it had begun."""
        return any(self.begun.get(one.stage.address, inf) < self.over.get(one.maker, 0) for one in self.undeclared)

    def _goes_on(self) -> bool:
        return self.options.keep_going or "failed" not in self.how.values()

    def _settle_ready(self) -> bool:
        """Find every stage whose needs are met current, restore it, or let it wait; True where there was one."""
        moved = False
        while self._goes_on() and (address := self.queue.next()) is not None:
            moved = True
            try:
                self._settle(self.site.graph.stages[address])
            except FossmlError as error:
                self._fail(address, error)
        return moved

    def _settle(self, stage: Stage) -> None:
        self.site.outputs.fetch(stage)
        self.site.outputs.revive(stage, self.site.records.entry(stage))
        found = self.site.assessor.assess(stage, force=self.options.force)
        if found.is_current:
            self._accept(found)
        elif not (self.options.force and not stage.frozen) and self._restore(found):
            pass
        elif stage.frozen:
            raise FossmlError(found.reasons[0], where=stage.file, hint=f"`dvc unfreeze {stage.address}` lets it run")
        else:
            self.waiting.append(found)

    def _accept(self, found: Assessment) -> None:
        """A stage is current; one that is frozen is so with whatever lies there, and that is recorded as DVC does."""
        stage, now = found.stage, found.now
        if stage.frozen:
            here = LockEntry(stage.cmd, artifacts(now.deps), now.params, artifacts(now.outs))
            if here != found.entry:
                self.site.outputs.keep(stage, now)
                self.site.records.restored(stage, here, None)
        missed = self._undeclared(found.run)
        self.current.append(found)
        self.by_dvc += found.note is not None
        self._end(stage.address, "current", notes=(*([found.note] if found.note else ()), *map(str, missed)))

    def _undeclared(self, run: Run | None) -> list[Undeclared]:
        """What a stage was seen to read that another makes, remembered for the end."""
        files = run.discovered.files if run and run.discovered else ()
        missed = list(undeclared(self.site.graph.stages[run.stage], files, self.site.made)) if run and files else []
        self.undeclared += missed
        return missed

    def _restore(self, found: Assessment) -> bool:
        """Bring back an earlier result; one of which the cache turns out to hold damaged bytes is passed over.

        The cache is looked at while the result is brought back; only after one that failed beforehand as well.
        """
        while (spared := self.site.spared(found, found.stage.address in self.damaged)) is not None:
            entry, run = spared
            try:
                self.site.outputs.restore(found, entry)
            except FossmlError as error:
                if self.site.outputs.can_restore(found, entry, own=entry == found.entry):
                    raise
                self.damaged[found.stage.address] = (str(error),)
                continue
            self.site.records.restored(found.stage, entry, run)
            if (self.own / "attempts").is_dir():
                from fossml.engine.attempts import discard_all

                discard_all(self.own / "attempts", found.stage.address)
            self._end(found.stage.address, "restored", found.reasons, notes=self.damaged.get(found.stage.address, ()))
            return True
        return False

    def _start_waiting(self) -> bool:
        """Start those that wait, in order, as far as there is room for them; True where one started or failed to."""
        if self.waiting and self.crew is None:
            from fossml.engine.crew import Crew

            self.crew = Crew(self.site, self.own, self.options, self.whole)
        moved = False
        for found in list(self.waiting) if self.crew is not None and self._goes_on() else ():
            try:
                moved = self._start(found) or moved
            except FossmlError as error:
                self.waiting.remove(found)
                self._fail(found.stage.address, error)
                moved = True
        return moved

    def _start(self, found: Assessment) -> bool:
        assert self.crew is not None
        running = self.crew.start(found, self._again if found.stage.address in self.passed_over else None)
        if running is None:
            self.passed_over.add(found.stage.address)
            return False
        self.waiting.remove(found)
        self.begun[found.stage.address] = time.monotonic()
        log = str(running.log.relative_to(self.site.root))
        notes = self.damaged.get(found.stage.address, ()) + ((running.attempt.note,) if running.attempt.note else ())
        self.emit(Event("start", found.stage.address, found.reasons, log=log, notes=notes))
        return True

    def _again(self, found: Assessment) -> Assessment:
        """A stage that waited for room, as it is when its turn comes: somebody may have edited what it reads."""
        stage = found.stage
        self.site.workspace.forget(rooted(stage, path) for path in stage.deps)
        now = self.site.assessor.assess(stage, force=self.options.force)
        return now if now.why else replace(now, why=found.why)

    def _finish_some(self) -> None:
        if not self.crew:
            return
        for running, result in self.crew.ended():
            address = running.stage.address
            if isinstance(result, StageError) and (early := self._too_early(result)):
                self._start_over(address, early)
            elif isinstance(result, FossmlError):
                self._fail(address, result, str(running.log.relative_to(self.site.root)))
            else:
                notes = (*map(str, self._undeclared(result)), *unknown(result.discovered))
                network = result.discovered.network if result.discovered else None
                self._end(address, "done", seconds=result.seconds, notes=notes, network=network)
        if time.monotonic() - self.saved > _SAVE_EVERY:
            self.site.records.save()
            self.saved = time.monotonic()

    def _too_early(self, failed: StageError) -> list[Undeclared]:
        """What a stage that failed had sought before another of this build, that nobody knew of, made it.

        Each makes something once, so no stage fails for this reason more often than there are others.
        """
        coming = dict.fromkeys(self.selected - self.how.keys(), inf)
        begun = self.begun[failed.stage.address]
        early = [one for one in failed.sought if {**coming, **self.over}.get(one.maker, 0) > begun]
        self.graph = with_needs(self.graph, [(failed.stage.address, one.maker) for one in early])
        return [one for one in early if one.maker in self.graph.needs[one.stage.address]]  # not what waits for this one

    def _start_over(self, address: str, early: Sequence[Undeclared]) -> None:
        self.queue.again(address, [one.maker for one in early])
        what = ", ".join(f"{one.maker} had made {one.path}" for one in early)
        self.emit(Event("again", address, (f"it failed before {what}: it is started again behind that",)))

    def _fail(self, address: str, error: FossmlError, log: str | None = None) -> None:
        self._end(address, "failed", (str(error), *([error.hint] if error.hint else [])), log=log)

    def _end(
        self,
        address: str,
        how: str,
        why: tuple[str, ...] = (),
        seconds: float = 0.0,
        log: str | None = None,
        notes: tuple[str, ...] = (),
        network: Mapping[str, str] | None = None,
    ) -> None:
        self.how[address] = how
        if how in ("done", "restored"):
            self.over[address] = time.monotonic()
        if how in ("done", "current", "restored"):
            self.queue.done(address)
        self.emit(Event(how, address, why, round(seconds, 3), log, notes, network or {}))  # type: ignore[arg-type]  # one of its words
