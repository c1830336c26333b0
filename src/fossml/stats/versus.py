"""Is A better than B, is the order of methods as claimed: asked after every run, on scores paired by seed.

The differences of a pair are scores themselves, and so go through the looks of `sequential`: that A leads is the claim
that their mean is at least 0, that it leads by so much the claim that it is that. Where both methods are the same the
differences are symmetric, whatever the scores, and the looks err 5 % or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from fossml.stats.deterministic import has_spread
from fossml.stats.intervals import finite
from fossml.stats.levels import FULL
from fossml.stats.paired import Superiority, superiority
from fossml.stats.sequential import decide
from fossml.stats.tables import Order
from fossml.stats.tables import order as order_of
from fossml.stats.target import Decision, Target
from fossml.types import Reading, VerdictName

FIRST = 3
"""Pairs that are needed before anything is said."""

LEADS = Target(0.0, 0.0, ">=")
"""What is claimed of the differences where one method is better."""

_MEAN = Reading("mean")
_SEED = 20
_AGREES = 0.1
"""Two-sided p of the signed-rank test above which a lead that the looks have shown is left open: 5 % to one side."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number that is claimed beside the order: its scores, the claim, how it is read."""

    scores: Sequence[float]
    target: Target
    reading: Reading


@dataclass(frozen=True, slots=True)
class Versus:
    """What the pairs say. `superiority` None: there are too few. `lead` is the mean difference, `wins` of `n` pairs."""

    name: VerdictName
    settled: bool
    lead: float
    wins: float
    n: int
    superiority: Superiority | None = None
    failing: tuple[int, ...] = ()


def direction(a: Sequence[float], b: Sequence[float], *, last: int = 10, share: float = 1.0) -> Decision:
    """Whether A leads, more being better: reproduced, not reproduced, else inconclusive; `share` as in `decide`.

    A lead has to be shown by the looks at the mean difference; from six pairs on the signed-rank test must not
    disagree, nor may B win most of them.
    """
    d = finite(a) - finite(b)
    if d.size >= FIRST and not has_spread(d):
        return _constant(d.tolist(), last)
    found = decide(d.tolist(), LEADS, _MEAN, last=last, share=share)
    if found.name not in ("reproduced", "better", "numeric"):
        return replace(found, name="not reproduced" if found.name == "not reproduced" else "inconclusive")
    test = superiority(a, b, np.random.default_rng(_SEED))
    agreed = test.probability.value > 0.5 and (test.wilcoxon is None or test.wilcoxon <= _AGREES)
    if agreed:
        return replace(found, name="reproduced", settled=True)
    return replace(found, name="inconclusive", settled=d.size >= last)


def _constant(d: Sequence[float], last: int) -> Decision:
    """Every pair differs by the same: not a matter of chance from the fifth pair on, and a tie is no lead."""
    found = decide(d, LEADS, Reading("exact"), last=last)
    name: VerdictName = "reproduced" if d[0] > 0 else "not reproduced"
    return replace(found, name=name, settled=len(d) >= min(FULL, last))


def better(a: Sequence[float], b: Sequence[float], values: Sequence[Value] = (), *, last: int = 10) -> Versus:
    """Whether A is better than B, more being better, and whether the numbers that are claimed with it hold.

    reproduced: A leads and no number is refuted; direction only: it leads and one is; not reproduced: B leads, or A's
    lead is not shown and a number is refuted. `failing` are the places of the numbers that are. All numbers together
    are refuted wrongly in 5 %.
    """
    d = finite(a) - finite(b) if len(a) else np.zeros(0)
    lead, wins = (float(d.mean()), float(((np.sign(d) + 1) / 2).sum())) if d.size else (0.0, 0.0)
    if d.size < FIRST:
        return Versus("inconclusive", False, lead, wins, d.size)
    way = direction(a, b, last=last)
    numbers = [decide(one.scores, one.target, one.reading, last=last, share=1 / len(values)) for one in values]
    failing = tuple(place for place, one in enumerate(numbers) if one.name == "not reproduced")
    name, settled = _verdict(way, numbers, bool(failing), d.size >= last)
    return Versus(name, settled, lead, wins, d.size, superiority(a, b, np.random.default_rng(_SEED)), failing)


def _verdict(way: Decision, numbers: Sequence[Decision], fails: bool, spent: bool) -> tuple[VerdictName, bool]:
    """The name, and whether more pairs would not change it."""
    if way.name == "not reproduced":
        return "not reproduced", way.settled
    if way.name == "reproduced":
        return ("direction only", True) if fails else ("reproduced", all(one.settled for one in numbers))
    if fails and (spent or way.settled):
        return "not reproduced", True
    return "inconclusive", spent or (way.settled and all(one.settled for one in numbers))


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the runs say of an order. `order` None: too few runs. `swapped`, `open`: places whose lead over the next
    is refuted, is not shown; `first`: the first is shown to lead each other one.
    """

    name: VerdictName
    settled: bool
    n: int
    order: Order | None = None
    swapped: tuple[int, ...] = ()
    open: tuple[int, ...] = ()
    first: bool = False


def ranked(methods: Sequence[Sequence[float]], *, last: int = 10) -> Ranked:
    """Whether the order of `methods`, the claimed best first and more being better, is as claimed; paired by seed.

    reproduced: each is shown to lead the next. Not reproduced: one is shown to be behind it, all these together at
    5 %; direction only, where the first is shown to lead each other one all the same.
    """
    n = min(len(y) for y in methods)
    if n < FIRST:
        return Ranked("inconclusive", False, n)
    share = 1 / (len(methods) - 1)
    pairs = [direction(a, b, last=last, share=share) for a, b in pairwise(methods)]
    swapped = tuple(place for place, one in enumerate(pairs) if one.name == "not reproduced")
    unsure = tuple(place for place, one in enumerate(pairs) if one.name == "inconclusive")
    first = all(direction(methods[0], y, last=last).name == "reproduced" for y in methods[1:])
    name: VerdictName = "inconclusive" if unsure else "reproduced"
    if swapped:
        name = "direction only" if first else "not reproduced"
    settled = n >= last or any(pairs[place].settled for place in swapped) or all(one.settled for one in pairs)
    return Ranked(name, settled, n, order_of(methods, np.random.default_rng(_SEED)), swapped, unsure, first)
