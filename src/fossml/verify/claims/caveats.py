"""What a verdict does not rest on: said beside it, every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fossml.types import Claim
from fossml.verify.claims.loop import Outcome
from fossml.views.digits import figure, is_percent, printed
from fossml.views.sentence import Judged

SHARED = "files outside the folder: every run shares them"
ALWAYS = (
    "other hardware and other versions of the packages",
    "whether the test data had a part in training or in choosing the model",
    SHARED,
)


def with_remarks(judged: Judged, remarks: Sequence[str]) -> Judged:
    """`judged` with `remarks` before what else was not checked."""
    verdicts = tuple(replace(one, not_checked=(*remarks, *one.not_checked)) for one in judged.verdicts)
    return replace(judged, verdicts=verdicts)


def not_checked(claim: Claim, outcomes: Sequence[Outcome], place: int, *, seeded: bool) -> tuple[str, ...]:
    """What was not checked for the claim at `place`, the particular before the general."""
    values = [value for one in outcomes if not one.failure for value in one.measured[place].values.values()]
    unmoved = len(values) > 1 and len(set(values)) == 1
    return (*_about_claim(claim, values), *_about_runs(outcomes, place), *_about_seed(seeded, unmoved), *ALWAYS)


def _about_claim(claim: Claim, values: Sequence[float]) -> list[str]:
    said = []
    if claim.spread is not None and claim.spread_kind is None:
        shown = figure(claim.spread, is_percent(claim.text))
        said.append(
            f"the spread ± {shown}: it was not used, for nobody said whether it is sd, se or ci95"
            f" (--spread {shown.replace(' ', '')}:sd, or spread_kind of a [[claim]])"
        )
    try:
        shape = printed(claim.text)
    except ValueError:
        return said
    spread = max(values, default=0.0) - min(values, default=0.0)
    if 0 < spread < shape.slack or (shape.decimals == 0 and not shape.percent):
        unit, scale = (" %", 100) if shape.percent else ("", 1)
        low, high = (shape.value - shape.slack) * scale, (shape.value + shape.slack) * scale
        said.append(f"digits that are not printed: {claim.text} stands for {low:.6g} to {high:.6g}{unit}")
    return said


def _about_runs(outcomes: Sequence[Outcome], place: int) -> list[str]:
    failed = [one for one in outcomes if one.failure]
    good = [one for one in outcomes if not one.failure]
    without = [one for one in good if not one.measured[place].values and one.measured[place].missing]
    said = [f"{len(failed)} of {len(outcomes)} runs: {failed[0].failure}"] if failed and good else []
    if without and len(without) < len(good):
        said.append(f"{len(without)} of {len(outcomes)} runs: {without[0].measured[place].missing}")
    notes = {one.measured[place].note for one in good} - {""}
    return said + sorted(notes)


def _about_seed(seeded: bool, unmoved: bool) -> list[str]:
    if seeded and unmoved:
        return ["other seeds: the seed that was given changed nothing, so this is one result, not several"]
    return [] if seeded else ["other seeds: none was given, so runs differ only by what the command draws itself"]


def why_missing(outcomes: Sequence[Outcome], place: int) -> tuple[str, str]:
    """Why there is no number at all for the claim at `place`, and what to try."""
    for one in outcomes:
        if one.failure:
            return one.failure, one.hint
        if not one.measured[place].values:
            return one.measured[place].missing, one.measured[place].hint
    return "no run has finished", "repeat the same command to go on"
