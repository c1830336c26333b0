"""What shows that a verification can fail: controls, on request probes, and where the numbers came from."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from fossml.types import Finding
from fossml.verify import controls
from fossml.verify.controlled import Controlled, Controls, beside, watch
from fossml.verify.controls import Claimed, Control
from fossml.verify.origin import origins
from fossml.verify.probe import Probe
from fossml.verify.rebuild import Built, Rebuilder
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
    measured: Iterable[str],
    seeds: Iterator[int],
    rng: random.Random,
    say: Callable[[str], None],
) -> Shown:
    """Run what `further` asks for. `measured` are the ids of claims that were measured with several builds."""
    found = origins(rebuilder.authors, targets)
    rebuilder.resume()
    try:
        controlled = (
            _control(targets, rebuilder, base, further, measured, seeds, rng, say) if further.controls else None
        )
        if further.probe:
            probe = Probe(rebuilder, base, watch(rebuilder, targets), rng=rng, say=say)
            found = (*probe.run(further.spend), *found)
    except KeyboardInterrupt:
        return Shown(found, interrupted=True)
    return Shown(together((*(controlled.findings if controlled else ()), *found)), controlled)


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is said of several claims in the same words is said once."""
    merged: dict[Finding, list[str]] = {}
    for one in findings:
        merged.setdefault(replace(one, subject=""), []).append(one.subject)
    return tuple(replace(one, subject=", ".join(dict.fromkeys(names))) for one, names in merged.items())


def _control(
    targets: Sequence[Claimed],
    rebuilder: Rebuilder,
    base: Built,
    further: Further,
    measured: Iterable[str],
    seeds: Iterator[int],
    rng: random.Random,
    say: Callable[[str], None],
) -> Controlled:
    project, runs = rebuilder.project, rebuilder.runs()
    known = _chosen(rebuilder, targets)
    chosen = controls.plan(project, targets, runs=runs, measured=measured, chosen=known)
    running = Controls(rebuilder, base, watch(rebuilder, targets), rng=rng, say=say)
    route = rebuilder.project.config.seed
    running.again += [
        built for built in rebuilder.known() if route is None and built.seed is not None and rebuilder.answers(built)
    ]
    _announce(chosen, base, say)
    return running.run(chosen, seeds, further.spend)


def _chosen(rebuilder: Rebuilder, targets: Sequence[Claimed]) -> dict[str, tuple[Control, ...]]:
    """What is to be changed: chosen once, in the copy that was built, and on record for repeats, which have no copy."""
    records = rebuilder.records
    kept: dict[str, tuple[Control, ...]] = {}
    with contextlib.suppress(TypeError, KeyError, ValueError, AttributeError):
        kept = {stage: tuple(map(controls.from_json, some)) for stage, some in records.chosen().items()}
    found = controls.changes(rebuilder.project, targets, folder=rebuilder.folder(), runs=rebuilder.runs(), chosen=kept)
    if found != kept:
        records.choose({stage: [asdict(one) for one in some] for stage, some in found.items()})
    return found


def _announce(chosen: Sequence[Control], base: Built, say: Callable[[str], None]) -> None:
    if chosen:
        price = f"up to {base.seconds:.1f} s each"
        say(f"controls: the result must move when what it rests on is changed ({len(chosen)}, {price})")
