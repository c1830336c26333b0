"""What a text has of the moment and the machine that wrote it: times, durations, paths, addresses."""

from __future__ import annotations

import re

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


_KINDS = {
    "timestamps": (
        rf"(?<![\d.]){_DATE}(?:[T _]{_CLOCK}{_ZONE})?(?![\d.])"
        rf"|\b(?:{_DAYS},?\s+)?(?:{_MONTHS}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTHS})(?:\s+\d{{4}})?\s+{_CLOCK}"
        rf"(?:{_ZONE}\s+\d{{4}})?{_ZONE}"
        rf"|(?<![\d:.]){_CLOCK}(?![\d:])"
        r"|(?<![\w.])1[5-9]\d{8}\.\d{3,9}(?![\w.])"  # seconds since 1970, as `date +%s.%N` writes them
    ),
    "durations": (
        rf"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?\s?{_UNITS}(?:/(?:it|step|epoch|batch|iter|sample))?(?![\w/])"
        r"|(?<![\w.])\d+(?:\.\d+)?\s?(?:it|iter|steps?|samples|batch(?:es)?|tokens)/s(?!\w)"
        r"|(?<![\d:])\d{1,3}:\d{2}(?=<|\])|(?<=<)\d{1,3}:\d{2}(?![\d:])"
    ),
    "absolute paths": r"(?<![\w./:~-])(?:/[\w.@+%~-]+){2,}/?|(?<!\w)[A-Za-z]:\\(?:[\w.@+~ -]+\\)+[\w.@+~-]*",
    "addresses in memory": r"\b0x[0-9a-fA-F]{6,16}\b",
    "process numbers": r"\b(?:pid|PID)[ =:]+\d+",
}
_NAMES = tuple(_KINDS)
_ANY = re.compile("|".join(f"(?P<k{place}>{pattern})" for place, pattern in enumerate(_KINDS.values())))
_HINT = re.compile(r"[\d/\\]")


def is_time(name: str) -> bool:
    """Whether a key or a column is named like the time that something took or happened: `fit_time`, `timestamp`."""
    return _TIME_NAMES.search(name) is not None


def settled(text: str) -> tuple[str, list[tuple[str, str]]]:
    """`text` with a word in place of each time, duration, path and the like; and these, each with what it is.

    Of a path its last part stays.
    """
    if _HINT.search(text) is None:
        return text, []
    found: list[tuple[str, str]] = []

    def replace(match: re.Match[str]) -> str:
        kind = _NAMES[int((match.lastgroup or "k0")[1:])]
        found.append((kind, match[0]))
        last = re.split(r"[/\\]", match[0].rstrip("/\\"))[-1] if kind == "absolute paths" else ""
        return f"<{kind}>{last}"

    return _ANY.sub(replace, text), found


def alike(left: str, right: str) -> tuple[str, ...] | None:
    """What differs between two texts, if that is nothing but times, durations, paths and the like; None otherwise."""
    (a, some), (b, others) = settled(left), settled(right)
    return moved(some, others) if a == b else None


def moved(some: list[tuple[str, str]], others: list[tuple[str, str]]) -> tuple[str, ...]:
    """The kinds of those that are not the same on both sides."""
    kinds = dict.fromkeys(x for (x, one), (_, other) in zip(some, others, strict=False) if one != other)
    return tuple(kinds)
