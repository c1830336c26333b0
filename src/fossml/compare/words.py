"""What a text has of the moment and the machine that wrote it: times, durations, paths, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_DATE = r"\d{4}[-/]\d{2}[-/]\d{2}"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_DAYS, _MONTHS = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_UNITS = r"(?:ns|[uµ]s|ms|msec|s|sec|secs|seconds?|mins?|minutes?|hrs?|hours?)"

_TIME_NAMES = re.compile(
    r"(?:^|[._\s-])(?:timestamp|timestamps|elapsed|duration|durations|runtime|walltime|started|finished|created|"
    r"created_at|updated_at|start_time|end_time|wall_time|(?:fit|train|training|eval|score|test|cpu|run|total|epoch|"
    r"inference|elapsed|step|iteration)_(?:time|seconds?|secs?|runtime|duration)|(?:seconds|samples|steps|tokens|"
    r"iterations|it)_per_second|per_second)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of thing that says nothing about the result; `keep` is what of a match still counts."""

    name: str
    pattern: re.Pattern[str]
    keep: Callable[[re.Match[str]], str]


def _as(word: str) -> Callable[[re.Match[str]], str]:
    return lambda _match: word


_KINDS = (
    _Kind(
        "timestamps",
        re.compile(
            rf"(?<![\d.]){_DATE}(?:[T _]{_CLOCK}{_ZONE})?(?![\d.])"
            rf"|\b(?:{_DAYS},?\s+)?(?:{_MONTHS}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTHS})(?:\s+\d{{4}})?\s+{_CLOCK}(?:{_ZONE}\s+\d{{4}})?{_ZONE}"
            rf"|(?<![\d:.]){_CLOCK}(?![\d:])"
        ),
        _as("<time>"),
    ),
    _Kind(
        "durations",
        re.compile(
            rf"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?\s?{_UNITS}(?:/(?:it|step|epoch|batch|iter|sample))?(?![\w/])"
            r"|(?<![\w.])\d+(?:\.\d+)?\s?(?:it|iter|steps?|samples|batch(?:es)?|tokens)/s(?!\w)"
            r"|(?<![\d:])\d{1,3}:\d{2}(?=<|\])|(?<=<)\d{1,3}:\d{2}(?![\d:])"
        ),
        _as("<duration>"),
    ),
    _Kind(
        "absolute paths",
        re.compile(r"(?<![\w./:~-])(?:/[\w.@+%~-]+){2,}/?|(?<!\w)[A-Za-z]:\\(?:[\w.@+~ -]+\\)+[\w.@+~-]*"),
        lambda match: "<path>/" + re.split(r"[/\\]", match[0].rstrip("/\\"))[-1],
    ),
    _Kind("addresses in memory", re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), _as("<address>")),
    _Kind("process numbers", re.compile(r"\b(?:pid|PID)[ =:]+\d+"), _as("<pid>")),
)


def is_time(name: str) -> bool:
    """Whether a key or a column is named like the time that something took or happened: `fit_time`, `timestamp`."""
    return _TIME_NAMES.search(name) is not None


def alike(left: str, right: str) -> tuple[str, ...] | None:
    """What differs between two texts, if that is nothing but times, durations, paths and the like; None otherwise."""
    found = []
    for kind in _KINDS:
        if kind.pattern.findall(left) != kind.pattern.findall(right):
            found.append(kind.name)
        left, right = kind.pattern.sub(kind.keep, left), kind.pattern.sub(kind.keep, right)
    return tuple(found) if left == right else None
