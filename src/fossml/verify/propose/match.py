"""Which metric of the repository a published number is: by its value at the printed precision, and by names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fossml.verify.propose.grid import Printed
from fossml.views.digits import printed

_SAME = {
    "acc": "accuracy",
    "acc1": "top1",
    "acc5": "top5",
    "prec": "precision",
    "rec": "recall",
    "err": "error",
    "auroc": "auc",
    "rocauc": "auc",
    "ppl": "perplexity",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
    "testing": "test",
    "fscore": "f1",
}
_QUIET = frozenset(
    {"json", "yaml", "yml", "csv", "toml", "metrics", "metric", "results", "result", "score", "the", "on", "of"}
)


@dataclass(frozen=True, slots=True)
class Known:
    """A metric that the repository makes: `text` as a claim names it, its value in the last run where that is known."""

    text: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The metric that fits, how well in words, whether well enough to be claimed.

    `hundredfold`: the number is printed in per cent, the metric is a fraction; None: that is not known.
    """

    metric: str
    how: str
    good: bool
    hundredfold: bool | None = None


def match(number: Printed, known: Sequence[Known]) -> Match | None:
    """The metric that fits best; None where nothing speaks for any of them."""
    wanted, whose = tokens(number.metric), tokens(number.subject)
    rated = [(_rate(number, wanted, whose, one), place) for place, one in enumerate(known)]
    best = max(rated, key=lambda pair: (pair[0].points, -pair[1]), default=None)
    if best is None or best[0].points <= 0:
        return None
    rate, one = best[0], known[best[1]]
    tied = sum(other.points == rate.points for other, _ in rated) > 1
    how = _how(rate, one) + (", and others fit as well" if tied else "")
    good = not tied and ((rate.value and rate.named) or rate.whole)
    return Match(one.text, how, bool(good), _hundredfold(number, one.value))


def _hundredfold(number: Printed, value: float | None) -> bool | None:
    if value is None:
        return None
    return printed(number.value).value > 1.5 >= abs(value)


@dataclass(frozen=True, slots=True)
class _Rate:
    points: float
    value: bool
    named: bool
    whole: bool


def _rate(number: Printed, wanted: Counter[str], whose: Counter[str], one: Known) -> _Rate:
    """Points for the value, for each word of the metric's name and of the method's that the key or the path has."""
    names = tokens(one.text)
    shared, owner = wanted & names, whose & names
    equal = _equal(number, one.value)
    other = one.value is not None and not equal
    whole = bool(wanted) and not wanted - names and not whose - names
    extra = sum((names - wanted - whose).values())
    points = 4.0 * equal + 2.0 * sum(shared.values()) + 1.5 * sum(owner.values()) - 0.01 * extra - 0.5 * other
    spoken = bool(equal or shared)
    return _Rate(points if spoken else 0.0, equal, bool(shared or owner), whole)


def _equal(number: Printed, value: float | None) -> bool:
    """Whether the value is the number as printed, be it as a fraction or in per cent."""
    if value is None:
        return False
    shape = printed(number.value)
    scale = 100 if _hundredfold(number, value) else 1
    return abs(value * scale - shape.value) <= shape.slack * (1 + 1e-9)


def _how(rate: _Rate, one: Known) -> str:
    there = f"there it is {one.value:.6g}" if one.value is not None else "its value is not known yet"
    by = "by value and name" if rate.value and rate.named else "by value alone" if rate.value else "by name alone"
    return f"matched {by}: {there}"


@lru_cache(maxsize=20_000)
def _tokens(text: str) -> tuple[str, ...]:
    parted = re.sub(r"([a-z])([A-Z][a-z])", r"\1 \2", text[:300])
    joined = re.sub(r"(?i)\b(top|f|acc|r|map|hits)\s*[-@_]?\s*(\d+)\b", r"\1\2", parted.lower().replace("²", "2"))
    words = [word for word in re.split(r"[^a-z0-9]+", joined) if word]
    return tuple(_SAME.get(word, word) for word in words if word not in _QUIET)


def tokens(text: str) -> Counter[str]:
    """The words of a name, each once, spelled alike."""
    return Counter(dict.fromkeys(_tokens(text), 1))


def deduplicated(numbers: Iterable[Printed]) -> list[Printed]:
    """Each number once: a sentence often repeats what a table says."""
    return list({(one.subject, one.metric, one.value, one.table, one.row): one for one in numbers}.values())
