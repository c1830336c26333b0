"""What the runs say of a claim about several methods: one better than another, an order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from fossml.types import Claim, Estimate, Reading, VerdictName
from fossml.verify.claims.samples import Answer, Samples, good_side, less_is_better
from fossml.views.digits import figure, is_percent, printed

if TYPE_CHECKING:
    from fossml.stats.versus import Ranked, Value, Versus


def related(claim: Claim, samples: Samples, last: int) -> Answer:
    """The answer on a claim that names others, whose `samples.others` are paired with its own by run."""
    if samples.several or len({len(scores) for scores in samples.others}) > 1:
        return Answer(_reading(claim), "not evaluable", True, "a comparison needs one number from each run and method")
    once = samples.fixed or (claim.reading is not None and claim.reading.kind == "exact")
    if once and all(len(set(scores)) == 1 for scores in samples.others):
        return _once(claim, samples)
    return _order(claim, samples, last) if claim.order else _better(claim, samples, last)


def _reading(claim: Claim) -> Reading:
    return claim.reading or Reading("one")


def _sign(claim: Claim) -> float:
    return -1.0 if less_is_better(claim) else 1.0


def _percent(claim: Claim) -> bool:
    """Whether the numbers of a comparison are told in per cent: those that it states are."""
    return is_percent(claim.text or claim.by)


def _once(claim: Claim, samples: Samples) -> Answer:
    """One result of each: the order is there, or it is not; so are the numbers at their printed precision."""
    columns = samples.others if claim.order else (samples.scores[:1], *samples.others)
    scores = [_sign(claim) * column[0] for column in columns]
    holds = all(a > b for a, b in pairwise(scores))
    missed = [text for text, gap in _gaps(claim, samples) if gap > 0]
    name: VerdictName = "not reproduced" if not holds else "direction only" if missed else "numeric"
    gave = ", ".join(figure(column[0], _percent(claim)) for column in columns)
    said = f"one result of each: {gave}; " + ("each is better than the next" if holds else "the order is another")
    return Answer(_reading(claim), name, True, said + "".join(f"; that is not {text}" for text in missed))


def _gaps(claim: Claim, samples: Samples) -> list[tuple[str, float]]:
    """By how much more than rounding the one result misses each number that the claim states.

    On the good side of a bound nothing is missed.
    """
    found = []
    if claim.text:
        shape, gap = printed(claim.text), claim.value - samples.scores[0]
        missed = {"=": abs(gap), ">=": gap, "<=": -gap}[claim.comparison]
        found.append((claim.text, missed - shape.slack * (1 + 1e-9)))
    if claim.by:
        shape = printed(claim.by)
        lead = _sign(claim) * (samples.scores[0] - samples.others[0][0])
        found.append((f"a lead of {claim.by}", abs(lead - shape.value) - shape.slack * (1 + 1e-9)))
    return found


def _values(claim: Claim, samples: Samples) -> tuple[Value, ...]:
    """The numbers that are claimed beside the order, each with its scores."""
    from fossml.stats.target import Target  # numpy and scipy: not before there is something to judge
    from fossml.stats.versus import Value

    found = []
    if claim.text:
        shape, spread = printed(claim.text), claim.spread if claim.spread_kind else None
        target = Target(
            claim.value, shape.slack, claim.comparison, claim.margin, spread, claim.spread_kind, good_side(claim)
        )
        found.append(Value(samples.scores, target, _reading(claim)))
    if claim.by:
        shape = printed(claim.by)
        leads = [_sign(claim) * (a - b) for a, b in zip(samples.scores, samples.others[0], strict=True)]
        found.append(Value(leads, Target(shape.value, shape.slack, good="more"), _reading(claim)))
    return tuple(found)


def _better(claim: Claim, samples: Samples, last: int) -> Answer:
    from fossml.stats.versus import better

    sign = _sign(claim)
    ours, theirs = [sign * x for x in samples.scores], [sign * x for x in samples.others[0]]
    found = better(ours, theirs, _values(claim, samples), last=max(last, len(ours)))
    estimate = found.superiority.probability if found.superiority else None
    return Answer(
        _reading(claim), found.name, found.settled, _better_reason(claim, samples, found), estimate, claim.margin
    )


def _better_reason(claim: Claim, samples: Samples, found: Versus) -> str:
    if found.superiority is None:
        return f"{found.n} pairs: a lead is judged from the third on"
    p = found.superiority.probability
    mean = figure(sum(samples.scores) / len(samples.scores), _percent(claim), 4)
    at, by = claim.text and f"at {claim.text} ({mean} on average)", claim.by and f"by {claim.by}"
    stated = [text for text in (at, by) if text]
    won = f"{claim.id} is better than {claim.better_than} in {found.wins:g} of {found.n} pairs of runs"
    chance = f"P = {p.value:.2f}, 95 % bootstrap interval {p.low:.2f} to {p.high:.2f}"
    test = "" if found.superiority.wilcoxon is None else f", Wilcoxon p = {found.superiority.wilcoxon:.2g}"
    said = f"{won} ({chance}{test}), by {figure(found.lead, _percent(claim), 3)} on average"
    refuted = [stated[place] for place in found.failing]
    ends = {
        "reproduced": "; it leads, even where chance is allowed for",
        "direction only": f"; it leads, but not {' nor '.join(refuted)}",
        "inconclusive": "; which of the two leads could be chance",
        "not reproduced": "; it does not lead" + "".join(f", and not {text}" for text in refuted),
    }
    return said + ends.get(found.name, "")


def _order(claim: Claim, samples: Samples, last: int) -> Answer:
    from fossml.stats.versus import ranked

    sign = _sign(claim)
    methods = [[sign * x for x in scores] for scores in samples.others]
    found = ranked(methods, last=max(last, len(methods[0])))
    return Answer(
        _reading(claim), found.name, found.settled, _order_reason(claim.order, found, methods), _tau(found), None
    )


def _tau(found: Ranked) -> Estimate | None:
    return found.order.tau if found.order else None


def _order_reason(names: Sequence[str], found: Ranked, methods: Sequence[Sequence[float]]) -> str:
    if found.order is None:
        return f"{found.n} runs: an order is judged from the third on"
    means = [sum(scores) / len(scores) for scores in methods]
    seen = [names[place] for place in sorted(range(len(names)), key=lambda place: -means[place])]
    tau = found.order.tau
    said = f"{found.n} runs of each put them {' > '.join(seen)} on average; Kendall's tau to the claimed order "
    said += f"{tau.value:.2f} (95 % bootstrap interval {tau.low:.2f} to {tau.high:.2f}), {names[0]} stays first in "
    said += f"{100 * found.order.first_kept:.0f} % of resamplings"
    behind = [f"{names[place]} is behind {names[place + 1]}" for place in found.swapped]
    unsure = [f"{names[place]} and {names[place + 1]} cannot be told apart" for place in found.open]
    kept = [f"{names[0]} leads each other one all the same"] if found.swapped and found.first else []
    return "; ".join([said, *behind, *kept, *unsure])
