"""What shows that a verification can fail: controls, on request probes, and where the numbers came from."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from fossml.engine.records import read_runs
from fossml.errors import FossmlError
from fossml.types import Finding, Run
from fossml.verify.controls import choose as controls
from fossml.verify.controls.again import AGAIN_NAME
from fossml.verify.controls.change import steps
from fossml.verify.controls.choose import Claimed, Control
from fossml.verify.controls.controlled import Controlled, beside
from fossml.verify.controls.running import Controls
from fossml.verify.controls.watched import watch
from fossml.verify.origin.origins import origins
from fossml.verify.probe.probes import Probe
from fossml.verify.rebuild.budget import Check, Plan
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built
from fossml.views.sentence import Judged


@dataclass(frozen=True, slots=True)
class Further:
    """What to do beyond the measurement: `controls` (trainings, each listed), `probe` (more of them).

    `spend` says whether so many more seconds may be spent.
    """

    controls: bool = True
    probe: bool = False
    spend: Callable[[float], bool] = lambda _seconds: True


@dataclass(frozen=True, slots=True)
class Intended:
    """The controls and the probes that are worth running: as far as is known, each a part of the plan."""

    controls: tuple[Control, ...] = ()
    checks: tuple[Check, ...] = ()

    def made(self, plan: Plan) -> tuple[tuple[Control, ...], tuple[Control, ...]]:
        """The controls that `plan` has room for, and the others."""
        wanted = {one.what for one in plan.made if one.kind == "control"}
        kept = tuple(one for one in self.controls if one.said in wanted)
        return kept, tuple(one for one in self.controls if one.said not in wanted)


def intended(
    targets: Sequence[Claimed],
    rebuilder: Rebuilder,
    further: Further,
    measured: Iterable[str],
    reached: Mapping[str, frozenset[str]],
) -> Intended:
    """What `further` asks for, by what is known now: after a rebuild, what the stages were seen to read.

    `measured` are the ids of claims that are measured with several builds, `reached` the stages that another seed makes
    run again.
    """
    if not targets:
        return Intended()
    runs = rebuilder.runs() or _authors(rebuilder)
    chosen: tuple[Control, ...] = ()
    if further.controls:
        chosen = controls.plan(
            rebuilder.project,
            targets,
            runs=runs,
            measured=measured,
            chosen=_chosen(rebuilder, targets, runs),
            reached=reached,
        )
    checks = tuple(replace(one.check, runs=0 if _on_record(one, rebuilder) else 1) for one in chosen)
    if further.probe:
        watched = watch(rebuilder, targets, runs)
        checks += Probe(rebuilder, Built(None, 0.0), watched, rng=random.Random(0), say=lambda _line: None).checks()
    return Intended(chosen, checks)


def _authors(rebuilder: Rebuilder) -> tuple[Run, ...]:
    """What the stages were seen to read when their author built them; a forecast."""
    with contextlib.suppress(FossmlError):
        return read_runs(rebuilder.project.root)
    return ()


def _on_record(control: Control, rebuilder: Rebuilder) -> bool:
    """Whether an earlier verification made its first build."""
    if control.kind == "seed":
        return len([one for one in rebuilder.known() if one.seed is not None]) > 0
    if control.kind == "repeat":
        return rebuilder.has_varied(AGAIN_NAME)
    first = next(steps(control, random.Random(0)), None)
    return first is not None and rebuilder.has_varied(first.name)


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found, and what the controls showed; None where none ran."""

    findings: tuple[Finding, ...] = ()
    controlled: Controlled | None = None
    interrupted: bool = False

    def beside(self, judged: Judged) -> Judged:
        """A verdict with what the controls say of it."""
        return beside(judged, self.controlled)


def within(budget: float | None, clock: Callable[[], float] = time.monotonic) -> Callable[[float], bool]:
    """Whether so many more seconds fit into `budget`, counted from now; always where there is none."""
    begun = clock()
    return lambda seconds: budget is None or clock() - begun + seconds <= budget


def show(
    targets: Sequence[Claimed],
    rebuilder: Rebuilder,
    base: Built,
    further: Further,
    *,
    plan: Plan,
    intention: Intended,
    seeds: Iterator[int],
    rng: random.Random,
    say: Callable[[str], None],
) -> Shown:
    """Run what `further` asks for and `plan` has room for, of what is `intention`."""
    found = origins(rebuilder.authors, targets)
    rebuilder.resume()
    controlled, probed, stopped = None, list[Finding](), False
    if further.controls:
        running = Controls(rebuilder, base, watch(rebuilder, targets), rng=rng, say=say)
        running.again += _the_same(rebuilder)
        kept, left = intention.made(plan)
        controlled = running.run(kept, seeds, further.spend, left)
        stopped = controlled.interrupted
    if further.probe:
        probe = Probe(rebuilder, base, watch(rebuilder, targets), rng=rng, say=say)
        barred = {one.check.what for one in plan.left_out if one.check.kind == "probe"}
        try:
            for one in probe.run(further.spend, barred) if not stopped else ():
                probed.append(one)
        except KeyboardInterrupt:
            stopped = True
        probed += probe.unmade(probed) if stopped else ()
    every = (*(controlled.findings if controlled else ()), *probed, *found)
    return Shown(together(every), controlled, stopped)


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is said of several claims in the same words is said once."""
    merged: dict[Finding, list[str]] = {}
    for one in findings:
        merged.setdefault(replace(one, subject=""), []).append(one.subject)
    return tuple(replace(one, subject=", ".join(dict.fromkeys(names))) for one, names in merged.items())


def _the_same(rebuilder: Rebuilder) -> list[Built]:
    """Without a seed, the builds of the measurement are the same again."""
    if rebuilder.project.config.seed is not None:
        return []
    return [built for built in rebuilder.known() if built.seed is not None and rebuilder.answers(built)]


def _chosen(rebuilder: Rebuilder, targets: Sequence[Claimed], runs: Sequence[Run]) -> dict[str, tuple[Control, ...]]:
    """What is to be changed: chosen once, in the copy that was built, and on record for repeats, which have no copy.

    `runs` are what stages were seen to read; before the rebuild nothing is put on record.
    """
    records = rebuilder.records
    kept: dict[str, tuple[Control, ...]] = {}
    with contextlib.suppress(TypeError, KeyError, ValueError, AttributeError):
        kept = {stage: tuple(map(controls.from_json, some)) for stage, some in records.chosen().items()}
    found = controls.changes(rebuilder.project, targets, folder=rebuilder.folder(), runs=runs, chosen=kept)
    if found != kept and rebuilder.has_base():
        records.choose({stage: [asdict(one) for one in some] for stage, some in found.items()})
    return found
