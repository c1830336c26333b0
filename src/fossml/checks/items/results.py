"""D5: the results in the README, and the commands for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from fossml.checks.entry import has_code
from fossml.checks.items.item import Seen, answer, item
from fossml.scan.prose import Line, Prose
from fossml.scan.text import shown
from fossml.types import Evidence, Finding

_METRIC = (
    r"accuracy|acc\.?|errors?|err\.?|f1|auc|auroc|precision|prec@\d|recall|map|ap\d*|bleu|rouge|perplexity|ppl|"
    r"rmse|mse|mae|psnr|ssim|fid|inception|iou|miou|nll|bpd|bits/dim|bpc|loss|scores?|em|wer|cer|regret|"
    r"rewards?|return|top-?[15]|r@\d+|hits@\d+|mrr|ndcg|performance|results?|test|elbo|likelihood|flops|speed-?up|"
    r"dice"
)
_MEASURE = re.compile(rf"(?<![\w/-])({_METRIC})(?![\w/-])", re.I)
_STRICT = re.compile(
    r"(?<![\w/-])(accuracy|error( rate)?(?! bars?)|f1|auc|auroc|precision|prec@\d|recall|m?ap|bleu|perplexity|"
    r"rmse|mse|psnr|ssim|fid|iou|miou|nll|bits/dim|bpd|top-?[15]|score)(?![\w/-])",
    re.I,
)
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}\.\d{1,20}(?![\w.]{0,20}\.\d)|\b\d{1,3}(\.\d{1,20})?\s{0,3}%")
_VALUE = r"\d{1,4}\.\d{1,20}|\d{1,3}(?:\.\d{1,20})?\s{0,3}%"
_GIVES = re.compile(
    rf"(?:{_STRICT.pattern})[^.;,\d]{{0,25}}[\s=:(*|~]({_VALUE})|(?<![\w.])({_VALUE})[^.;,\d]{{0,15}}(?:{_STRICT.pattern})",
    re.I,
)
_ANY_NUMBER = re.compile(r"\|\s*[*_~<>≈]*\d[\d.,]*\s*(%|±|\+|/|[*_]|\||$)|\d\.\d|>\s*\d")
_NEITHER = re.compile(
    r"\b(hyper-?param\w*|requirements?|install\w*|dependenc\w*|arguments?|options?|flags?|versions?|changelog|"
    r"news)\b",
    re.I,
)
_RESULTS = re.compile(r"\b(results?|performance|benchmarks?|leader-?board|accuracy|scores?|evaluation)\b", re.I)
_FIGURE = re.compile(r"!\[([^\[\]]{0,200})\]\(([^)\s]{0,500})|<img[^<>]{0,500}>|\.\. (?:image|figure):: (\S+)", re.I)
_SHOWS = re.compile(r"results?(?![\w-]*\.svg)|experiments?|accuracy|performance|comparison of|benchmarks?", re.I)
_KEPT = re.compile(
    r"\bresults?[\w/.-]{0,200}\.(csv|tsv|xlsx?|json|txt|md|pdf|ipynb)\b|"
    r"\[[^\[\]]{0,200}\bresults\b[^\[\]]{0,200}\]\([^()]{0,300}\.(ipynb|md|csv|pdf)\)",
    re.I,
)


@item("D5", "the README has the results, and the command for each")
def results(seen: Seen) -> Finding:
    """The README has a table of results, and the exact command that gives each.

    Why: a reader wants to know what should come out, to see whether it did.

    Passes: a table with numbers of a measure in the README; sentences or lines that give numbers of a measure; a figure
    below a heading Results, or whose own title says so; files of results that it names. What a verification that is
    still valid has confirmed counts first. The evidence names the commands beside them; where there is none the message
    says so, and DOC002 fails.

    Fails: none of these. Tables of hyper-parameters, flags and versions do not count, nor figures that show a method or
    samples. A table in the paper alone does not count: the question is of the README.

    How it is decided: tables, lines and figures of the README (of READMEs in folders where the first has none), read
    with their headings. Not applicable where there is no code.
    """
    record = seen.facts.verification
    if record is not None and seen.verified and "holds" in record.outcomes:
        return answer("pass", f"{record.outcomes.count('holds')} claimed results were verified", seen.verified)
    if not has_code(seen.facts) and not seen.facts.stages:
        return answer("not applicable", "there is no code")
    if seen.readme is None:
        return answer(
            "fail", "there is no README", (), "write README.md with a table of results and the command for each"
        )
    found = list(_shown(seen.readme))
    commands = [line for one in seen.of("DOC002", status="pass") for line in one.evidence]
    if not found:
        message = f"not found in {seen.readme.path}: a table, numbers or figures of results"
        return answer("fail", message, commands[:2], "add a table: the result, and the command that gives it")
    said = "and the commands" if commands else "and no command (DOC002)"
    return answer("pass", f"{seen.readme.path} has results {said}", [*found[:6], *commands[:4]])


def _shown(one: Prose) -> Iterator[Evidence]:
    for is_table, group in groupby(one.lines, key=lambda line: line.kind == "table"):
        lines = list(group)
        found = _table(one, lines) if is_table else _lines(lines)
        yield from (Evidence(one.path, line.number, shown(line.text)) for line in found)


def _table(one: Prose, lines: list[Line]) -> list[Line]:
    """The rows with numbers, if the table, the line above it or its heading speaks of a measure."""
    text = "\n".join(line.text for line in lines)
    heading = lines[0].section.rpartition(" / ")[2]
    if _NEITHER.search(heading):
        return []
    above = " ".join(line.text for line in one.lines[max(0, lines[0].number - 4) : lines[0].number - 1])
    if _RESULTS.search(heading) or _STRICT.search(text):
        return [line for line in lines if _ANY_NUMBER.search(_bare(line.text))]
    rows = [line for line in lines if _NUMBER.search(_bare(line.text))]
    return rows if _MEASURE.search(f"{text}\n{heading}\n{above}") else []


def _bare(text: str) -> str:
    """A row without what stands in brackets, links and tags: sizes, years and addresses."""
    return re.sub(r"\([^()]{0,300}\)|https?://\S+|<[^<>]{0,300}>", " ", text)


def _lines(lines: list[Line]) -> list[Line]:
    """Numbers of a measure in at least two lines, figures and files that are called results."""
    numbers = [line for line in lines if _GIVES.search(line.text) and not _FIGURE.search(line.text)]
    texts = [line for line in lines if line.kind in {"text", "heading"}]
    figures = [line for line in texts if (match := _FIGURE.search(line.text)) and _is_result(match[0], line)]
    kept = [line for line in lines if line.kind != "code" and _KEPT.search(line.text)]
    return [*(numbers if len(numbers) > 1 else []), *figures, *kept]


def _is_result(figure: str, line: Line) -> bool:
    """A figure that calls itself results, or stands below a heading that does."""
    heading = line.section.rpartition(" / ")[2]
    return (
        bool(_SHOWS.search(figure) or re.search(r"\b(results?|performance)\b", heading, re.I)) and "badge" not in figure
    )
