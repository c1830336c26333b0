"""`[[claim]]` tables in TOML, from published numbers and the metrics that they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fossml.verify.propose import published
from fossml.verify.propose.grid import Printed, good_side, looks_like_result, numbers
from fossml.verify.propose.latex import tables as latex_tables
from fossml.verify.propose.markdown import tables as markdown_tables
from fossml.verify.propose.match import Known, Match, deduplicated, match
from fossml.verify.propose.prose import said, sentences

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Draft:
    """The TOML text, how many claims it makes, how many more stand in it as comments."""

    text: str
    claimed: int
    open: int


def read(name: str, text: str) -> list[Printed]:
    """Every number that the document `name` publishes as a result, by the suffix of its name; never an error."""
    lower = name.lower()
    if lower.endswith((".tex", ".ltx")):
        return _with_sentences([one for table in latex_tables(text) for one in numbers(table)], text)
    if lower.endswith((".csv", ".tsv")):
        return list(numbers(published.csv_table(text)))[:_MOST]
    if lower.endswith((".yaml", ".yml")):
        return list(published.eval_results(text))[:_MOST]
    if lower.endswith((".json", ".jsonld")):
        return list(published.croissant_tasks(text))[:_MOST]
    matter, _ = published.front_matter(text)
    blank = re.sub(r"[^\n]", "", text[: len(matter) + 8]) + text[len(matter) + 8 :] if matter else text
    inside = [one for table in markdown_tables(blank) for one in numbers(table)]
    return _with_sentences([*published.model_index(text), *inside], blank)


def _with_sentences(found: list[Printed], text: str) -> list[Printed]:
    lines = {one.line for one in found}
    return deduplicated([*found, *(one for one in sentences(text) if one.line not in lines)])[:_MOST]


def draft(name: str, found: Sequence[Printed], known: Sequence[Known], taken: Sequence[str] = ()) -> Draft:
    """The claims of the document `name`; those that no metric fits stand as comments. `taken` are ids in use."""
    ids = set(taken)
    blocks, claimed, left = [], 0, 0
    for one in found:
        fits = match(one, known)
        good = fits is not None and fits.good
        if not good and not _is_result(one):
            continue
        lines = _block(name, one, fits, _id(one, ids))
        claimed, left = claimed + good, left + (not good)
        blocks.append("\n".join(lines if good else [f"# {line}".rstrip() for line in lines]))
    head = [
        f"# Drafted from {_quiet(name)}: {claimed} claims; {left} more are comments, as no metric surely is theirs."
    ]
    return Draft("\n\n".join([*head, *blocks]) + "\n", claimed, left)


def _is_result(one: Printed) -> bool:
    """Whether it is worth a comment: its metric, or the caption that says what all numbers are, is that of results."""
    return bool(one.statement) or not one.table or one.percent or any(map(looks_like_result, (one.metric, one.caption)))


def _block(name: str, one: Printed, fits: Match | None, identity: str) -> list[str]:
    scaled = fits.hundredfold if fits and fits.good else None
    percent = one.percent if scaled is None else scaled
    sign = " %" if percent else ""
    place = f"{name}:{one.line}" + (f", {one.table}, row {one.row}" if one.table else "")
    lines = ["[[claim]]", f"id = {_toml(identity)}", f"statement = {_toml(_statement(one))}", f"where = {_toml(place)}"]
    metric = fits.metric if fits else "metrics.json:?"
    lines.append(
        f"metric = {_toml(metric)}  # {_quiet(fits.how) if fits else 'nothing that the repository makes fits'}"
    )
    lines.append(f"value = {_toml(one.value + sign)}")
    if one.spread:
        lines.append(f"spread = {_toml(one.spread + sign)}")
    side = one.better or good_side(one.metric)
    lines += [f"better = {_toml(side)}"] if side else []
    lines += [f"table = {_toml(f'{name}, {one.table}')}"] if one.table else []
    return lines + _as_said(one)


def _as_said(one: Printed) -> list[str]:
    """How the caption says the number is meant: for the author to take over, as only they can say it."""
    meant = said(one.caption or one.statement)
    lines = [f'# reading = "{meant.reading}"'] if meant.reading else []
    lines += [f'# spread_kind = "{meant.spread_kind}"'] if meant.spread_kind and one.spread else []
    return [*lines, f"# as it says: {_quiet(meant.words)[:160]}"] if lines else []


def _statement(one: Printed) -> str:
    if one.statement:
        return one.statement
    sign = " %" if one.percent else ""
    spread = f" ± {one.spread}" if one.spread else ""
    return f"{one.subject}: {one.metric} {one.value}{spread}{sign}".removeprefix(": ")


def _id(one: Printed, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", f"{one.subject} {one.metric}".lower()).strip("-")[:60] or "claim"
    name, count = slug, 2
    while name in taken:
        name, count = f"{slug}-{count}", count + 1
    taken.add(name)
    return name


def _toml(text: str) -> str:
    """A basic string of TOML."""
    quoted = _quiet(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _quiet(text: str) -> str:
    """One line that can stand in a comment and in a string: no control characters, no half of a surrogate pair."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).strip()
