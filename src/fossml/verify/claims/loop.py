"""Measure, decide, stop: runs are added until every claim is settled, and not one more."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from fossml.types import Claim
from fossml.verify.claims.cells import settled
from fossml.verify.claims.judge import answers
from fossml.verify.claims.samples import Samples
from fossml.verify.metrics.metric import Measured

_MOST = "the most runs are made; --runs allows more"
_FAILURES = 2
"""Failed runs after which more of them are not worth their price."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what was `measured` for each claim in order, or the `failure` that kept it from being measured.

    `wrote` holds, for each claim, a digest of what the run wrote that bears on it (empty where nobody looked);
    `recorded`: taken from the record, not run now. `as_declared`: for each claim, whether the rebuild with the
    recorded seed, which is not among the outcomes, wrote the same; empty where there is none.
    """

    seed: int | None
    seconds: float
    measured: tuple[Measured, ...] = ()
    wrote: tuple[str, ...] = ()
    recorded: bool = False
    failure: str = ""
    hint: str = ""
    as_declared: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The most `runs`, the most seconds (`budget`), how many runs at a time (`jobs`).

    `memory` in bytes and `gpu`: what stages may ask for; those that need more are left out.
    """

    runs: int = 10
    budget: float | None = None
    jobs: int = 1
    memory: int | None = None
    gpu: bool = True


@dataclass(frozen=True, slots=True)
class Measurement:
    """All outcomes, in the order of their seeds, and why there are no more. `interrupted`: by the user."""

    outcomes: tuple[Outcome, ...]
    stopped: str
    interrupted: bool = False


def samples(outcomes: Sequence[Outcome], place: int, claims: Sequence[Claim] = ()) -> Samples:
    """What the runs say of the claim at `place`: failed runs and those without its metric left out.

    One that names others of `claims` needs them from the same runs: runs that lack one are left out too.
    """
    named = [one.id for one in claims]
    others = [named.index(name) for name in (claims[place].others if claims else ())]
    needed = (place, *others)
    good = [one for one in outcomes if not one.failure and all(one.measured[at].values for at in needed)]
    digests = {tuple(one.wrote[at] for at in needed) if one.wrote else ("",) for one in good}
    same = len(digests) == 1 and not any("" in digest for digest in digests)
    declared = [all(one.as_declared[at] for at in needed) for one in good if one.as_declared]
    rivals = tuple(tuple(next(iter(one.measured[at].values.values())) for one in good) for at in others)
    return Samples(
        tuple(one.measured[place].values for one in good), same and all(declared), rivals, 1 if declared else 0
    )


def why_stop(claims: Sequence[Claim], outcomes: Sequence[Outcome], limits: Limits) -> str:
    """Why no further run is needed or of use, or "": a further one is."""
    failed = [one for one in outcomes if one.failure]
    if failed and (len(failed) == len(outcomes) or len(failed) >= _FAILURES):
        return "the command fails"
    if outcomes and not open_places(claims, outcomes, limits):
        most = len(outcomes) >= limits.runs and _undecided(claims, outcomes, limits)
        return _MOST if most else "no further run would change the answer"
    return _MOST if len(outcomes) >= limits.runs else ""


def open_places(claims: Sequence[Claim], outcomes: Sequence[Outcome], limits: Limits) -> list[int]:
    """The places of the claims of which more runs would tell more: not settled, and their metric comes out."""
    found = [samples(outcomes, place, claims) for place in range(len(claims))]
    good = any(not one.failure for one in outcomes)
    closed = settled(claims, found, limits.runs)
    return [at for at, one in enumerate(found) if not closed[at] and (one.runs or not good)]


def _undecided(claims: Sequence[Claim], outcomes: Sequence[Outcome], limits: Limits) -> bool:
    """Whether a claim is left open only because no more runs were allowed."""
    found = ((claim, samples(outcomes, place, claims)) for place, claim in enumerate(claims))
    return any(
        not one.fixed and any(answer.name == "inconclusive" for answer in answers(claim, one, last=limits.runs))
        for claim, one in found
    )


def fits(outcomes: Sequence[Outcome], limits: Limits, elapsed: float) -> bool:
    """Whether one more run, made anew, ends within the budget, going by the slowest so far. The first always is."""
    if limits.budget is None or not outcomes:
        return True
    return elapsed + max(one.seconds for one in outcomes) <= limits.budget


class _Flight:
    """Runs under way, handed out in the order in which they were started."""

    def __init__(self, measure: Callable[[int | None], Outcome], seeds: Iterator[int | None], jobs: int) -> None:
        self._measure = measure
        self._seeds = seeds
        self._jobs = jobs
        self._pool = ThreadPoolExecutor(jobs)
        self._pending: deque[Future[Outcome]] = deque()
        self._next: list[int | None] = []

    @property
    def waits(self) -> bool:
        """Whether there is a further seed with which no run was wanted."""
        return bool(self._next)

    def fill(self, most: int, wanted: Callable[[int | None], bool]) -> None:
        """Start runs until `jobs` or `most` are under way, the seeds are used up, or the next is not `wanted`."""
        while len(self._pending) < min(self._jobs, most):
            self._next = self._next or list(islice(self._seeds, 1))
            if not self._next or not wanted(self._next[0]):
                return
            self._pending.append(self._pool.submit(self._measure, self._next.pop()))

    def next(self) -> Outcome | None:
        """The outcome of the oldest, None if nothing is under way."""
        if not self._pending:
            return None
        outcome = self._pending[0].result()
        self._pending.popleft()
        return outcome

    def close(self) -> None:
        """Wait for what was cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def run(
    claims: Sequence[Claim],
    measure: Callable[[int | None], Outcome],
    seeds: Iterator[int | None],
    limits: Limits,
    *,
    cancel: Callable[[], None],
    report: Callable[[Outcome], None],
    on_record: Callable[[int | None], bool] = lambda _seed: False,
    clock: Callable[[], float] = time.monotonic,
) -> Measurement:
    """Call `measure` with one seed after the other until it can be told whether the claims hold.

    A run that is `on_record` costs nothing, so a budget does not keep it out.

    Runs are judged in the order of their seeds, not in that in which they end: a fast run is not a better one.
    `cancel` makes every `measure` under way return or raise; it is called when their results are not needed.
    An interruption by the user ends the measurement, and what was measured is returned.
    """
    outcomes: list[Outcome] = []
    begun = clock()
    flight = _Flight(measure, seeds, limits.jobs)
    interrupted = False
    try:
        while not why_stop(claims, outcomes, limits):
            flight.fill(
                limits.runs - len(outcomes),
                lambda seed: on_record(seed) or fits(outcomes, limits, clock() - begun),
            )
            outcome = flight.next()
            if outcome is None:
                break
            outcomes.append(outcome)
            report(outcome)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        cancel()
        flight.close()
    stopped = "interrupted" if interrupted else why_stop(claims, outcomes, limits)
    left_out = "one more run would not fit into the budget" if flight.waits else "all seeds that were given are used"
    return Measurement(tuple(outcomes), stopped or left_out, interrupted)
