"""What findings come to: one line of verdict, and the steps that are worth most."""

from __future__ import annotations

from collections.abc import Sequence

from fossml.facts import Facts
from fossml.types import Finding

MOST_STEPS = 3
_WORTH = (
    "DVC002", "SEC001", "PKL001", "DEP001", "DEP003", "ENT001", "ENT002", "PATH001", "DATA001", "RUN004", "DOC001",
    "DOC002", "DVC001", "DEP002", "SEED001", "LIC001", "DATA002", "PATH002", "DL001", "NB001", "NB002", "PY001",
    "DATA003",
)  # fmt: skip
"""The rules by what mending one is worth to a reader: what stops everybody first, then what changes the numbers."""


def next_steps(findings: Sequence[Finding]) -> list[str]:
    """At most three things to do, each a command or an edit, hard failures first."""
    open_ = [one for one in findings if one.status == "fail" and one.hint]
    ranked = sorted(open_, key=lambda one: (one.level, _WORTH.index(one.code) if one.code in _WORTH else len(_WORTH)))
    first = {one.code: one for one in reversed(ranked)}
    codes = list(dict.fromkeys(one.code for one in ranked))[:MOST_STEPS]
    return [_step(first[code], sum(one.code == code for one in ranked)) for code in codes]


def _step(one: Finding, count: int) -> str:
    where = one.evidence[0].path if one.evidence else ""
    line = f":{one.evidence[0].line}" if one.evidence and one.evidence[0].line else ""
    more = f" (and {count - 1} more of {one.code})" if count > 1 else ""
    return f"{where}{line}{': ' if where else ''}{one.hint}{more}"


def verdict(findings: Sequence[Finding], facts: Facts) -> str:
    """What was found, in one line, with what it rests on."""
    failed = [one for one in findings if one.status == "fail"]
    hard = sum(one.level == "hard" for one in failed)
    unknown = sum(one.status == "unknown" for one in findings)
    rules = len({one.code for one in findings})
    parts = [f"{hard} hard", f"{len(failed) - hard} soft"] if failed else ["none"]
    told = f"; {unknown} could not be told" if unknown else ""
    apart = f", {len(facts.vendored)} vendored files apart" if facts.vendored else ""
    seen = f"{rules} rules applied to {len(facts.files)} files{apart}"
    return f"Failures: {', '.join(parts)}{told}. {seen}; nothing was run or loaded."
