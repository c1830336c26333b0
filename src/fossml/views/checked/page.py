"""A check as one HTML page that works from a file: no script, no network, every text of others escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fossml.types import Finding
from fossml.views.checked.model import Checked, label, places, said
from fossml.views.forest import harmless
from fossml.views.frame import badge, document, section, sign
from fossml.views.report import Outcome

_STATUS: dict[str, Outcome] = {"fail": "fails", "pass": "holds"}


def text(checked: Checked) -> str:
    """The whole page."""
    failed = [one for one in checked.findings if one.status == "fail"]
    others = [one for one in checked.findings if one.status in ("unknown", "declared")]
    well = [one for one in checked.findings if one.status in ("pass", "not applicable")]
    body = "".join(
        [
            _head(checked),
            "<main>",
            section("What to do next", _steps(checked.steps)),
            section("What fails", _findings(failed)),
            section(harmless(checked.standard) or "Items", _table(checked)),
            section("Could not be told, or is the author's word", _findings(others)),
            section("Waivers", _waivers(checked)),
            section(
                "Levels set by the author", f"<p>{harmless(', '.join(checked.levels))}</p>" if checked.levels else ""
            ),
            section("Known since the baseline", _folded(checked.known, "known")),
            section("What is well", _folded(well, "well")),
            "</main>",
            f"<footer><p>Made by fossml {harmless(checked.made_by)}. Nothing of the repository was run or loaded.</p>"
            "</footer>",
        ]
    )
    return document(f"{checked.name}: {checked.verdict}", body)


def _head(checked: Checked) -> str:
    whole: Outcome = "holds" if checked.exit_code == 0 else "fails" if checked.exit_code == 1 else "unknown"
    more = f"<small>{harmless(checked.openness)}</small>" if checked.openness else ""
    return (
        f'<header>\n<p class="kicker">fossml check</p>\n<h1>{harmless(checked.name)}</h1>\n'
        f'<div class="answer {whole}">{sign(whole, "sign")}<div>{harmless(checked.verdict)}{more}</div>'
        "</div>\n</header>\n"
    )


def _steps(steps: Sequence[str]) -> str:
    items = "".join(f"<li>{harmless(step)}</li>" for step in steps)
    return f"<ol>{items}</ol>" if items else ""


def _findings(findings: Iterable[Finding]) -> str:
    shown = "".join(map(_finding, findings))
    return f'<ul class="list findings">{shown}</ul>' if shown else ""


def _finding(one: Finding) -> str:
    where = ", ".join(places(one))
    texts = "".join(f"<pre>{harmless(seen.text)}</pre>" for seen in one.evidence[:3] if seen.text)
    hint = f'<div class="quiet">{harmless(one.hint)}</div>' if one.hint and one.status != "pass" else ""
    where = f'<div class="quiet mono">{harmless(where)}</div>' if where else ""
    mark = _badge(one, f"{one.code} {label(one)}")
    return f"<li>{mark} <b>{harmless(one.subject)}</b>: {harmless(said(one))}{where}{texts}{hint}</li>"


def _badge(one: Finding, words: str) -> str:
    if one.status == "not applicable":
        return f'<span class="chip">{harmless(words)}</span>'
    return badge(_STATUS.get(one.status, "unknown"), words)


def _table(checked: Checked) -> str:
    rows = "".join(_row(checked, one) for one in sorted(checked.items, key=lambda one: one.code))
    head = "<tr><th>item</th><th></th><th>status</th><th>evidence</th></tr>"
    return f'<table class="items"><thead>{head}</thead><tbody>{rows}</tbody></table>' if rows else ""


def _row(checked: Checked, one: Finding) -> str:
    title = checked.described[one.code].title if one.code in checked.described else ""
    seen = " ".join(f"<code>{harmless(where)}</code>" for where in places(one)[:3])
    return (
        f'<tr><td data-name="item">{one.code}</td><td data-name="what">{harmless(title)}</td>'
        f'<td data-name="status">{_badge(one, checked.label(one))}</td>'
        f'<td data-name="evidence">{seen} {harmless(said(one))}</td></tr>'
    )


def _waivers(checked: Checked) -> str:
    items = "".join(
        f"<li><b>{harmless(one.code)}</b> {harmless(one.because)}"
        f'<div class="quiet mono">{harmless(one.where)}</div></li>'
        for one in checked.waived
    )
    return f'<ul class="list">{items}</ul>' if items else ""


def _folded(findings: Sequence[Finding], what: str) -> str:
    if not findings:
        return ""
    return f"<details><summary>{len(findings)} {what}</summary>{_findings(findings)}</details>"
