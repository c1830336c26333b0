"""A check as Markdown for a pull request or an issue: what fails first, the items as a table, the rest folded away."""

from __future__ import annotations

from collections.abc import Iterable

from fossml.types import Finding
from fossml.views.checked.model import Checked, label, place, places, said
from fossml.views.markdown import code, inert

_MARKS = {"fail": "❌", "pass": "✅", "unknown": "❔", "declared": "✍️", "not applicable": "–"}


def text(checked: Checked) -> str:
    """The whole text, without a newline at its end."""
    failed = [one for one in checked.findings if one.status == "fail"]
    others = [one for one in checked.findings if one.status in {"unknown", "declared"}]
    parts = [
        f"### {_MARKS['fail' if checked.exit_code == 1 else 'unknown' if checked.exit_code else 'pass']} "
        f"{inert(checked.verdict)}",
        f"`fossml check` of {inert(checked.name)}.{' ' + inert(checked.openness) if checked.openness else ''}",
        _numbered("What to do next", checked.steps),
        _listed("", map(_line, failed)),
        _table(checked),
        _folded("Could not be told, or waived", map(_line, others)),
        _folded("Waivers", (inert(f"{one.code} ({one.where}): {one.because}") for one in checked.waived)),
        _folded("Levels set by the author", map(inert, checked.levels)),
        _folded("Known since the baseline", map(_line, checked.known)),
    ]
    return "\n\n".join(part for part in parts if part)


def _line(one: Finding) -> str:
    where = f" {code(place(one.evidence[0]))}" if one.evidence else f" {inert(one.subject)}"
    source = f"<br>{code(one.evidence[0].text)}" if one.evidence and one.evidence[0].text else ""
    hint = f"<br>{inert(one.hint)}" if one.hint else ""
    return f"{_MARKS[one.status]} **{one.code}** {label(one)}{where} {inert(said(one))}{source}{hint}"


def _table(checked: Checked) -> str:
    rows = [
        f"| {_MARKS[one.status]} | {one.code} | {inert(_title(checked, one))} | {checked.label(one)} | {_basis(one)} |"
        for one in sorted(checked.items, key=lambda one: one.code)
    ]
    return "\n".join(["| | item | | status | evidence |", "|---|---|---|---|---|", *rows]) if rows else ""


def _title(checked: Checked, one: Finding) -> str:
    return checked.described[one.code].title if one.code in checked.described else ""


def _basis(one: Finding) -> str:
    seen = " ".join(code(where).replace("|", "\\|") for where in places(one)[:3])
    return f"{seen} {inert(said(one))}".strip()


def _numbered(title: str, lines: Iterable[str]) -> str:
    items = [f"{number}. {inert(line)}" for number, line in enumerate(lines, 1)]
    return "\n".join([f"**{title}**", "", *items]) if items else ""


def _listed(title: str, lines: Iterable[str]) -> str:
    items = [f"- {line}" for line in lines]
    return "\n".join([*([f"**{title}**", ""] if title else []), *items])


def _folded(title: str, lines: Iterable[str]) -> str:
    items = [f"- {line}" for line in lines]
    return "\n".join([f"<details><summary>{title}</summary>", "", *items, "", "</details>"]) if items else ""
