"""A table as rows of cells, whatever it was written in, and the numbers that it prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

MOST_CELLS = 20_000
MOST_SPAN = 60
"""What one cell may reach across: more is a mistake, or meant to be one."""

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_VALUE = re.compile(
    rf"(?P<value>{_NUMBER})\s*(?P<percent>%?)\s*(?:(?:±|\+/-|\+-)\s*(?P<spread>{_NUMBER})|\(\s*±?\s*(?P<paren>{_NUMBER})\s*\))?"
    r"\s*(?P<after>%?)"
)
_ORNAMENT = re.compile(r"[*†‡§¶↑↓▲▼⬆⬇✓✔#^]+")
_UNLIKE = re.compile(
    r"(?i)(^|[^a-z])(params?|parameters?|#|flops?|gflops|macs|time|latency|fps|speed|throughput|epochs?|steps?|iters?"
    r"|iterations?|size|batch|memory|mem|ram|gb|mb|year|rank|ranking|seeds?|runs?|n|samples?|count|images|classes|layers?"
    r"|dim|dimension|lr|learning rate|weight decay|temperature|depth|width|resolution|gpus?|hours?|cost|price|id|index"
    r"|no|epoch|support|p-?value|download|url|link|config|version|date)([^a-z]|$)"
)
"""Columns that hold no result, by the names that they go by."""
_LIKE = re.compile(
    r"(?i)(^|[^a-z0-9])(\w*acc|\w*accuracy|f1\S*|\w*f1|au[rc]?oc|auc\S*|prec|precision|rec|recall|r2|r\^2|r²|m?ap\d*|map\S*"
    r"|bleu\S*|rouge\S*|m?iou|dice|psnr|ssim|lpips|reward|return|mcc|kappa|ndcg\S*|mrr|hits?\S*|top-?\s?\d\S*|em|loss|error"
    r"|err|rmse|mse|mae|nll|perplexity|ppl|wer|cer|fid|score|success|elbo|specificity|sensitivity|correlation|spearman"
    r"|pearson|ece|brier)([^a-z0-9]|$)"
)
"""Names of results."""
_LESS = re.compile(
    r"(?i)(^|[^a-z])(loss|error|err|rmse|mse|mae|nll|perplexity|ppl|wer|cer|fid|lpips|ece|brier)([^a-z]|$)"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, without markup, and the line it starts in."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """`name` as readers would call it, its `caption`, rows of as many cells each; the first `head` are its header."""

    name: str
    caption: str
    rows: tuple[tuple[Cell, ...], ...]
    head: int = 1


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it is published: whose, of which metric, its value and spread as printed, where it stands.

    `percent`: a sign stands at the number or in the header. `better` as an arrow says it.
    """

    subject: str
    metric: str
    value: str
    spread: str
    percent: bool
    line: int
    table: str = ""
    row: int = 0
    better: str = ""
    caption: str = ""
    statement: str = ""


def squared(rows: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """The rows with as many cells each, cut where they are more than a table of a paper has."""
    wide = min(MOST_CELLS, max((len(row) for row in rows), default=0))
    most = MOST_CELLS // max(1, wide)
    return tuple(tuple(row[:wide]) + (Cell("", row[0].line if row else 0),) * (wide - len(row)) for row in rows[:most])


def value_of(text: str) -> tuple[str, str, bool] | None:
    """Value and spread as printed, and whether a percent sign stands there; None for what is no number alone."""
    bare = _ORNAMENT.sub("", text[:80]).replace("\N{MINUS SIGN}", "-").strip()
    match = _VALUE.fullmatch(bare)
    if match is None:
        return None
    spread = match["spread"] or match["paren"] or ""
    return match["value"].removeprefix("+"), spread.lstrip("+-"), bool(match["percent"] or match["after"])


def numbers(table: Table) -> Iterator[Printed]:
    """Every number of the table that may be a result, row by row."""
    if not table.rows or len(table.rows) <= table.head:
        return
    heads = [_head(table, place) for place in range(len(table.rows[0]))]
    labels = _label_columns(table)
    turned = _turned(table, heads, labels)
    spreads = _spread_columns(heads)
    for number, row in enumerate(table.rows[table.head :], 1):
        subject = " ".join(dict.fromkeys(row[place].text for place in labels if row[place].text))
        for place, cell in enumerate(row):
            if place in labels or place in spreads.values():
                continue
            one = _number(cell, *((heads[place], subject) if turned else (subject, heads[place])))
            if one is None:
                continue
            if place in spreads and (beside := value_of(row[spreads[place]].text)) and not one.spread:
                one = replace(one, spread=beside[0])
            yield replace(one, table=table.name, row=number, caption=table.caption)


def _number(cell: Cell, subject: str, metric: str) -> Printed | None:
    found = value_of(cell.text)
    if found is None or _UNLIKE.search(metric) or not metric:
        return None
    value, spread, percent = found
    better = "more" if re.search("[↑▲⬆]", metric) else "less" if re.search("[↓▼⬇]", metric) else ""
    plain = re.sub(r"\s*[\[(]\s*[%↑↓▲▼⬆⬇]?\s*[\])]|[↑↓▲▼⬆⬇%]", "", metric).strip(" ,:;")
    return Printed(subject, plain, value, spread, percent or "%" in metric, cell.line, better=better)


def _head(table: Table, place: int) -> str:
    return " ".join(dict.fromkeys(row[place].text for row in table.rows[: table.head] if row[place].text))


def _label_columns(table: Table) -> frozenset[int]:
    """The columns that say whose numbers a row has: those with fewer numbers than words, up to the first of numbers."""
    body = table.rows[table.head :]
    found = {0}
    for place in range(1, len(table.rows[0])):
        texts = [row[place].text for row in body if row[place].text]
        if texts and 2 * sum(value_of(text) is not None for text in texts) > len(texts):
            break
        if any(re.search(r"[A-Za-z]", text) for text in texts):
            found.add(place)
    return frozenset(found)


def _turned(table: Table, heads: Sequence[str], labels: frozenset[int]) -> bool:
    """Whether the metrics stand in the rows and the methods in the header."""
    above = sum(bool(_LIKE.search(head)) for place, head in enumerate(heads) if place not in labels)
    aside = sum(bool(_LIKE.search(row[0].text)) for row in table.rows[table.head :])
    return aside > 0 and above == 0


def _spread_columns(heads: Sequence[str]) -> dict[int, int]:
    """Columns that are the spread of another: `accuracy_std` beside `accuracy` or `accuracy_mean`."""
    found = {}
    for place, head in enumerate(heads):
        base = re.sub(r"(?i)[\s_(]*(std|sd|stdev|standard deviation|±|sem|stderr)[\s)]*$", "", head)
        if base == head:
            continue
        names = [base.lower(), f"{base.lower()}_mean", f"{base.lower()} mean"]
        other = next((at for at, name in enumerate(heads) if at != place and name.lower().rstrip(" ") in names), None)
        if base and other is not None:
            found[other] = place
    return found


def looks_like_result(metric: str) -> bool:
    """Whether a name is one that results go by."""
    return _LIKE.search(metric) is not None


def good_side(metric: str) -> str:
    """`less` for a loss and its like; else ``, as it is not known."""
    return "less" if _LESS.search(metric) else ""
