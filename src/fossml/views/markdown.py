"""A Report as Markdown for a pull request: a table of the claims, the rest folded away, texts of others inert."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fossml.types import Finding
from fossml.views.forest import interval
from fossml.views.forest import shown as number
from fossml.views.plain import visible
from fossml.views.report import RUNGS, Outcome, Report, Told, duration
from fossml.views.sentence import reasons, related, sentence
from fossml.views.table import answer, by_need, tables, well_found

_MARKS: dict[Outcome, str] = {"holds": "✅", "fails": "❌", "unknown": "❔"}


def markdown(report: Report) -> str:
    """The whole text; it ends in a newline."""
    measured = (f"**{inert(told.judged.claim.id)}**: {inert(_said(told))}" for told in report.claims)
    different = report.outputs.different if report.outputs else ()
    shown, well = by_need(report.findings)
    whole = [f"{line}.  " for line in map(inert, tables(report.claims))]
    return "\n".join(
        [
            f"### {_MARKS[_whole(report.exit_code)]} {inert(answer(report))}",
            "",
            f"`fossml verify` of {inert(report.title)}{_commit(report)}: {len(report.runs)} runs, "
            f"{duration(report.seconds)} of hardware.",
            "",
            *([*whole, ""] if whole else []),
            "| | claim | claimed | measured | interval | verdict | rung | runs |",
            "|---|---|---|---|---|---|---|---|",
            *map(_row, report.claims),
            "",
            *_folded("What was measured", measured),
            *_folded("What was noticed", map(_finding, shown)),
            *_folded(well_found(len(well)), map(_finding, well)),
            *_folded("Left out", (inert(f"{s.what}: {s.left_out}") for s in report.plan if s.left_out)),
            *_folded("Outputs that differ", map(inert, different)),
            *_folded("Not checked", map(inert, report.not_checked)),
            *_folded("How to repeat it", [*map(code, report.repeat.splitlines()), *_seeds(report), *_rungs(report)]),
        ]
    )


def inert(text: str) -> str:
    """`text` as Markdown shows it letter for letter: no markup, no HTML, no mention, no link, no other cell."""
    plain = re.sub(r"([\\`*_\[\]<>|~&#$])", r"\\\1", visible(text))
    return re.sub(r"@|://|(?<![\w])www\.", lambda found: f"{found[0][0]}<!-- -->{found[0][1:]}", plain)


def code(text: str) -> str:
    """`text` as code, with more backticks around it than stand in it."""
    plain = visible(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    space = " " if plain.startswith("`") or plain.endswith("`") or not plain.strip() else ""
    return f"{fence}{space}{plain}{space}{fence}"


def _whole(exit_code: int) -> Outcome:
    return "holds" if exit_code == 0 else "fails" if exit_code == 1 else "unknown"


def _commit(report: Report) -> str:
    if report.source.commit is None:
        return ""
    return f" at {inert(report.source.commit[:12])}{' with files that differ from it' if report.source.dirty else ''}"


def _row(told: Told) -> str:
    claim, first = told.judged.claim, told.judged.verdicts[0]
    sign = {"=": "", ">=": "≥ ", "<=": "≤ "}[claim.comparison]
    # What is found of a comparison is a chance or a correlation, which is no value of the metric.
    one, scores = (None, ()) if claim.others else (first.estimate, told.judged.scores)
    claimed = related(claim) if claim.others else sign + claim.text
    measured = number(one.value, claim, 1) if one else number(scores[0], claim, 1) if scores else ""
    ends = interval(one, claim) if one and one.low != one.high else ""
    verdict = told.verdict + (" (soft)" if told.soft else "")
    texts = (claim.id, claimed, measured, ends, verdict, first.rung or "", str(first.runs))
    return f"| {_MARKS[told.outcome]} | {' | '.join(map(inert, texts))} |"


def _said(told: Told) -> str:
    first = sentence(told.judged)
    soft = [f"It does not count: {told.soft}"] if told.soft else []
    return " ".join([first, *reasons(told.judged.verdicts, first), *soft])


def _finding(one: Finding) -> str:
    places = ", ".join(f"{seen.path}:{seen.line}" if seen.line else seen.path for seen in one.evidence)
    place = f" ({places})" if places else ""
    hint = f". {one.hint}" if one.hint and one.status != "pass" else ""
    return inert(f"{one.code} {one.status}, {one.subject}: {one.message}{place}{hint}")


def _seeds(report: Report) -> list[str]:
    return [f"Seeds: {', '.join(map(str, report.seeds))}"] if report.seeds else []


def _rungs(report: Report) -> list[str]:
    there = {one.rung for told in report.claims for one in told.judged.verdicts}
    return [f"{rung}: {said}" for rung, said in RUNGS.items() if rung in there]


def _folded(title: str, items: Iterable[str]) -> list[str]:
    """A list behind its title, closed; nothing where there is nothing to list."""
    lines = [f"- {item}" for item in items]
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""] if lines else []
