"""The sentence that people quote: what was measured, and what that says of the claimed number in each reading."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from fossml.stats import MOST
from fossml.types import Claim, Estimate, Reading, Verdict
from fossml.views.digits import Printed, first_digit, fixed, printed, two_digits

_SHOWN = ("exact", "numeric", "reproduced", "better")
_SIGNS = {"=": "", ">=": "at least ", "<=": "at most "}


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with everything that was found: one verdict a reading, the scores behind them.

    `seeded`: each run was given a seed. `same_bytes`: the runs wrote the same bytes. `best_of`: of about how many
    runs the claimed number would be the best.
    """

    verdicts: tuple[Verdict, ...]
    scores: tuple[float, ...] = ()
    seeded: bool = True
    same_bytes: bool = False
    best_of: int | None = None

    @property
    def claim(self) -> Claim:
        """The claim that all the verdicts are about."""
        return self.verdicts[0].claim


def sentence(judged: Judged) -> str:
    """`5 seeds: 0.941 ± 0.006 (95 % interval of one run 0.922-0.960). 0.953 as one run: consistent. ...`."""
    first = judged.verdicts[0]
    if judged.claim.others:
        return f"{related(judged.claim)}: {first.name}: {first.reason}."
    if first.name == "not evaluable":
        return f"{_claimed(judged.claim)}: not evaluable: {first.reason}."
    if first.name == "underspecified" or (first.estimate and first.estimate.method == "all settings"):
        return f"{_claimed(judged.claim)}: {first.name}: {first.reason}."
    parts = [_measured(judged), _answered(judged)]
    return " ".join([*parts, *_best(judged)])


def _best(judged: Judged) -> list[str]:
    """Of how many runs the claim would be the best, unless it was shown to be what is claimed."""
    if judged.best_of is None or judged.best_of <= 2 or all(one.name in _SHOWN for one in judged.verdicts):
        return []
    if judged.best_of >= MOST:
        return [f"It is beyond what the best of {MOST:,} {_unit(judged, 2)} gives."]
    return [f"It is what the best of about {judged.best_of} {_unit(judged, 2)} gives."]


def _unit(judged: Judged, count: int) -> str:
    name = "seed" if judged.seeded else "run"
    return name if count == 1 else f"{name}s"


def related(claim: Claim) -> str:
    """What a claim about several methods says: `a (95.3) better than b by 1.2`, `a > b > c`."""
    if claim.order:
        return " > ".join(claim.order)
    stated = f" ({_claimed(claim)})" if claim.text else ""
    return f"{claim.id}{stated} better than {claim.better_than}{f' by {claim.by}' if claim.by else ''}"


def _claimed(claim: Claim) -> str:
    return f"{_SIGNS[claim.comparison]}{claim.text}"


def _measured(judged: Judged) -> str:
    scores = judged.scores
    count = f"{len(scores)} {_unit(judged, len(scores))}"
    shape = _shape(judged.claim)
    if len(scores) > 1 and len(set(scores)) == 1:
        return f"{count}, one result: {_exactly(scores[0], shape)} ({_why_one(judged)})."
    if len(scores) < 3:
        return f"{count}: {', '.join(_exactly(score, shape) for score in scores)}."
    return f"{count}: {_spread(judged, shape)}."


def _why_one(judged: Judged) -> str:
    if not judged.same_bytes:
        return "every run gives this number, though other bytes differ"
    if judged.seeded:
        return "the seed changes nothing: it is not used, or the result is deterministic"
    return "every run writes the same bytes: the result is deterministic"


def _shape(claim: Claim) -> Printed:
    try:
        return printed(claim.text)
    except ValueError:
        return Printed(claim.value, 0.0, 4, False)


def _exactly(score: float, shape: Printed) -> str:
    """A single score with one digit more than the claim has, so that it never looks equal when it is not."""
    value = score * 100 if shape.percent else score
    decimals = shape.decimals + 1
    text = fixed(value, decimals)
    short = fixed(value, shape.decimals)
    return _with_unit(short if float(short) == float(f"{value:.10g}") else text, shape)


def _with_unit(text: str, shape: Printed) -> str:
    return f"{text} %" if shape.percent else text


def _spread(judged: Judged, shape: Printed) -> str:
    """`0.941 ± 0.006 (95 % interval of one run 0.922-0.960)`."""
    scale = 100 if shape.percent else 1
    sd = statistics.stdev(judged.scores) * scale
    decimals = max(shape.decimals, first_digit(sd))
    mean = fixed(statistics.fmean(judged.scores) * scale, decimals)
    text = _with_unit(f"{mean} ± {two_digits(sd)}", shape)
    estimate = judged.verdicts[0].estimate
    if estimate is None or estimate.n < 3:
        return text
    kind = "the mean" if _of_mean(judged.verdicts[0].reading) else "one run"
    return f"{text} (95 % interval of {kind} {_interval(estimate, judged.claim, decimals, shape)})"


def _of_mean(reading: Reading | None) -> bool:
    return reading is not None and reading.kind == "mean"


def _interval(estimate: Estimate, claim: Claim, decimals: int, shape: Printed) -> str:
    """Both ends, rounded outwards; with more digits where that would put the claim on the other side of one."""
    scale = 100 if shape.percent else 1
    low, high, value = estimate.low * scale, estimate.high * scale, claim.value * scale
    digits = decimals
    while digits < decimals + 3 and (low <= value <= high) != (_down(low, digits) <= value <= -_down(-high, digits)):
        digits += 1
    between = "-" if low >= 0 else " to "
    return _with_unit(f"{fixed(_down(low, digits), digits)}{between}{fixed(-_down(-high, digits), digits)}", shape)


def _down(value: float, digits: int) -> float:
    """`value` rounded down to so many decimals; what floating point adds to a number with as many does not count."""
    return math.floor(value * 10**digits + 1e-9) / 10**digits if math.isfinite(value) else value


def _answered(judged: Judged) -> str:
    """`0.953 as one run: consistent. As a mean: not reproduced.`."""
    claimed = _claimed(judged.claim)
    said = [f"{_reading(verdict.reading)}: {verdict.name}." for verdict in judged.verdicts]
    if said[0].startswith(":"):
        return f"{claimed}{said[0]}"
    return " ".join([f"{claimed} {said[0]}", *(text[0].upper() + text[1:] for text in said[1:])])


def _reading(reading: Reading | None) -> str:
    if reading is None or reading.kind == "exact":
        return ""
    if reading.kind == "one":
        return "as one run"
    if reading.kind == "best-epoch":
        return "as the best epoch"
    of = "" if reading.n is None else f" of {reading.n}"
    return f"as the {reading.kind}{of}" if of else f"as a {reading.kind}"


def outcomes(judged: Sequence[Judged]) -> list[str]:
    """One sentence a claim, named by its id where there are several."""
    if len(judged) == 1:
        return [sentence(judged[0])]
    return [f"{one.claim.id}: {sentence(one)}" for one in judged]


def reasons(verdicts: Sequence[Verdict], above: str = "") -> list[str]:
    """Why, once for each reading; what the runs gave is said by the first, and not again by those that begin the same.

    A reason that stands in `above` has been said.
    """
    said: list[str] = []
    before = ""
    for reason in dict.fromkeys(one.reason for one in verdicts if one.reason and one.reason not in above):
        begins, _, rest = reason.partition("; ")
        said.append(f"{rest[0].upper()}{rest[1:]}" if rest and begins == before else reason)
        before = begins
    return said
