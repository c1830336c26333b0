"""Runs the controls of a verification: builds what is changed, and has each claim judged by what it showed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fossml.types import Event, Finding
from fossml.verify.controls import again, chance, seeded
from fossml.verify.controls.again import AGAIN_NAME
from fossml.verify.controls.change import Step, steps
from fossml.verify.controls.choose import Control
from fossml.verify.controls.controlled import Controlled
from fossml.verify.controls.copied import BROUGHT_NAME, brought, copies
from fossml.verify.controls.seen import Seen, is_clear, look
from fossml.verify.controls.unmoved import PARAMETER, ROWS, moved, unmoved
from fossml.verify.controls.untold import interrupted, left_out, uncontrolled
from fossml.verify.controls.watched import Watched
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built

_STILL = 4
"""Builds with nothing changed that tell how much a result differs by itself, where it does."""


class Controls:
    """Runs the controls of one verification. `say` tells the user, `again` are builds with nothing changed."""

    def __init__(
        self,
        rebuilder: Rebuilder,
        base: Built,
        watched: Sequence[Watched],
        *,
        rng: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self.rebuilder, self.base, self.watched = rebuilder, base, {one.id: one for one in watched}
        self.rng, self.say = rng, say
        self.again: list[Built] = []
        self.fits: Callable[[float], bool] = lambda _price: True
        self._waiting: dict[tuple[Control, str], None] = {}
        """The controls, each for one claim, of which nothing is found yet, in order."""

    def run(
        self,
        controls: Sequence[Control],
        seeds: Iterator[int],
        fits: Callable[[float], bool] = lambda _price: True,
        without: Sequence[Control] = (),
    ) -> Controlled:
        """Run `controls`, the repeat first; `seeds` are fresh ones. `fits`: whether so many seconds may be spent.

        `without` are those that the plan had no room for: that they were left out is told. What was found before an
        interruption stays, and what was not made because of it is told too.
        """
        self.fits = fits
        ordered = sorted(controls, key=lambda one: one.kind != "repeat")
        self._waiting = {(one, name): None for one in ordered for name in one.claims if name in self.watched}
        found: list[Finding] = []
        try:
            for one in self._findings(ordered, seeds, without):
                found.append(one)  # noqa: PERF402  # one by one: an interruption leaves those before it
        except KeyboardInterrupt:
            found += [interrupted(control, name) for control, name in self._waiting]
            return Controlled(tuple(found), _moved(found), interrupted=True)
        return Controlled(tuple(found), _moved(found))

    def _findings(
        self, controls: Sequence[Control], seeds: Iterator[int], without: Sequence[Control]
    ) -> Iterator[Finding]:
        project = self.rebuilder.project
        yield from copies(self.watched.values(), project, self.base)
        yield from (self._left_out(one, name) for one in without for name in one.claims if name in self.watched)
        for control in controls:
            names = [name for name in control.claims if name in self.watched and self._has(self.watched[name])]
            for one in self._made(control, names) if names else ():
                self._waiting.pop((control, one.subject), None)
                yield one
            if control.kind != "seed":
                self._done(control)
        asked = [one for one in controls if one.kind == "seed"]
        yield from self._seed(seeds, asked)
        for control in asked:
            self._done(control)
        yield from self._brought()
        able = {name for one in (*controls, *without) if one.kind in ("rows", "parameter") for name in one.claims}
        yield from (uncontrolled(one) for one in self.watched.values() if one.id not in able)

    def _brought(self) -> Iterator[Finding]:
        """What was found in the copy; where there is none, for all builds are on record, what is on record."""
        name = f"{BROUGHT_NAME}: {', '.join(sorted(self.watched))}"
        known = [built for built in self.rebuilder.variations() if built.variant == name]
        if known and self.rebuilder.lies_in is None:
            yield from known[-1].findings
            return
        varied = [built for built in self.rebuilder.variations() if not built.variant.startswith(AGAIN_NAME)]
        changed = [*(built for built in self.rebuilder.known() if built.seed is not None), *varied]
        project, folder = self.rebuilder.project, self.rebuilder.folder()
        found = tuple(brought(self.watched.values(), project, folder, self.base, changed))
        self.rebuilder.records.add(Built(None, 0.0, variant=name, findings=found))
        yield from found

    def _made(self, control: Control, names: Sequence[str]) -> Iterator[Finding]:
        """What a control shows of the claims `names`; those of seeds are made together, later."""
        self.say(str(control.check))
        if control.kind == "repeat":
            yield from self._repeat(control, names)
        elif control.kind in ("rows", "parameter"):
            yield from self._climb(control, names)

    def _done(self, control: Control) -> None:
        for name in control.claims:
            self._waiting.pop((control, name), None)

    def _price(self, stages: Iterable[str]) -> float:
        """Seconds that these took in the rebuild."""
        return sum(self.base.costs.get(stage, 0.0) for stage in stages)

    def _pays(self, name: str, stages: Iterable[str]) -> bool:
        """Whether a changed build may be made: it is on record, or its stages fit into what is left."""
        return self.rebuilder.has_varied(name) or self.fits(self._price(stages))

    def _left_out(self, control: Control, name: str) -> Finding:
        return left_out(control, name, self._price(control.stages))

    def _has(self, one: Watched) -> bool:
        return bool(self.base.of(one.metric).values)

    def _build(
        self, name: str, change: Callable[[Path], str | None], only: Sequence[str] = (), *, force: bool = False
    ) -> Built | None:
        def report(event: Event) -> None:
            if event.event in ("done", "failed"):
                how = f"{event.seconds:.1f} s" if event.event == "done" else "does not run so changed"
                self.say(f"  {event.stage}  {how}")

        return self.rebuilder.varied(name, change, only=only, force=force, report=report)

    # the same again

    def _repeat(self, control: Control, names: Sequence[str]) -> Iterator[Finding]:
        if not self._pays(AGAIN_NAME, control.stages):
            yield from (self._left_out(control, name) for name in names)
            return
        built = self._build(AGAIN_NAME, _nothing, force=True)
        if built is None:
            return
        self.again.append(built)
        self._measure_still(control, names)
        root = self.rebuilder.project.root
        yield from (again.about(self.watched[name], root, self.base, built) for name in names)

    def _measure_still(self, control: Control, names: Sequence[str]) -> None:
        """Where a result differs by itself, build it some more times: how much?"""
        metrics = [self.watched[name].metric for name in names]
        while len(self.again) + 1 < _STILL:
            values = [[built.of(metric).values for metric in metrics] for built in (self.base, *self.again)]
            if all(one == values[0] for one in values):
                return
            name = f"{AGAIN_NAME} {len(self.again) + 1}"
            if not self._pays(name, control.stages):
                return
            built = self._build(name, _nothing, force=True)
            if built is None:
                return
            self.again.append(built)

    # rows and parameters

    def _climb(self, control: Control, names: Sequence[str]) -> Iterator[Finding]:
        """One change after the other, as long as there is a claim that none has moved."""
        tried: dict[str, list[Seen]] = {name: [] for name in names}
        cut = False
        for step in steps(control, self.rng):
            cut = not self._pays(step.name, control.stages)
            if cut or not tried:
                break
            built = self._step(control, step)
            if built is None:
                continue
            for name in list(tried):
                seen = look(self.watched[name], control, self.base, built)
                tried[name].append(seen)
                if is_clear(seen, self.watched[name].metric, (self.base, *self.again)):
                    yield moved(control, self.watched[name], seen)
                    del tried[name]
        yield from (self._unmoved(control, name, seen, cut=cut) for name, seen in tried.items())

    def _step(self, control: Control, step: Step) -> Built | None:
        return self._build(step.name, step.change, control.stages if control.alone else ())

    def _unmoved(self, control: Control, name: str, tried: Sequence[Seen], *, cut: bool) -> Finding:
        if cut and not tried:
            return self._left_out(control, name)
        one, project = self.watched[name], self.rebuilder.project
        return unmoved(control, one, tried, project.root, one.given(project), cut=cut)

    # seeds

    def _seed(self, seeds: Iterator[int], controls: Sequence[Control]) -> Iterator[Finding]:
        """Another seed must change what draws random numbers; further builds are made for `controls`."""
        route = self.rebuilder.project.config.seed
        if route is None:
            return
        asked = {name: control for control in controls for name in control.claims}
        for name, one in self.watched.items():
            if not self._has(one):
                continue
            drawn = chance.draws(self.rebuilder.project.root, one.up.sources())
            control = asked.get(name)
            builts = self._of_seeds(one)
            if control is None and len(builts) > 1:
                # It was measured with several seeds; should none have moved it, more of them tell for certain.
                control = Control("seed", f"{route.kind} {route.name}", (name,), one.up.ordered())
            while control and seeded.lacks(one, builts, draws=bool(drawn["draw"])):
                if not self.fits(self._price(control.stages)):
                    break
                built = self._another(next(seeds), control)
                if not built.of(one.metric).values:
                    break
                builts.append(built)
            if len(builts) > 1:
                yield seeded.about(one, builts, route, drawn)
            elif control:
                yield self._left_out(control, name)

    def _of_seeds(self, one: Watched) -> list[Built]:
        """The builds with different seeds that gave the number, the one as declared first."""
        found = [self.base, *(built for built in self.rebuilder.known() if built.seed is not None)]
        return [built for built in found if built.of(one.metric).values]

    def _another(self, seed: int, control: Control) -> Built:
        """The stages that the claims of `control` need, with another seed."""
        wanted = {
            self.watched[name].metric: self.watched[name].up.stage for name in control.claims if name in self.watched
        }
        built = self.rebuilder.built(seed, only=wanted)
        self.rebuilder.beside.append(replace(built, variant=f"control: {control.said}"))
        return built


def _moved(findings: Iterable[Finding]) -> frozenset[str]:
    """The claims of which a change of their inputs showed that they move."""
    return frozenset(one.subject for one in findings if one.code in (ROWS, PARAMETER) and one.status == "pass")


def _nothing(_folder: Path) -> str:
    return "nothing was changed"
