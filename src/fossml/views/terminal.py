"""A Report as lines for a terminal: the verdicts first, then what they rest on and what was not checked."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import click

from fossml.types import Finding
from fossml.views.compared import places
from fossml.views.plain import cells, visible
from fossml.views.report import RUNGS, Outcome, Outputs, Report, Step, duration
from fossml.views.sentence import outcomes
from fossml.views.table import Row, headline, rows

COLORS: dict[Outcome, str] = {"holds": "green", "fails": "red", "unknown": "yellow"}


def lines(report: Report, width: int | None = None) -> list[str]:
    """The report in lines, wrapped to `width` columns (None: not at all)."""
    return _of_command(report, width) if report.command else _of_project(report, width)


def _of_project(report: Report, width: int | None) -> list[str]:
    table = rows(report.claims)
    wide = max((cells(visible(row.id)) for row in table), default=0)
    said = [line for row in table for line in _row(row, wide, width)]
    said += [
        _wrapped(f"beside it, {one.rung}: {one.name}. {one.reason}", wide + 6, width)
        for told in report.claims
        for other in told.beside
        for one in other.verdicts
    ]
    there = {row.rung for row in table}
    rungs = [f"{rung} {said}" for rung, said in RUNGS.items() if rung in there]
    rungs += ["-- not measured"] if "--" in there else []
    said += ["", f"Rungs: {'; '.join(rungs)}."]
    said += _outputs(report.outputs) if report.outputs else []
    said += [f"  {visible(line)}" for line in report.accepted]
    said += _runs(report)
    said += [line for one in report.findings for line in _finding(one, width)]
    said += ["Not checked:", *(f"  - {visible(remark)}" for remark in report.not_checked), ""]
    said.append(click.style(headline([told.outcome for told in report.claims]), bold=True) + _soft_note(table))
    return said


def _row(row: Row, wide: int, width: int | None) -> list[str]:
    verdict = click.style(row.verdict, fg=COLORS[row.outcome], bold=True)
    said = [f"{visible(row.id):<{wide}}  {row.rung}  {verdict}", _wrapped(row.sentence, wide + 6, width)]
    return [*said, _wrapped(f"soft: {row.soft}", wide + 6, width)] if row.soft and row.outcome != "holds" else said


def _outputs(outputs: Outputs) -> list[str]:
    known = len(outputs.same) + len(outputs.different)
    if not known:
        return ["Outputs: no dvc.lock records them, so there is nothing to compare the rebuild with."]
    said = [f"Outputs: {len(outputs.same)} of {known} rebuilt with the same bytes as in dvc.lock."]
    for path in outputs.different:
        said.append(f"  {visible(path)}: {visible(outputs.how.get(path, 'different'))}")
        said += [f"    {line}" for line in (places(outputs.compared[path], 3) if path in outputs.compared else ())]
    if outputs.left_out:
        said.append(f"  not rebuilt, since no claim rests on them: {visible(', '.join(outputs.left_out))}")
    return said


def _runs(report: Report) -> list[str]:
    said = []
    if report.stopped:
        seeds = ", ".join(map(str, report.seeds))
        said.append(f"{f'Seeds: {seeds}. ' if seeds else ''}Stopped: {visible(report.stopped)}.")
    if report.runs:
        now = report.seconds_now
        part = "" if now == report.seconds else f", {duration(now)} of it now"
        count = f"{len(report.runs)} run{'' if len(report.runs) == 1 else 's'}"
        said.append(f"Price: {duration(report.seconds)} in {count}{part}.")
    left = [step for step in report.plan if step.left_out]
    return [*said, *(["Left out:"] if left else []), *map(step_line, left)]


def step_line(step: Step) -> str:
    """`  train with fresh seeds (acc): 3 min 20 s; why not`."""
    price = "price not known" if step.seconds is None else f"about {duration(step.seconds)}"
    why = f"; left out: {step.left_out}" if step.left_out else ""
    return visible(f"  {step.what} ({', '.join(step.claims)}): {price}{why}")


def _finding(one: Finding, width: int | None) -> list[str]:
    """What was noticed on the way, where it stands, and what to do."""
    color = {"fail": "red", "pass": "green"}.get(one.status, "yellow")
    places = [f"{seen.path}:{seen.line}" if seen.line else seen.path for seen in one.evidence]
    said = visible(f"{one.subject}: {one.message}")
    found = [f"{one.code}  {click.style(one.status, fg=color, bold=True)}  {said}"]
    found += [_wrapped(", ".join(places), 6, width)] if places else []
    return [*found, _wrapped(one.hint, 6, width)] if one.hint and one.status != "pass" else found


def _wrapped(text: str, indent: int, width: int | None) -> str:
    """Indented, and wrapped where there is a width."""
    space, plain = " " * indent, visible(text)
    if width is None:
        return space + plain
    return textwrap.fill(plain, max(width - 1, indent + 20), initial_indent=space, subsequent_indent=space)


def _soft_note(table: Sequence[Row]) -> str:
    """Soft claims do not decide the exit code: say how many of those that do not hold are soft."""
    soft = sum(1 for row in table if row.soft and row.outcome != "holds")
    if not soft:
        return "."
    if len(table) == 1:
        return ". It is soft: it does not count."
    return f"; {soft} of these {'is' if soft == 1 else 'are'} soft."


def _of_command(report: Report, width: int | None) -> list[str]:
    """The sentences, then why, what was noticed, what was not checked, and where the runs are."""
    judged = [told.judged for told in report.claims]
    said = [click.style(visible(line), bold=True) for line in outcomes(judged)]
    said += [f"hint: {visible(hint)}" for hint in report.hints]
    said.append("")
    for one in judged:
        reasons = [verdict.reason for verdict in one.verdicts if verdict.name != "not evaluable" and verdict.reason]
        said += [f"  {visible(reason)}" for reason in dict.fromkeys(reasons)]
    said += [f"Seeds: {', '.join(map(str, report.seeds))}."] if report.seeds else []
    said.append(f"Stopped: {visible(report.stopped)}.")
    said += [line for one in report.findings for line in _finding(one, width)]
    said += ["Not checked:", *(f"  - {visible(remark)}" for remark in report.not_checked)]
    said += [f"Records: {visible(report.records)}"] if report.records else []
    return said
