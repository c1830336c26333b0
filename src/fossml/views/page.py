"""A Report as one HTML page that works from a file: no script, no network, every text of others escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fossml.types import Finding, Verdict
from fossml.views.digits import figure, is_percent
from fossml.views.forest import forest, harmless, interval, shown
from fossml.views.frame import badge, document, section, sign
from fossml.views.report import RUNGS, Outcome, Outputs, Performed, Report, Step, Told, duration
from fossml.views.sentence import Judged, related, sentence
from fossml.views.table import answer, by_need, soft_note, tables, well_found

_SAID: dict[Outcome, str] = {"holds": "holds", "fails": "does not hold", "unknown": "could not be told"}

_STATUS: dict[str, Outcome] = {"fail": "fails", "pass": "holds"}

_LEGEND = """\
<ul class="legend" aria-hidden="true">
<li><svg width="16" height="16"><svg class="claimed" x="8" y="8" overflow="visible"><path d="M0 -7 L7 0 L0 7 L-7 0 Z"/>\
</svg></svg>claimed, with what its last digit leaves open</li>
<li><svg width="34" height="16"><line class="interval" x1="1" x2="33" y1="8" y2="8"/><svg class="measured" x="17" y="8"\
 overflow="visible"><circle r="5.5"/></svg></svg>measured, with its interval</li>
