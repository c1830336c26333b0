"""What shows that a verification can fail: controls, on request probes, and where the numbers came from."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from fossml.types import Finding
from fossml.verify import controls
from fossml.verify.controlled import Controlled, Controls, beside, watch
from fossml.verify.controls import Claimed, Control
from fossml.verify.origin import origins
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
    come_from = origins(rebuilder.project, targets)
    if not further.controls:
        return Shown(come_from)
    chosen = controls.plan(
        rebuilder.project, targets, folder=rebuilder.folder(), runs=rebuilder.runs(), measured=measured
    )
    running = Controls(rebuilder, base, watch(rebuilder, targets), rng=rng, say=say)
    route = rebuilder.project.config.seed
    running.again += [built for built in rebuilder.known() if route is None and built.seed is not None]
    _announce(chosen, base, say)
    rebuilder.resume()
    try:
        done = running.run(chosen, seeds, further.spend)
    except KeyboardInterrupt:
        return Shown(come_from, interrupted=True)
    return Shown((*done.findings, *come_from), done)


def _announce(chosen: Sequence[Control], base: Built, say: Callable[[str], None]) -> None:
    if chosen:
        price = f"up to {base.seconds:.1f} s each"
        say(f"controls: the result must move when what it rests on is changed ({len(chosen)}, {price})")
