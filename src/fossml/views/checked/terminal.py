"""A check for a terminal, as ruff tells: place, message, source line, hint; the items as a table; the verdict last."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fossml.types import Finding
from fossml.views.checked.model import Checked, place, places, said
from fossml.views.plain import cut, visible

SHOWN = 5
"""Findings of one rule that are shown; `--select CODE` and the other forms show all."""
_LEVELS = {"hard": "red", "soft": "yellow"}
_STATUS = {"pass": "green", "unknown": "cyan", "declared": "cyan"}


def text(checked: Checked, width: int | None = None) -> str:
    """The whole text; the table is cut to `width` columns (None: 120)."""
    parts = [*_findings(checked), *_table(checked, width or 120), *_waived(checked)]
    if checked.steps:
        steps = (f"  {number}. {visible(step)}" for number, step in enumerate(checked.steps, 1))
        parts.append("Next:\n" + "\n".join(steps))
    last = "\n".join(visible(line) for line in (checked.openness, checked.verdict) if line)
    return "\n\n".join([*parts, last])


def _findings(checked: Checked) -> Iterator[str]:
    told = [one for one in checked.findings if one.status in {"fail", "unknown", "declared"}]
    for code in dict.fromkeys(one.code for one in told):
        mine = [one for one in told if one.code == code]
        yield from map(block, mine if checked.everything else mine[:SHOWN])
        if not checked.everything and len(mine) > SHOWN:
            yield click.style(f"{code} {len(mine) - SHOWN} more (fossml check --select {code})", dim=True)


def block(one: Finding) -> str:
    """A finding: code, place, message, up to three source lines, the hint."""
    first = one.evidence[0] if one.evidence else None
    hard = one.status == "fail" and one.level == "hard"
    mark = "" if hard else f" [{one.level if one.status == 'fail' else one.status}]"
    head = (
        click.style(one.code, fg=_colour(one), bold=True),
        click.style(visible(place(first) if first else one.subject), bold=True),
        visible(said(one)) + mark,
    )
    lines = [" ".join(head)]
    for evidence in one.evidence[:3]:
        if evidence.text:
            number = place(evidence) if evidence is not first else str(evidence.line or "")
            lines.append(click.style(f"  {visible(number)} | {visible(evidence.text)}", dim=True))
    if len(one.evidence) > 3:
        lines.append(click.style(f"  and {len(one.evidence) - 3} more lines", dim=True))
    return "\n".join([*lines, *([f"  hint: {visible(one.hint)}"] if one.hint else [])])


def _colour(one: Finding) -> str | None:
    return _LEVELS[one.level] if one.status == "fail" else _STATUS.get(one.status)


def _table(checked: Checked, width: int) -> Iterator[str]:
    if not checked.items:
        return
    titles = {one.code: checked.described[one.code].title for one in checked.items if one.code in checked.described}
    wide = max(map(len, titles.values()), default=0)
    lines = [f"{visible(checked.standard)}:" if checked.standard else "Items:"]
    for one in sorted(checked.items, key=lambda one: one.code):
        status = click.style(f"{checked.label(one):<14}", fg=None if one in checked.known else _colour(one))
        title = f"{titles.get(one.code, ''):<{wide}}"
        room = max(20, width - 2 - len(one.code) - 2 - 14 - 2 - wide - 2)
        lines.append(f"  {one.code:<2}  {status}  {title}  {cut(_basis(one), room)}".rstrip())
    yield "\n".join(lines)


def _basis(one: Finding) -> str:
    """The main evidence and how much more there is; what was looked for where there is none."""
    seen = places(one)
    if not seen:
        return visible(one.message)
    more = f" +{len(seen) - 1}" if len(seen) > 1 else ""
    return visible(f"{seen[0]}{more}  {said(one)}")


def _waived(checked: Checked) -> Iterator[str]:
    if checked.levels:
        yield f"Levels set by the author: {visible(', '.join(checked.levels))}"
    if checked.waived:
        lines = (f"  {one.code} ({one.where}, {_times(one.count)}): {one.because}" for one in checked.waived)
        yield "Waived by the author:\n" + "\n".join(map(visible, lines))


def _times(count: int) -> str:
    return f"{count} finding{'' if count == 1 else 's'}" if count else "nothing to waive"
