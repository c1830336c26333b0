"""The claims of a project as a table for a terminal: verdict first, then what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fossml.views.sentence import Judged, sentence

Outcome = Literal["holds", "fails", "unknown"]


@dataclass(frozen=True, slots=True)
class Row:
    """One claim: its verdicts in a word each, the rung they stand on, the sentence, and why it does not count."""

    id: str
    verdict: str
    rung: str
    outcome: Outcome
    sentence: str
    soft: str = ""


def rows(judged: Sequence[Judged], outcomes: Sequence[Outcome]) -> list[Row]:
    """A row for each claim, in the order given."""
    return [_row(one, outcome) for one, outcome in zip(judged, outcomes, strict=True)]


def _row(judged: Judged, outcome: Outcome) -> Row:
    names = [verdict.name for verdict in judged.verdicts]
    verdict = (
        names[0]
        if len(set(names)) == 1
        else ", ".join(f"{one.reading.kind if one.reading else 'exact'}: {one.name}" for one in judged.verdicts)
    )
    claim = judged.claim
    return Row(
        id=claim.id,
        verdict=verdict,
        rung=judged.verdicts[0].rung or "--",
        outcome=outcome,
        sentence=sentence(judged),
        soft="" if claim.hard else claim.reason or "soft: no reason is given",
    )


def headline(outcomes: Sequence[Outcome]) -> str:
    """`4 of 6 claims hold, 1 does not, 1 could not be told`; of a single claim, how it is."""
    if len(outcomes) == 1:
        said = {"holds": "holds", "fails": "does not hold", "unknown": "could not be told"}
        return f"The claim {said[outcomes[0]]}"
    count = Counter(outcomes)
    parts = [f"{count['holds']} of {len(outcomes)} claims {'holds' if count['holds'] == 1 else 'hold'}"]
    if count["fails"]:
        parts.append(f"{count['fails']} {'does' if count['fails'] == 1 else 'do'} not")
    if count["unknown"]:
        parts.append(f"{count['unknown']} could not be told")
    return ", ".join(parts)
