"""Measured again: claims that share stages together, the cheapest first, each build only what open claims need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fossml.canon import key
from fossml.verify.claims.compared import with_others
from fossml.verify.claims.loop import Limits, Measurement, Outcome, open_places, run
from fossml.verify.metrics.metric import Measured
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import CUT, Built
from fossml.verify.rebuild.targets import Target


@dataclass(frozen=True, slots=True)
class Repeated:
    """Claims (their ids) that were measured again together, and what that gave."""

    claims: tuple[str, ...]
    measurement: Measurement


def groups(targets: Sequence[Target], affected: Mapping[str, frozenset[str]]) -> tuple[tuple[Target, ...], ...]:
    """`targets` that share a stage which a seed makes run again, directly or by way of others, stand together.

    So do claims that are compared: they need their numbers from the same runs. `affected` maps the stage of each
    target to those that are run again for it.
    """
    found: list[tuple[set[str], list[Target]]] = []
    for target in targets:
        compared = {f"claim {name}" for name in (target.claim.id, *target.claim.others)}
        stages, members = {*affected[target.stage], *compared}, [target]
        apart = []
        for group in found:
            if group[0] & stages:
                stages |= group[0]
                members = [*group[1], *members]
            else:
                apart.append(group)
        found = [*apart, (stages, members)]
    place = {target.claim.id: number for number, target in enumerate(targets)}
    sorted_members = (sorted(members, key=lambda one: place[one.claim.id]) for _, members in found)
    return tuple(sorted(map(tuple, sorted_members), key=lambda group: place[group[0].claim.id]))


class Seeds:
    """The seeds of one verification: those handed out before come first for each group, so that runs are shared."""

    def __init__(self, known: Sequence[int], draws: Iterator[int]) -> None:
        self._used, self._draws = list(known), draws

    def __iter__(self) -> Iterator[int]:
        """Those known, then fresh ones, without end."""
        place = 0
        while True:
            if place == len(self._used):
                self._used.append(next(self._draws))
            yield self._used[place]
            place += 1


@dataclass(frozen=True, slots=True)
class Round:
    """What a group is measured with: the rebuild as recorded, the limits, and how to tell of each run."""

    rebuilder: Rebuilder
    base: Built
    has_seed: bool
    report: Callable[[Sequence[Target], Outcome], None]


def measure(group: Sequence[Target], seeds: Iterator[int], limits: Limits, around: Round) -> Repeated:
    """Run with one seed after the other until every claim of the group is settled; settled ones are made no more."""
    claims = [target.claim for target in group]
    done: list[Outcome] = []

    def one(seed: int | None) -> Outcome:
        wanted = with_others([claims[place].id for place in open_places(claims, done, limits)], claims)
        left = [target for target in group if target.claim.id in wanted] or group
        only = {target.metric.text: target.stage for target in left}
        return outcome(around.rebuilder.built(seed, only=only), group, around.base, has_seed=around.has_seed)

    def report(found: Outcome) -> None:
        done.append(found)
        around.report(group, found)

    known = partial(around.rebuilder.on_record, metrics=[target.metric.text for target in group])
    found = run(claims, one, seeds, limits, cancel=around.rebuilder.cancel, report=report, on_record=known)
    whole = tuple(each for each in found.outcomes if CUT not in each.failure)
    if len(whole) < len(found.outcomes):
        found = replace(found, outcomes=whole, stopped="the budget is used")
    return Repeated(tuple(claim.id for claim in claims), found)


def outcome(built: Built, targets: Sequence[Target], base: Built, *, has_seed: bool) -> Outcome:
    """What a build gave for `targets`, none of which needs a stage that failed in `base`."""
    measured = tuple(built.measured.get(target.metric.text, Measured()) for target in targets)
    wrote = tuple(_wrote(built, target) for target in targets)
    same = tuple(ours == _wrote(base, target) for ours, target in zip(wrote, targets, strict=True))
    failure = "; ".join(f"stage {stage}: {why}" for stage, why in built.failed.items() if stage not in base.failed)
    return Outcome(
        built.seed if has_seed else None, built.seconds, measured, wrote, built.recorded, failure, as_declared=same
    )


def _wrote(built: Built, target: Target) -> str:
    return key({path: built.outs.get(path) for path in target.made})


@dataclass(slots=True)
class Purse:
    """The seconds that may be spent from now on; None: as many as it takes."""

    budget: float | None
    clock: Callable[[], float] = time.monotonic
    began: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def left(self) -> float | None:
        """What is left."""
        return None if self.budget is None else max(0.0, self.budget - (self.clock() - self.began))

    def pays(self, seconds: float) -> bool:
        """Whether so many more seconds may be spent."""
        return self.left is None or seconds <= self.left

    def of(self, limits: Limits, reserved: float) -> Limits:
        """`limits` with what is left for one group when `reserved` seconds are kept for those after it."""
        left = self.left
        return limits if left is None else replace(limits, budget=max(0.0, left - reserved))
