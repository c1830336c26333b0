"""What captions and sentences say of a number: of how many runs it is, what its spread is, what is claimed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fossml.verify.propose.grid import Printed

_WORDS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twenty": 20,
}
_RUNS = re.compile(
    rf"(?i)\b(\d{{1,3}}|{'|'.join(_WORDS)})\s+(?:[a-z-]+\s+){{0,3}}?(runs|seeds|trials|repetitions|repeats|restarts|replicates"
    r"|initiali[sz]ations|experiments)\b"
)
_METRIC = r"accuracy|f1(?:[- ]score)?|auroc|auc|precision|recall|miou|map|bleu|rmse|mse|mae|perplexity|error rate|error"
_NUMBER = r"\d+(?:\.\d+)?"
_OF = re.compile(
    rf"(?i)\b((?:[a-z0-9-]+ )?(?:{_METRIC}))\s+(?:score\s+)?(?:of|is|reaches|at)\s+(?:about |only |up to )?"
    rf"({_NUMBER})(?:\s*(?:±|\+/-)\s*({_NUMBER}))?\s*(%)?"
)
_FIRST = re.compile(
    rf"(?i)({_NUMBER})(?:\s*(?:±|\+/-)\s*({_NUMBER}))?\s*(%)?\s+"
    rf"((?:test |top-1 |top-5 |mean |validation )?(?:{_METRIC}))\b"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a caption says: `reading` as in a claim, the kind of spread, and the words that say so."""

    reading: str = ""
    spread_kind: str = ""
    words: str = ""


def said(caption: str) -> Said:
    """How the numbers below a caption are meant, as far as it says."""
    text = caption[:2000]
    runs = _RUNS.search(text)
    n = (int(runs[1]) if runs[1].isdigit() else _WORDS[runs[1].lower()]) if runs else None
    kind = _kind(text)
    reading = ""
    if re.search(r"(?i)\bbest\s+(of|over|across|among)\b", text) and n:
        reading = f"best:{n}"
    elif re.search(r"(?i)\b(mean|averaged?|avg)\b", text) or kind or n:
        reading = f"mean:{n}" if n else "mean" if re.search(r"(?i)\b(mean|averaged?|avg)\b", text) else ""
    return Said(reading, kind, text.strip() if reading or kind else "")


def _kind(text: str) -> str:
    if re.search(r"(?i)\b(standard errors?|std\.? ?err(or)?|s\.?e\.?m\.?)\b", text):
        return "se"
    if re.search(r"(?i)95\s*%?\s*(confidence|ci\b|c\.i)|confidence intervals?", text):
        return "ci95" if re.search(r"95", text) else ""
    return (
        "sd"
        if re.search(r"(?i)\b(standard deviations?|std\.?|stdev|s\.d\.)(\b|\s|\W|$)|\bmean\s*±\s*sd\b", text)
        else ""
    )


def sentences(text: str) -> Iterator[Printed]:
    """Numbers that a sentence gives a metric: `an accuracy of 95.3 %`, `95.3 % accuracy`; no lines of tables."""
    for number, line in enumerate(text.split("\n")[:20_000], 1):
        if line.count("|") > 1 or line.count("&") > 1 or len(line) > 2000:
            continue
        plain = line.replace("\\%", "%").replace("$", "").replace("\\pm", "±").replace("**", "")
        for match in _OF.finditer(plain):
            yield _printed(match[1], match[2], match[3], match[4], number, plain)
        for match in _FIRST.finditer(plain):
            yield _printed(match[4], match[1], match[2], match[3], number, plain)


def _printed(metric: str, value: str, spread: str | None, percent: str | None, line: int, text: str) -> Printed:
    return Printed("", metric.strip(), value, spread or "", bool(percent), line, statement=text.strip()[:200])
