"""What to check within a budget: from the price of each stage to the set of checks that settles most claims. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["weights", "rebuild", "repeat", "control", "probe"]

_SAID: Mapping[Kind, str] = {
    "weights": "released weights evaluated again",
    "rebuild": "rebuilt from nothing",
    "repeat": "with fresh seeds",
    "control": "control",
    "probe": "probe",
}
_ALONE: frozenset[Kind] = frozenset({"control", "probe"})
"""Each of these is a build of its own, on other inputs than any other."""
_EXACT = 10
"""Up to so many kinds of claims every choice is tried; with more, the cheapest next one is taken."""


@dataclass(frozen=True, slots=True)
class Check:
    """A thing that can be done: `stages` (addresses) run `runs` times for `claims` (ids).

    Those of kind `rebuild` and `repeat` settle their claims, all of a claim's together. What the same kind runs for
    several claims is run once for all of them, as often as the most demanding one asks. `what` names a control or a
    probe.
    """

    kind: Kind
    claims: tuple[str, ...]
    stages: tuple[str, ...]
    runs: int = 1
    what: str = ""

    def __str__(self) -> str:
        names = ", ".join(self.stages[-3:]) if len(self.stages) <= 3 else f"{len(self.stages)} stages"
        if self.what:
            return f"{self.kind}: {self.what} ({names or 'nothing'} again)"
        return f"{names} {_SAID[self.kind]}{f', {self.runs} runs' if self.runs > 1 else ''}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A check that is not made, its price beside what is made (seconds; None: not known), and why."""

    check: Check
    seconds: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made, in order, and what is left out. `seconds` is the price; `known` whether every part of it is known.

    `settles` are the ids of the claims that it would settle. `prices` are those of what is made, in order, each
    beside what stands before it; None: not known.
    """

    made: tuple[Check, ...]
    left_out: tuple[LeftOut, ...] = ()
    seconds: float = 0.0
    known: bool = True
    settles: frozenset[str] = frozenset()
    prices: tuple[float | None, ...] = ()

    def then(self, later: Plan) -> Plan:
        """This plan, of which the rebuilds were made, and a later one that says what came after them."""
        before = [(one, cost) for one, cost in self.priced() if one.kind in ("weights", "rebuild")]
        after = [(one, cost) for one, cost in later.priced() if one.kind not in ("weights", "rebuild")]
        left = tuple(one for one in self.left_out if one.check.kind == "rebuild")
        lost = {claim for one in left for claim in one.check.claims}
        left += tuple(one for one in self.left_out if one.check.kind == "repeat" and lost & set(one.check.claims))
        spent = math.fsum(cost or 0.0 for _, cost in (*before, *after))
        made, prices = tuple(one for one, _ in (*before, *after)), tuple(cost for _, cost in (*before, *after))
        return replace(later, made=made, left_out=(*left, *later.left_out), seconds=spent, prices=prices)

    def priced(self) -> Iterator[tuple[Check, float | None]]:
        """What is made, each with its price in seconds; None: not known."""
        yield from zip(self.made, self.prices or (None,) * len(self.made), strict=True)

    def without(self, kind: Kind, claims: Collection[str], reason: str) -> Plan:
        """This plan, of which the checks of this kind were not made for `claims` after all, and why."""
        made, left = list[tuple[Check, float | None]](), list[LeftOut]()
        for one, price in self.priced():
            lost = tuple(name for name in one.claims if one.kind == kind and name in claims)
            kept = tuple(name for name in one.claims if name not in lost)
            made += [(replace(one, claims=kept), price)] if kept or not lost else []
            left += [LeftOut(replace(one, claims=lost), None, reason)] if lost else []
        checks, prices = tuple(one for one, _ in made), tuple(price for _, price in made)
        return replace(self, made=checks, prices=prices, left_out=(*self.left_out, *left))

    def makes(self, kind: Kind, claim: str) -> bool:
        """Whether a check of this kind is made for the claim."""
        return any(one.kind == kind and claim in one.claims for one in self.made)


def price(checks: Iterable[Check], costs: Mapping[str, float]) -> float:
    """Seconds that `checks` take together, one after the other; a stage of unknown cost counts nothing.

    A control or a probe is run by itself: nothing of it is shared.
    """
    shared: dict[tuple[Kind, str], int] = {}
    alone = 0.0
    for one in checks:
        for stage in one.stages:
            if one.kind in _ALONE:
                alone += costs.get(stage, 0.0) * one.runs
            else:
                shared[one.kind, stage] = max(shared.get((one.kind, stage), 0), one.runs)
    return alone + math.fsum(costs.get(stage, 0.0) * runs for (_, stage), runs in shared.items())


def plan(
    checks: Sequence[Check],
    costs: Mapping[str, float],
    budget: float | None = None,
    barred: Mapping[str, str] | None = None,
) -> Plan:
    """The checks to make within `budget` seconds (None: all), so that they settle as many claims as can be.

    `costs` are the seconds of each stage; `barred` maps stages that may not run here to the reason. What is settled
    comes first, the cheapest claim before dearer ones; what is left of the budget goes to checks that settle nothing
    alone, and last to controls and probes. The price of the plan is never above the budget.
    """
    barred = barred or {}
    excluded = [(one, stage) for one in checks for stage in one.stages if stage in barred]
    banned = {id(one): barred[stage] for one, stage in reversed(excluded)}
    open_checks = [one for one in checks if id(one) not in banned]
    blocked = {claim for one in checks if id(one) in banned and _settles(one) for claim in one.claims}
    chosen = _claims(_bundles(open_checks, blocked), costs, budget)
    made = [one for one in open_checks if _settles(one) and set(one.claims) & set(chosen)]
    made = [replace(one, claims=tuple(c for c in one.claims if c in chosen)) for one in made]
    rest = [one for one in open_checks if not (_settles(one) and set(one.claims) <= set(chosen))]
    rest = [replace(one, claims=tuple(c for c in one.claims if not _settles(one) or c not in chosen)) for one in rest]
    left: list[LeftOut] = []
    for one in sorted(rest, key=lambda one: (_RANK[one.kind], price([one], costs))):
        needed = price([*made, one], costs)
        if _lacks_base(one, made) or (budget is not None and needed > budget):
            left.append(LeftOut(one, _marginal(one, made, costs), "it does not fit into the budget"))
        else:
            made.append(one)
    left += [LeftOut(one, _marginal(one, [], costs), banned[id(one)]) for one in checks if id(one) in banned]
    ordered = sorted(_joined(made), key=lambda one: (_RANK[one.kind], price([one], costs)))
    known = all(stage in costs for one in ordered for stage in one.stages)
    prices = tuple(_marginal(one, ordered[:place], costs) for place, one in enumerate(ordered))
    return Plan(tuple(ordered), tuple(left), price(ordered, costs), known, frozenset(chosen), prices)


_RANK: Mapping[Kind, int] = {"weights": 0, "rebuild": 1, "repeat": 2, "control": 3, "probe": 4}


def _settles(one: Check) -> bool:
    return one.kind in ("rebuild", "repeat")


def _lacks_base(one: Check, made: Sequence[Check]) -> bool:
    """A repetition, a control and a probe go on from the rebuild: without that they cannot be made."""
    if one.kind not in ("repeat", *_ALONE):
        return False
    rebuilt = {claim for other in made if other.kind == "rebuild" for claim in other.claims}
    return not set(one.claims) <= rebuilt


def _marginal(one: Check, made: Sequence[Check], costs: Mapping[str, float]) -> float | None:
    if any(stage not in costs for stage in one.stages):
        return None
    return price([*made, one], costs) - price(made, costs)


def _joined(made: Sequence[Check]) -> list[Check]:
    """Checks that do the same for different claims, as one."""
    found: dict[tuple[Kind, tuple[str, ...], int, str], list[str]] = {}
    for one in made:
        ids = found.setdefault((one.kind, one.stages, one.runs, one.what), [])
        ids += [claim for claim in one.claims if claim not in ids]
    return [Check(kind, tuple(ids), stages, runs, what) for (kind, stages, runs, what), ids in found.items()]


Bundle: TypeAlias = tuple[tuple[str, ...], tuple[Check, ...]]
"""Claims that need the same checks, and those checks: all of them are settled or none."""


def _bundles(checks: Sequence[Check], blocked: set[str]) -> list[Bundle]:
    needs: dict[str, list[Check]] = {}
    for one in checks:
        for claim in one.claims if _settles(one) else ():
            needs.setdefault(claim, []).append(one)
    same: dict[tuple[object, ...], tuple[list[str], tuple[Check, ...]]] = {}
    for claim, wanted in needs.items():
        if claim not in blocked:
            form = tuple(sorted((one.kind, one.stages, one.runs) for one in wanted))
            same.setdefault(form, ([], tuple(wanted)))[0].append(claim)
    return [(tuple(claims), wanted) for claims, wanted in same.values()]


def _claims(bundles: Sequence[Bundle], costs: Mapping[str, float], budget: float | None) -> tuple[str, ...]:
    """The ids to settle, those of the cheapest bundles first."""
    if budget is None:
        return tuple(claim for claims, _ in bundles for claim in claims)
    chosen = _best(bundles, costs, budget) if len(bundles) <= _EXACT else _cheapest(bundles, costs, budget)
    return tuple(claim for claims, _ in chosen for claim in claims)


def _together(bundles: Iterable[Bundle], costs: Mapping[str, float]) -> float:
    return price([one for _, wanted in bundles for one in wanted], costs)


def _best(bundles: Sequence[Bundle], costs: Mapping[str, float], budget: float) -> Sequence[Bundle]:
    """Of all choices within the budget that with most claims, of these the cheapest."""
    best: tuple[int, float, Sequence[Bundle]] = (0, 0.0, ())
    for size in range(1, len(bundles) + 1):
        for chosen in itertools.combinations(bundles, size):
            settled, spent = sum(len(ids) for ids, _ in chosen), _together(chosen, costs)
            if spent <= budget and (settled, -spent) > (best[0], -best[1]):
                best = (settled, spent, chosen)
    return best[2]


def _cheapest(bundles: Sequence[Bundle], costs: Mapping[str, float], budget: float) -> Sequence[Bundle]:
    """One after the other, always that with the least price for each claim beside what is taken, up to the budget.

    The order does not depend on the budget: a larger one never settles fewer.
    """
    left, taken = list(bundles), list[Bundle]()
    while left:
        spent = _together(taken, costs)
        nearest = min(left, key=lambda one: (_together([*taken, one], costs) - spent) / len(one[0]))
        left.remove(nearest)
        if _together([*taken, nearest], costs) > budget:
            break
        taken.append(nearest)
    return taken
