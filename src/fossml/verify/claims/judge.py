"""What the runs say of a claim: one verdict for each reading, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from fossml.errors import GOOD, NOT, UNKNOWN
from fossml.types import FAILS, HOLDS, Claim, Estimate, Reading, Verdict, VerdictName
from fossml.verify.claims.parse import slack
from fossml.verify.claims.relate import related
from fossml.verify.claims.samples import Answer, Samples, good_side, less_is_better
from fossml.views.digits import figure, fixed, is_percent, printed

if TYPE_CHECKING:
    from fossml.stats.sequential import Decision

__all__ = [
    "UNTYPED",
    "Answer",
    "Samples",
    "answers",
    "best_of_about",
    "exit_code",
    "judge",
    "off_by_hundred",
    "outcome",
    "settled",
]

UNTYPED = (Reading("one"), Reading("mean"))
"""The readings that are answered where nobody said which is meant; the best of many is answered by a number of runs."""

_PERCENT = (50.0, 200.0)
"""How many times larger one number is where a percentage was compared with a fraction."""

Rung = Literal["L0", "L1", "L2", "L3", "L4", "L5"]


def answers(claim: Claim, samples: Samples, *, last: int = 10, share: float | None = None) -> tuple[Answer, ...]:
    """One answer for every reading that is asked; without any run none. `last` is the most runs there may be.

    `share` of the 5 % is there to refute it with; None: its part as a cell of its table.
    """
    if not samples.runs:
        return ()
    if claim.others:
        return (related(claim, samples, last),)
    if factor := off_by_hundred(claim, samples):
        first = f"{samples.scores[0]:.6g}"
        reason = f"the claim is about {factor} the measured {first}: a percentage beside a fraction? Then claim "
        reason += f"{claim.text}%" if factor == "100 times" else _as_percentage(claim)
        return (Answer(claim.reading or Reading("one"), "not evaluable", True, reason),)
    if samples.several:
        return (_of_several(claim, samples),)
    if samples.fixed:
        return (_of_fixed(claim, samples.scores, last),)
    readings = (claim.reading,) if claim.reading else UNTYPED
    part = 1 / claim.cells if share is None else share
    return tuple(_answer(claim, samples.scores, reading, last, part) for reading in readings)


def settled(claim: Claim, samples: Samples, *, last: int = 10) -> bool:
    """Whether further runs would not change what is said of a claim."""
    found = answers(claim, samples, last=last)
    return bool(found) and all(answer.settled for answer in found)


def judge(
    claim: Claim,
    samples: Samples,
    *,
    last: int = 10,
    rung: Rung = "L4",
    seconds: float = 0.0,
    missing: str = "",
    not_checked: tuple[str, ...] = (),
) -> tuple[Verdict, ...]:
    """The verdicts on a claim: one if its reading is said or the result is fixed, else one a reading.

    Without any run the claim is not evaluable, for the reason `missing`.
    """
    found = answers(claim, samples, last=last)
    if not found:
        return (Verdict(claim, "not evaluable", None, claim.reading, 0, missing, None, None, seconds, not_checked),)
    runs = len(samples.runs)
    lowered: Rung = "L3" if samples.fixed and rung == "L4" else rung
    return tuple(
        Verdict(claim, a.name, lowered, a.reading, runs, a.reason, a.estimate, a.margin, seconds, not_checked)
        for a in found
    )


@lru_cache(maxsize=4096)  # one loop asks the same of the same scores more than once, and a table asks of many
def _decide(claim: Claim, scores: tuple[float, ...], reading: Reading, last: int, share: float = 1.0) -> Decision:
    """Ask the statistics; a spread of unsaid kind is not used."""
    from fossml.stats.sequential import Target, decide  # numpy and scipy: not before there is something to judge

    spread = claim.spread if claim.spread_kind else None
    good = good_side(claim)
    target = Target(
        claim.value,
        slack(claim),
        claim.comparison,
        claim.margin,
        spread,
        claim.spread_kind,
        good,
        percent=is_percent(claim.text),
    )
    return decide(scores, target, reading, last=max(last, len(scores)), share=share)


def best_of_about(claim: Claim, samples: Samples) -> int | None:
    """Of about how many runs the claimed number would be the best; None where that says nothing."""
    if claim.others or samples.several or samples.fixed or (claim.reading and claim.reading.kind in ("best", "exact")):
        return None
    from fossml.stats.sequential import best_of

    sign = -1.0 if less_is_better(claim) else 1.0
    return best_of([sign * score for score in samples.scores], sign * claim.value)


def off_by_hundred(claim: Claim, samples: Samples) -> str:
    """`100 times` or `a hundredth of` where a percentage was held against a fraction, else ""."""
    values = [abs(value) for run in samples.runs for value in run.values()]
    claimed, least, most = abs(claim.value), min(values, default=0.0), max(values, default=0.0)
    if claimed > 1.5 and least > 0 and most <= 1 and all(_PERCENT[0] < claimed / v < _PERCENT[1] for v in values):
        return "100 times"
    if (
        0 < claimed <= 1
        and least > 1.5
        and most <= 100
        and all(_PERCENT[0] < v / claimed < _PERCENT[1] for v in values)
    ):
        return "a hundredth of"
    return ""


def _as_percentage(claim: Claim) -> str:
    """A claimed fraction written as the number of per cent that it is."""
    shape = printed(claim.text)
    return claim.text.rstrip("% ") if shape.percent else fixed(shape.value * 100, max(0, shape.decimals - 2))


def _answer(claim: Claim, scores: tuple[float, ...], reading: Reading, last: int, share: float = 1.0) -> Answer:
    decision = _decide(claim, scores, reading, last, share)
    return Answer(reading, decision.name, decision.settled, decision.reason, decision.estimate, decision.margin)


def _of_fixed(claim: Claim, scores: tuple[float, ...], last: int) -> Answer:
    """The seed changes nothing: equal or not. A best epoch on test data is not shown as a result even if equal."""
    answer = _answer(claim, scores, Reading("exact"), last)
    if claim.reading and claim.reading.kind == "best-epoch" and answer.name in HOLDS:
        return replace(answer, name="inconclusive", reading=claim.reading)
    return answer


def _of_several(claim: Claim, samples: Samples) -> Answer:
    """Several settings, and the claim does not say which: all, some or none of them give its number."""
    values = {name: [run[name] for run in samples.runs if name in run] for run in samples.runs for name in run}
    equal = [name for name, found in values.items() if _equal(claim, found)]
    verdict: VerdictName = "numeric" if len(equal) == len(values) else "underspecified" if equal else "not reproduced"
    everything = [value for found in values.values() for value in found]
    estimate = Estimate(
        sum(everything) / len(everything), min(everything), max(everything), len(samples.runs), "all settings"
    )
    return Answer(claim.reading or Reading("exact"), verdict, True, _counted(claim, equal, values), estimate)


def _equal(claim: Claim, values: Sequence[float]) -> bool:
    """Whether a setting gives the number, or keeps the bound that is claimed; only a bound has a better side."""
    return _decide(replace(claim, margin=None), tuple(values), Reading("exact"), len(values)).name in (
        "numeric",
        "better",
    )


def _counted(claim: Claim, equal: Sequence[str], values: Mapping[str, Sequence[float]]) -> str:
    everything = [value for found in values.values() for value in found]
    percent = is_percent(claim.text)
    span = f"they give {figure(min(everything), percent)} to {figure(max(everything), percent)}"
    if not equal or len(equal) == len(values):
        return f"{'none' if not equal else 'each'} of {len(values)} settings gives {claim.text}; {span}"
    named = "; ".join(equal[:4]) + ("; ..." if len(equal) > 4 else "")
    share = f"{len(equal)} of {len(values)} settings give {claim.text} ({named})"
    return f"{share} and which one was used is not stated; {span}"


def outcome(verdicts: Sequence[Verdict]) -> Literal["holds", "fails", "unknown"]:
    """What the verdicts on one claim add up to: it holds or fails in every reading, or it cannot be told."""
    if verdicts and all(verdict.name in HOLDS for verdict in verdicts):
        return "holds"
    return "fails" if verdicts and all(verdict.name in FAILS for verdict in verdicts) else "unknown"


def exit_code(judged: Sequence[Sequence[Verdict]]) -> int:
    """0 every hard claim holds, 1 one does not, 3 it could not be told or depends on the reading, or there was none.

    Soft claims are reported and do not count.
    """
    if not any(judged):
        return UNKNOWN
    found = {outcome(verdicts) for verdicts in judged if verdicts and verdicts[0].claim.hard}
    return NOT if "fails" in found else UNKNOWN if "unknown" in found else GOOD
