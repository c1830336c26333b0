"""`fossml check`: what keeps others from reproducing a repository, with evidence."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fossml.errors import GOOD, NOT, UNKNOWN, FossmlError
from fossml.project.config import nearest

if TYPE_CHECKING:
    from fossml.checks import Question
    from fossml.facts import Facts
    from fossml.types import Finding

EXAMPLES = """
\b
Examples:
  fossml check                     this repository
  fossml check ../paper            another one
  fossml check --select SEED,DEP   only these rules
  fossml check --explain DEP001    the manual page of a rule
  fossml check --format github     annotations in a workflow of GitHub's
"""
_SHOWN = 5
"""Findings of one rule that the text shows; --json and --select CODE show all."""


@click.command("check", epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How to print.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--select", metavar="CODES", help="Only these rules: DEP002, or DEP for all that begin so.")
@click.option("--ignore", metavar="CODES", help="All rules but these.")
@click.option("--explain", metavar="CODE", help="Print the manual page of a rule.")
@click.pass_context
def command(
    ctx: click.Context,
    path: Path,
    form: str,
    as_json: bool,
    select: str | None,
    ignore: str | None,
    explain: str | None,
) -> None:
    """Find what keeps others from reproducing the repository at PATH; nothing in it is run or loaded.

    Exit codes: 0 nothing hard fails, 1 something hard fails, 2 usage, 3 there is nothing to judge.
    """
    from fossml.checks import ITEMS, RULES, judge
    from fossml.facts import gather

    if explain:
        click.echo(_page(_rules((*RULES.values(), *ITEMS.values()), explain, None)))
        return
    rules = _rules((*RULES.values(), *ITEMS.values()), select, ignore)
    facts = gather(path)
    findings = judge(facts, rules) if facts.files else []
    form = "json" if as_json else form
    printed = {"json": _json, "github": _github, "text": _text}[form](findings, facts, str(path), select is not None)
    click.echo(printed, color=None if _may_color() else False)
    ctx.exit(_code(findings, facts))


def _may_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _code(findings: Sequence[Finding], facts: Facts) -> int:
    if any(one.status == "fail" and one.level == "hard" for one in findings):
        return NOT
    return GOOD if facts.files and findings else UNKNOWN


def _rules(rules: Iterable[Question], select: str | None, ignore: str | None) -> list[Question]:
    known: list[Question] = list(rules)
    wanted, left_out = _codes(select, known), _codes(ignore, known)
    return [one for one in known if (select is None or one.code in wanted) and one.code not in left_out]


def _codes(text: str | None, known: Sequence[Question]) -> set[str]:
    chosen: set[str] = set()
    for word in (text or "").upper().replace(",", " ").split():
        matching = {one.code for one in known if one.code.startswith(word)}
        if not matching:
            raise FossmlError(f"there is no rule {word}", hint=nearest(word, [one.code for one in known]))
        chosen |= matching
    return chosen


def _page(rules: Sequence[Question]) -> str:
    return "\n\n".join(f"{one.code}: {one.title} ({one.level})\n\n{one.page}" for one in rules)


def _json(findings: Sequence[Finding], _facts: Facts, _path: str, _all: bool) -> str:
    return json.dumps({"findings": [asdict(one) for one in findings]}, indent=2, ensure_ascii=False)


def _github(findings: Sequence[Finding], _facts: Facts, _path: str, _all: bool) -> str:
    """Workflow commands: an error for each hard failure, a warning for each soft one."""
    lines = []
    for one in (one for one in findings if one.status == "fail"):
        place = f"file={_escaped(one.evidence[0].path)}" if one.evidence else ""
        place += f",line={one.evidence[0].line}" if one.evidence and one.evidence[0].line else ""
        kind = "error" if one.level == "hard" else "warning"
        lines.append(f"::{kind} {place}{',' if place else ''}title={one.code}::{_escaped(one.message, ':,')}")
    return "\n".join(lines)


def _escaped(text: str, keep: str = "") -> str:
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text if sign in keep else text.replace(sign, code)
    return text


def _text(findings: Sequence[Finding], facts: Facts, path: str, everything: bool) -> str:
    from fossml.checks.report import next_steps, verdict

    if not facts.files:
        return f"{path}: nothing to judge: no file was found"
    shown: list[str] = []
    for code in dict.fromkeys(one.code for one in findings):
        told = [one for one in findings if one.code == code and one.status in {"fail", "unknown", "declared"}]
        shown += [_block(one) for one in (told if everything else told[:_SHOWN])]
        if not everything and len(told) > _SHOWN:
            shown.append(click.style(f"{code} {len(told) - _SHOWN} more (fossml check --select {code})", dim=True))
    steps = next_steps(findings)
    if steps:
        shown.append("Next:\n" + "\n".join(f"  {number}. {_clean(step)}" for number, step in enumerate(steps, 1)))
    return "\n\n".join([*shown, verdict(findings, facts)])


_COLOURS = {"hard": "red", "soft": "yellow"}


def _block(one: Finding) -> str:
    """A Finding as ruff shows one: code, place, message, the source line, the hint."""
    first = one.evidence[0] if one.evidence else None
    place = (f"{first.path}:{first.line}" if first.line else first.path) if first else one.subject
    message = one.message.removeprefix(f"{first.path} ") if first else one.message
    colour = _COLOURS[one.level] if one.status == "fail" else "cyan"
    label = (
        ""
        if one.status == "fail" and one.level == "hard"
        else f" [{one.level if one.status == 'fail' else one.status}]"
    )
    head = click.style(one.code, fg=colour, bold=True), click.style(_clean(place), bold=True), _clean(message) + label
    lines = [" ".join(head)]
    for evidence in one.evidence[:3]:
        if evidence.text:
            number = f"{evidence.path}:{evidence.line}" if evidence is not first else str(evidence.line or "")
            lines.append(click.style(f"  {_clean(number)} | {_clean(evidence.text)}", dim=True))
    if len(one.evidence) > 3:
        lines.append(click.style(f"  and {len(one.evidence) - 3} more lines", dim=True))
    return "\n".join([*lines, *([f"  hint: {_clean(one.hint)}"] if one.hint else [])])


def _clean(text: str) -> str:
    """Text from a repository without what would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "?" for sign in text.replace("\t", " "))
