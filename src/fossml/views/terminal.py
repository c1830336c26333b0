"""A Report as lines for a terminal: the answer first, then what asks for a look, then what it rests on."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

import click

from fossml.types import Finding
from fossml.views.compared import places
from fossml.views.plain import cells, visible
from fossml.views.report import RUNGS, Outcome, Outputs, Report, Step, duration
from fossml.views.sentence import outcomes, reasons
from fossml.views.table import Row, answer, by_need, rows, soft_note, tables, well_found

_HELD = "\N{NO-BREAK SPACE}"
"""Where no line ends: a number and its unit stay together."""

COLORS: dict[Outcome, str] = {"holds": "green", "fails": "red", "unknown": "yellow"}


def lines(report: Report, width: int | None = None, *, verbose: bool = False) -> list[str]:
    """The report in lines, wrapped to `width` columns (None: not at all). `verbose`: with what is well."""
    view = _of_command if report.command else _of_project
    return view(report, width, verbose=verbose)


def _of_project(report: Report, width: int | None, *, verbose: bool) -> list[str]:
    table = rows(report.claims)
    wide = max((cells(visible(row.id)) for row in table), default=0)
    whole = answer(report) + "."
    whole = f"{whole} {soft_note(report.claims)}".rstrip()
    said = [click.style(_wrapped(whole, 0, width), bold=True)]
    said += [*(_wrapped(f"{line}.", 0, width) for line in tables(report.claims)), ""]
    said += [line for row in table for line in _row(row, wide, width)]
    said += [
        _wrapped(f"beside it, {one.rung}: {one.name}. {one.reason}", wide + 6, width)
        for told in report.claims
        for other in told.beside
        for one in other.verdicts
    ]
    there = {row.rung for row in table}
    rungs = [f"{rung} {said}" for rung, said in RUNGS.items() if rung in there]
    rungs += ["-- not measured"] if "--" in there else []
    said += ["", _wrapped(f"Rungs: {'; '.join(rungs)}.", 0, width)]
    said += _findings(report.findings, width, verbose=verbose)
    said += _outputs(report.outputs) if report.outputs else []
    said += [f"  {visible(line)}" for line in report.accepted]
    said += [_wrapped(line, 0, width) if line.startswith("Seeds") else line for line in _runs(report)]
    return [*said, "Not checked:", *(_wrapped(f"- {remark}", 2, width) for remark in report.not_checked)]


def _row(row: Row, wide: int, width: int | None) -> list[str]:
    verdict = click.style(row.verdict, fg=COLORS[row.outcome], bold=True)
    said = [f"{visible(row.id):<{wide}}  {row.rung}  {verdict}", _wrapped(row.sentence, wide + 6, width)]
    return [*said, _wrapped(f"soft: {row.soft}", wide + 6, width)] if row.soft and row.outcome != "holds" else said


def _outputs(outputs: Outputs) -> list[str]:
    known = len(outputs.same) + len(outputs.different)
    if not known and not outputs.left_out:
        return ["Outputs: no dvc.lock records them, so there is nothing to compare the rebuild with."]
    said = [f"Outputs: {len(outputs.same)} of {known} rebuilt with the same bytes as in dvc.lock."]
    said = said if known else ["Outputs: none of those in dvc.lock was rebuilt."]
    for path in outputs.different:
        said.append(f"  {visible(path)}: {visible(outputs.how.get(path, 'different'))}")
        said += [f"    {line}" for line in (places(outputs.compared[path], 3) if path in outputs.compared else ())]
    why: dict[str, list[str]] = {}
    for path in outputs.left_out:
        why.setdefault(outputs.how.get(path, "not rebuilt: no claim rests on it"), []).append(path)
    said += [f"  {visible(reason)}: {visible(', '.join(paths))}" for reason, paths in why.items()]
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


def _findings(found: Sequence[Finding], width: int | None, *, verbose: bool) -> list[str]:
    """What fails and what could not be told, failures first; what is well as a count, or after them if `verbose`."""
    shown, well = by_need(found)
    shown += well if verbose else []
    said = ["", *(line for one in shown for line in _finding(one, width)), ""] if shown else [""]
    if not well or verbose:
        return said
    codes = ", ".join(code if n == 1 else f"{code} x{n}" for code, n in Counter(one.code for one in well).items())
    told = f"{well_found(len(well))} ({codes}): --verbose prints {'them' if len(well) > 1 else 'it'}."
    return [*said, _wrapped(told, 0, width)]


def _finding(one: Finding, width: int | None) -> list[str]:
    """What was noticed on the way, where it stands, and what to do."""
    color = {"fail": "red", "pass": "green"}.get(one.status, "yellow")
    places = dict.fromkeys(f"{seen.path}:{seen.line}" if seen.line else seen.path for seen in one.evidence)
    message = f"{one.subject} {one.message}"
    found = [f"{one.code}  {click.style(one.status, fg=color, bold=True)}  {visible(one.subject)}"]
    found += [_wrapped(one.message, 6, width)]
    found += [_wrapped(", ".join(places), 6, width)] if not all(place in message for place in places) else []
    return [*found, _wrapped(one.hint, 6, width)] if one.hint and one.status != "pass" else found


def _wrapped(text: str, indent: int, width: int | None) -> str:
    """Indented, and wrapped where there is a width."""
    space, plain = " " * indent, visible(text)
    if width is None:
        return space + plain
    held = plain.replace(" %", _HELD + "%")
    filled = textwrap.fill(held, max(width - 1, indent + 20), initial_indent=space, subsequent_indent=space)
    return filled.replace(_HELD, " ")


def _of_command(report: Report, width: int | None, *, verbose: bool) -> list[str]:
    """The sentences, then why, what was not checked, and where the runs are."""
    judged = [told.judged for told in report.claims]
    measured = any(one.scores for one in judged)
    said = [click.style(_wrapped(line, 0, width), bold=True) for line in outcomes(judged)]
    said += [_wrapped(f"hint: {hint}", 0, width) for hint in report.hints]
    for one in judged if measured else ():
        why = reasons([verdict for verdict in one.verdicts if verdict.name != "not evaluable"])
        said += ["", *(_wrapped(reason, 2, width) for reason in why)] if why else []
    said += _findings(report.findings, width, verbose=verbose) if report.findings else []
    said += ["", f"Seeds: {', '.join(map(str, report.seeds))}."] if report.seeds else [""]
    said.append(f"Stopped: {visible(report.stopped)}.")
    remarks = report.not_checked if measured else ()
    said += ["Not checked:", *(_wrapped(f"- {remark}", 2, width) for remark in remarks)] if remarks else []
    return [*said, f"Records: {visible(report.records)}"] if report.records else said
