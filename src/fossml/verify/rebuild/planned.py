"""The checks that a project's claims ask for, what each stage costs, and which may not run here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fossml.engine.graph import make_graph, select
from fossml.engine.records import read_runs
from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.store.ledger import Ledger
from fossml.verify.claims.loop import Limits
from fossml.verify.rebuild.budget import Check, Kind, LeftOut, Plan, plan
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.released import releases
from fossml.verify.rebuild.targets import Target
from fossml.views.report import Step, duration

FIRST = 3
"""Runs with fresh seeds after which the statistics can first say something; what a plan reckons with."""


@dataclass(frozen=True, slots=True)
class Aims:
    """What is to be settled: `costs` in seconds by stage, `affected` which stages a seed makes run again for each.

    `controls` (and probes) come last.
    """

    rebuilder: Rebuilder
    targets: tuple[Target, ...]
    limits: Limits
    costs: Mapping[str, float]
    affected: Mapping[str, frozenset[str]]
    controls: tuple[Check, ...] = ()

    def after(self, base: Built) -> Aims:
        """The same, with what the stages cost here."""
        return replace(self, costs={**self.costs, **base.costs})

    def once(self, group: Sequence[Target]) -> float:
        """Seconds of one run that measures all claims of `group`."""
        return sum(self.costs.get(stage, 0.0) for stage in set().union(*(self._reached(one) for one in group)))

    def _compared(self, target: Target) -> set[str]:
        """The stages that make its number and those that it is compared with."""
        names = (target.claim.id, *target.claim.others)
        return {one.stage for one in self.targets if one.claim.id in names}

    def _reached(self, target: Target) -> frozenset[str]:
        """What a seed makes run again for it."""
        return frozenset().union(*(self.affected[stage] for stage in self._compared(target)))

    def plan(
        self, targets: Sequence[Target], seeded: Sequence[Target], budget: float | None, base: Built | None = None
    ) -> Plan:
        """What of all that would settle `targets` fits into the budget; after the rebuild `base`, which is paid."""
        costs = self.costs if base is None else self.after(base).costs
        rebuilds = 0 if base is not None or self.rebuilder.on_record(None, [t.metric.text for t in targets]) else 1
        weights = self._weights(targets) if base is None else []
        wanted = [*weights, *self._rebuilds(targets, rebuilds), *self._repeats(seeded), *self.controls]
        return plan(wanted, costs, budget, barred(self.rebuilder.project, self.limits))

    def _weights(self, targets: Sequence[Target]) -> list[Check]:
        there = releases(self.rebuilder.project, targets, self.rebuilder.caches)
        return [Check("weights", (one.claim.id,), (one.stage,)) for one in targets if one.stage in there]

    def _rebuilds(self, targets: Sequence[Target], runs: int) -> list[Check]:
        graph = make_graph(self.rebuilder.project.stages)
        needs = {one.claim.id: tuple(sorted(select(graph, sorted(self._compared(one))))) for one in targets}
        return [Check("rebuild", (name,), stages, runs) for name, stages in needs.items()]

    def _repeats(self, targets: Sequence[Target]) -> list[Check]:
        return [Check("repeat", (one.claim.id,), tuple(sorted(self._reached(one))), self._runs(one)) for one in targets]

    def _runs(self, target: Target) -> int:
        """Runs until the statistics first say something, those apart that are on record."""
        seeds = self.rebuilder.known_seeds()
        known = sum(self.rebuilder.on_record(seed, [target.metric.text]) for seed in seeds)
        return max(0, min(FIRST, self.limits.runs) - known)


def costs(root: Path) -> dict[str, float]:
    """Seconds by stage as recorded here or by the author: fossml.lock, and newer Runs of the ledger."""
    try:
        found = {run.stage: run.seconds for run in read_runs(root)}
        ledger = Ledger(root / ".fossml" / "ledger.jsonl") if (root / ".fossml").is_dir() else None
    except FossmlError:
        return {}
    for stage in list(found):
        if ledger is not None and (newest := ledger.of(stage)):
            found[stage] = newest[0].seconds
    return found


def barred(project: Project, limits: Limits) -> dict[str, str]:
    """The stages that the limits do not let run, and why."""
    found: dict[str, str] = {}
    for stage in project.stages:
        settings = project.config.settings(stage.address)
        if settings.gpu and not limits.gpu:
            found[stage.address] = f"{stage.address} needs a GPU, and none is to be used"
        elif limits.memory is not None and settings.memory > limits.memory:
            needs, given = settings.memory / 2**30, limits.memory / 2**30
            found[stage.address] = f"{stage.address} needs {needs:.3g} GiB of memory, and {given:.3g} GiB are given"
    return found


def announced(found: Plan, budget: float | None, doubts: int = 0) -> list[str]:
    """The plan and its price in lines, for who waits for it.

    `doubts`: rebuilds that it takes at most to tell what of the room makes a difference.
    """
    within = f", within a budget of {duration(budget)}" if budget is not None else ""
    price = duration(found.seconds)
    total = f"about {price}" if found.known else f"at least {price}, for not every price is known"
    lines = [f"plan: {total}{within}"]
    lines += _lines(found)
    if doubts and any(one.kind == "rebuild" and one.runs for one in found.made):
        lines.append(
            f"  should it differ from what is recorded: up to {doubts} more rebuilds, to tell whether the room is why"
        )
    if any(one.kind in AFTERWARDS for one in (*found.made, *(one.check for one in found.left_out))):
        lines.append("  controls and probes are planned again when it is seen what the stages read")
    return lines


def announced_later(found: Plan) -> list[str]:
    """The controls and probes, which are known exactly only after the rebuild, with their price."""
    made = [(one, cost) for one, cost in found.priced() if one.kind in AFTERWARDS and one.runs]
    lost = any(one.check.kind in AFTERWARDS for one in found.left_out)
    if not made and not lost:
        return []
    price = duration(sum(cost or 0.0 for _, cost in made))
    more = "; where the first change moves nothing, larger ones follow" if made else ""
    return [f"plan, controls and probes: {len(made)} builds, about {price}{more}", *_lines(found, AFTERWARDS)]


AFTERWARDS: tuple[Kind, ...] = ("control", "probe")
"""What is done last: that it moves a result, or finds a leak, is all that it shows."""


def _lines(found: Plan, kinds: Sequence[Kind] = ()) -> list[str]:
    made = [(one, cost) for one, cost in found.priced() if not kinds or one.kind in kinds]
    left = [one for one in found.left_out if not kinds or one.check.kind in kinds]
    return [
        *(f"  {one} ({', '.join(one.claims)}){_price(one, cost)}" for one, cost in made),
        *(f"  left out: {told(one)}" for one in left),
    ]


def _price(one: Check, cost: float | None) -> str:
    if not one.runs:
        return ": on record"
    return "" if cost is None else f": about {duration(cost)}"


def spare(found: Plan, budget: float | None) -> float:
    """Seconds that may go into telling what of the room makes a difference: what a budget leaves beside the plan."""
    return math.inf if budget is None else max(0.0, budget - found.seconds)


def told(one: LeftOut) -> str:
    """`train with fresh seeds (acc): about 5 min 00 s: it does not fit into the budget`."""
    price = "" if one.seconds is None else f" would take about {duration(one.seconds)}:"
    return f"{one.check} ({', '.join(one.check.claims)}){price} {one.reason}"


def steps(found: Plan) -> tuple[Step, ...]:
    """The plan as a report tells it."""
    made = [Step(str(one), one.claims, cost) for one, cost in found.priced()]
    left = [Step(str(one.check), one.check.claims, one.seconds, one.reason) for one in found.left_out]
    return (*made, *left)
