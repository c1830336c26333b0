"""A baseline: the failures that a repository has today, so that only new ones count tomorrow."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from fossml.errors import FossmlError
from fossml.types import Finding

_VERSION = 1


def dump(findings: Iterable[Finding]) -> str:
    """The failures as a file to keep: each by what it says of what, not by its line."""
    counts = Counter(_name(one) for one in findings if one.status == "fail")
    known = [
        {"code": code, "subject": subject, "path": path, "text": text, "count": count}
        for (code, subject, path, text), count in sorted(counts.items())
    ]
    return json.dumps({"version": _VERSION, "known": known}, indent=1) + "\n"


def read(text: str, file: str) -> Counter[tuple[str, ...]]:
    """How often each failure is known. FossmlError where the file is no baseline."""
    try:
        data = json.loads(text)
        if data["version"] != _VERSION:
            raise ValueError(f"version {data['version']!r}")
        keys = ("code", "subject", "path", "text")
        return Counter({tuple(str(one[key]) for key in keys): int(one["count"]) for one in data["known"]})
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        hint = f"make one: fossml check --write-baseline --baseline {file}"
        raise FossmlError(f"is no baseline: {error}", where=file, hint=hint) from error


def split(findings: Iterable[Finding], known: Counter[tuple[str, ...]]) -> tuple[list[Finding], list[Finding]]:
    """The findings without the failures that are known, and those; one more of the same kind is new."""
    left = Counter(known)
    new: list[Finding] = []
    old: list[Finding] = []
    for one in findings:
        name = _name(one)
        if one.status == "fail" and left[name] > 0:
            left[name] -= 1
            old.append(one)
        else:
            new.append(one)
    return new, old


def _name(one: Finding) -> tuple[str, ...]:
    """What stays the same when lines move and other lines change. An item speaks of the whole repository."""
    seen = one.evidence[0] if one.evidence and one.subject != "repository" else None
    return (one.code, one.subject, seen.path if seen else "", seen.text if seen else "")
