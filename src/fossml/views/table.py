"""The claims of a project as a table for a terminal: verdict first, then what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fossml.types import Finding
from fossml.views.report import Outcome, Report, Told
from fossml.views.sentence import sentence


@dataclass(frozen=True, slots=True)
class Row:
    """One claim: its verdicts in a word each, the rung they stand on, the sentence, and why it does not count."""

    id: str
    verdict: str
    rung: str
    outcome: Outcome
    sentence: str
    soft: str = ""


def rows(claims: Sequence[Told]) -> list[Row]:
    """A row for each claim, in the order given."""
    return [
        Row(
            id=told.judged.claim.id,
            verdict=told.verdict,
            rung=told.judged.verdicts[0].rung or "--",
            outcome=told.outcome,
            sentence=sentence(told.judged),
            soft=told.soft,
        )
        for told in claims
    ]


def soft_note(claims: Sequence[Told]) -> str:
    """Of the claims that do not hold or could not be told, those that are soft; "" where none is."""
    missed = [told for told in claims if told.outcome != "holds"]
    soft = sum(1 for told in missed if told.soft)
    if not soft:
        return ""
    verbs = "is soft and does" if soft == 1 else "are soft and do"
    if len(claims) == 1:
        which = "It"
    elif soft < len(missed):
        which = f"{soft} of the others"
    else:
        which = "The other one" if soft == 1 else f"The {soft} others"
    return f"{which} {verbs} not count."


def headline(outcomes: Sequence[str], of: str = "claims") -> str:
    """`4 of 6 claims hold, 1 does not, 1 could not be told`; of a single claim, how it is."""
    if len(outcomes) == 1:
        said = {"holds": "holds", "fails": "does not hold", "unknown": "could not be told"}
        return f"The claim {said[outcomes[0]]}"
    count = Counter(outcomes)
    parts = [f"{count['holds']} of {len(outcomes)} {of} {'holds' if count['holds'] == 1 else 'hold'}"]
    if count["fails"]:
        parts.append(f"{count['fails']} {'does' if count['fails'] == 1 else 'do'} not")
    if count["unknown"]:
        parts.append(f"{count['unknown']} could not be told")
    return ", ".join(parts)


def answer(report: Report) -> str:
    """The headline of a report; it is said first where it was interrupted."""
    said = headline([told.outcome for told in report.claims])
    return f"Interrupted. So far, {said[:1].lower()}{said[1:]}" if report.is_interrupted else said


def tables(claims: Sequence[Told]) -> list[str]:
    """`table 2: 3 of 4 numbers hold, 1 does not`: a line for each table of which two or more are claimed."""
    found: dict[str, list[str]] = {}
    for told in claims:
        found.setdefault(told.judged.claim.table, []).append(told.outcome)
    return [f"{name}: {headline(one, 'numbers')}" for name, one in found.items() if name and len(one) > 1]


_RANK = {"fail": 0, "unknown": 1}


def by_need(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What asks for a look, failures first, and what is well."""
    well = [one for one in findings if one.status not in _RANK]
    return sorted((one for one in findings if one.status in _RANK), key=lambda one: _RANK[one.status]), well


def well_found(count: int) -> str:
    """How many checks have nothing to say against it."""
    return f"{count} check{'' if count == 1 else 's'} found nothing wrong"