<li><svg width="10" height="16"><circle class="run" cx="5" cy="8" r="3.5"/></svg>one run</li>
</ul>"""


def page(report: Report) -> str:
    """The whole page."""
    body = "".join(
        [
            _head(report),
            "<main>",
            section("Claims", _LEGEND + "".join(map(_claim, report.claims))),
            section("What was noticed", _findings(report.findings)),
            section("Not checked", _plain_list(report.not_checked)),
            section("Outputs", _outputs(report.outputs)),
            section("Price", _price(report)),
            section("Environment", _environment(report)),
            section("How to repeat it", _repeat(report)),
            "</main>",
            _foot(report),
        ]
    )
    return document(f"{report.title}: {answer(report)}", body)


def _plain_list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{harmless(line)}</li>" for line in lines)
    return f'<ul class="list">{items}</ul>' if items else ""


def _head(report: Report) -> str:
    whole = _whole(report.exit_code)
    said = harmless(answer(report))
    more = [*tables(report.claims), *([soft_note(report.claims)] if soft_note(report.claims) else [])]
    small = "".join(f"<small>{harmless(line)}</small>" for line in more)
    return (
        f'<header>\n<p class="kicker">fossml verify</p>\n<h1>{harmless(report.title)}</h1>\n{_from(report)}'
        f'<div class="answer {whole}">{sign(whole, "sign")}<div>{said}{small}</div>'
        f"</div>\n{_facts(report)}</header>\n"
    )


def _whole(code: int) -> Outcome:
    return "holds" if code == 0 else "fails" if code == 1 else "unknown"


def _from(report: Report) -> str:
    source = report.source
    parts = [f"<code>{harmless(source.url or source.name)}</code>"]
    if source.commit:
        parts.append(f'commit <code title="{harmless(source.commit)}">{harmless(source.commit[:12])}</code>')
        parts += ["with files that differ from it"] if source.dirty else []
    elif not report.command:
        parts.append("in no commit, so nobody can name this state of it")
    if report.when:
        parts.append(harmless(report.when.replace("T", " ").replace("+00:00", " UTC")))
    return f'<p class="from">{" · ".join(parts)}</p>\n'


def _facts(report: Report) -> str:
    count = len(report.runs)
    known = sum(1 for run in report.runs if run.recorded)
    rungs = sorted({one.rung for told in report.claims for one in told.judged.verdicts if one.rung})
    entries = [
        ("Runs", str(count), f"{known} on record before" if known else ""),
        ("Fresh seeds", str(len(report.seeds)), ""),
        ("Hardware", duration(report.seconds), f"{duration(report.seconds_now)} of it now" if known else ""),
        ("Rungs", ", ".join(rungs) or "none", ""),
    ]
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{value}{f'<small>{more}</small>' if more else ''}</dd></div>"
        for name, value, more in entries
    )
    return f'<dl class="facts">{cells}</dl>\n'


def _claim(told: Told) -> str:
    judged = told.judged
    claim, first = judged.claim, judged.verdicts[0]
    rung = f'<span class="chip">{first.rung} {RUNGS[first.rung]}</span>' if first.rung else ""
    soft = f'<p class="quiet">It does not count: {harmless(told.soft)}</p>' if told.soft else ""
    statement = f'<p class="statement">{harmless(claim.statement)}</p>' if claim.statement else ""
    where = " · ".join(harmless(part) for part in (claim.where, claim.metric) if part)
    measured = judged.scores or any(one.estimate for one in judged.verdicts)
    # What is found of a comparison is a chance or a correlation: it has no place on the axis of the metric.
    plot = forest(judged) if measured and not claim.others else ""
    # What a comparison claims stands above already.
    said = f"{first.reason}." if claim.others else sentence(judged)
    readings = "".join(_reading(one, said) for one in (*judged.verdicts, *(v for j in told.beside for v in j.verdicts)))
    return (
        f'<article class="claim" id="claim-{harmless(claim.id)}">\n<header><h3>{harmless(claim.id)}</h3>'
        f'{badge(told.outcome, told.verdict)}{rung}</header>\n{statement}<p class="quiet">{where}</p>\n'
        f"{_numbers(judged)}{plot}\n<p>{harmless(said)}</p>{soft}\n"
        f'<ul class="readings">{readings}</ul>\n</article>\n'
    )


def _numbers(judged: Judged) -> str:
    """The claimed number beside the measured one."""
    claim, first = judged.claim, judged.verdicts[0]
    sign = {"=": "", ">=": "≥ ", "<=": "≤ "}[claim.comparison]
    said = related(claim) if claim.others else sign + claim.text
    parts = [f'<span class="c">claimed <b>{harmless(said)}</b></span>']
    if claim.others:
        return f'<p class="numbers">{parts[0]}</p>\n'
    if first.estimate is not None:
        one = first.estimate
        ends = f" ({interval(one, claim)})" if one.low != one.high else ""
        parts.append(f'<span class="m">measured <b>{shown(one.value, claim, 1)}</b>{ends}</span>')
    elif judged.scores:
        parts.append(f'<span class="m">measured <b>{shown(judged.scores[0], claim, 1)}</b></span>')
    return f'<p class="numbers">{"".join(parts)}</p>\n'


def _reading(verdict: Verdict, above: str) -> str:
    read = f"read as {verdict.reading}: " if verdict.reading else ""
    facts = [verdict.rung or "nothing measured", f"{verdict.runs} run{'' if verdict.runs == 1 else 's'}"]
    if verdict.estimate is not None:
        facts.append(verdict.estimate.method)
    if verdict.margin is not None:
        facts.append(f"margin {figure(verdict.margin, is_percent(verdict.claim.text), 4)}")
    if verdict.seconds:
        facts.append(duration(verdict.seconds))
    # A verdict whose sentence is its reason has said it above.
    told = not verdict.reason or verdict.reason in above
    reason = "" if told else f" {harmless(verdict.reason)}"
    return (
        f'<li>{harmless(read)}<b>{verdict.name}</b>.{reason}<div class="quiet">{harmless(" · ".join(facts))}</div></li>'
    )


def _findings(findings: Sequence[Finding]) -> str:
    """What is to be looked at in the open, what is well folded away."""
    first, well = by_need(findings)
    folded = "".join(map(_finding, well))
    said = f'<ul class="list findings">{"".join(map(_finding, first))}</ul>' if first else ""
    if folded:
        said += f'<details><summary>{well_found(len(well))}</summary><ul class="list">{folded}</ul></details>'
    return said


def _finding(one: Finding) -> str:
    places = ", ".join(f"{seen.path}:{seen.line}" if seen.line else seen.path for seen in one.evidence)
    texts = "".join(f"<pre>{harmless(seen.text)}</pre>" for seen in one.evidence[:3] if seen.text)
    hint = f'<div class="quiet">{harmless(one.hint)}</div>' if one.hint and one.status != "pass" else ""
    place = f'<div class="quiet mono">{harmless(places)}</div>' if places else ""
    mark = badge(_STATUS.get(one.status, "unknown"), f"{one.code} {one.status}")
    return f"<li>{mark} <b>{harmless(one.subject)}</b>: {harmless(one.message)}{place}{texts}{hint}</li>"


def _outputs(outputs: Outputs | None) -> str:
    if outputs is None:
        return ""
    rows = [
        *((path, outputs.how.get(path, "different"), "fails") for path in outputs.different),
        *((path, outputs.how.get(path, "same bytes"), "holds") for path in outputs.same),
        *((path, "not on record", "unknown") for path in outputs.unrecorded),
        *((path, outputs.how.get(path, "not rebuilt: no claim rests on it"), "unknown") for path in outputs.left_out),
    ]
    if not rows:
        return ""
    known = len(outputs.same) + len(outputs.different)
    lead = (
        f"{len(outputs.same)} of {known} outputs are as dvc.lock records them."
        if known
        else "None of them was rebuilt."
        if outputs.left_out
        else "No dvc.lock records them, so there is nothing to compare the rebuild with."
    )
    body = "".join(f'<li><span class="mono">{harmless(path)}</span>: {harmless(how)}</li>' for path, how, _ in rows)
    count = f"{len(rows)} output{'' if len(rows) == 1 else 's'}"
    start = "<details open>" if outputs.different else "<details>"
    return f'<p>{lead}</p>{start}<summary>{count}</summary><ul class="list">{body}</ul></details>'


def _price(report: Report) -> str:
    total = f"{duration(report.seconds)} of this hardware in {len(report.runs)} runs"
    budget = f", within a budget of {duration(report.budget)}" if report.budget else ""
    stopped = f" Stopped: {harmless(report.stopped)}." if report.stopped else ""
    left = [step for step in report.plan if step.left_out]
    head = f"<p>{total}{budget}.{stopped}</p>" if report.runs else ""
    omitted = "".join(map(_step, left))
    omitted = f'<p class="quiet">Left out:</p><ul class="list">{omitted}</ul>' if omitted else ""
    return head + omitted + _run_table(report)


def _step(step: Step) -> str:
    price = "price not known" if step.seconds is None else duration(step.seconds)
    more = f"({', '.join(step.claims)}; {price}): {step.left_out}"
    return f'<li>{harmless(step.what)} <span class="quiet">{harmless(more)}</span></li>'


def _run_table(report: Report) -> str:
    if not report.runs:
        return ""
    ids = [told.judged.claim.id for told in report.claims]
    rows = "".join(_run(run, ids) for run in report.runs)
    head = "<tr><th>run</th><th class=n>seed</th><th>values</th><th class=n>took</th></tr>"
    table = f'<table class="runs"><thead>{head}</thead><tbody>{rows}</tbody></table>'
    return f"<details><summary>Every run</summary>{table}</details>"


def _run(run: Performed, ids: Sequence[str]) -> str:
    said = [
        f"{name} {', '.join(f'{x:.6g}' for x in list(values.values())[:4])}"
        for name, values in zip(ids, run.values, strict=False)
        if values
    ]
    took = duration(run.seconds) + (" (on record)" if run.recorded else "")
    seed = "–" if run.seed is None else str(run.seed)
    values = harmless(run.failure or "; ".join(said))
    return (
        f'<tr><td data-name="run">{harmless(run.what)}</td><td class="n" data-name="seed">{seed}</td>'
        f'<td data-name="values">{values}</td><td class="n" data-name="took">{took}</td></tr>'
    )


def _environment(report: Report) -> str:
    pairs = [("interpreter", report.python)] if report.python else []
    packages = ""
    if report.environment is not None:
        pairs.append(("Python", report.environment.python))
        pairs += list(report.environment.hardware.items())
        names = sorted(report.environment.distributions.items())
        items = "".join(f"<li>{harmless(name)} {harmless(version)}</li>" for name, version in names)
        packages = f'<details><summary>{len(names)} packages</summary><ul class="packages mono">{items}</ul></details>'
    if not pairs:
        return ""
    return f'<dl class="pairs">{"".join(_pair(name, value) for name, value in pairs)}</dl>{packages}'


def _pair(name: str, value: str) -> str:
    return f"<dt>{harmless(name)}</dt><dd><code>{harmless(value)}</code></dd>"


def _repeat(report: Report) -> str:
    parts = ["<pre>" + "\n".join(map(harmless, report.repeat.split("\n"))) + "</pre>"]
    if report.seeds:
        parts.append(f"<p>Seeds: <code>{', '.join(map(str, report.seeds))}</code>.</p>")
    if report.records:
        parts.append(f"<p>The runs are kept in <code>{harmless(report.records)}</code>.</p>")
    digests = "".join(_pair(path, md5) for files in report.source.digests.values() for path, md5 in files.items())
    if digests:
        parts.append(f'<details><summary>What this rests on</summary><dl class="pairs">{digests}</dl></details>')
    parts += [f'<p class="quiet">{harmless(hint)}</p>' for hint in report.hints]
    parts += [f'<p class="quiet">{harmless(said)}</p>' for said in report.accepted]
    return "".join(parts)


def _foot(report: Report) -> str:
    version = f" {harmless(report.made_by)}" if report.made_by else ""
    return (
        f"<footer><p>Made by fossml{version}. A verdict names its rung: what was done to reach it. An interval holds "
        "for this code, data and kind of machine; what was not checked stands above.</p></footer>"
    )
