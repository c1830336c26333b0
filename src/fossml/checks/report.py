"""What findings come to: one line of verdict, and the steps that are worth most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fossml.checks.items import ITEMS
from fossml.checks.rule import RULES, STATUS, Rule
from fossml.facts import Facts
from fossml.standards import Profile
from fossml.types import Finding

MOST_STEPS = 3
REPAIRED = frozenset({"DEP001", "DEP002", "DEP003"})
"""The rules whose failures `fossml check --fix` mends."""


def by_worth(findings: Iterable[Finding], profile: Profile) -> list[Finding]:
    """Failures first, hard before soft, then by what mending them is worth to a reader; else as they were."""
    return sorted(findings, key=lambda one: (STATUS[one.status], one.level, profile.worth(one.code)))


def next_steps(findings: Sequence[Finding], profile: Profile, rules: Mapping[str, Rule] = RULES) -> list[str]:
    """At most three things to do, each a command or an edit: hard failures first, then by what they are worth.

    An item whose failure a rule explains, with the line to change, is left to that rule.
    """
    open_ = [one for one in findings if one.status == "fail" and one.hint]
    explained = {rules[one.code].item for one in open_ if one.code in rules}
    ranked = sorted(
        (one for one in open_ if one.code not in explained), key=lambda one: (one.level, profile.worth(one.code))
    )
    first = {one.code: one for one in reversed(ranked)}
    codes = list(dict.fromkeys(one.code for one in ranked))[:MOST_STEPS]
    return [_step(first[code], sum(one.code == code for one in ranked)) for code in codes]


def _step(one: Finding, count: int) -> str:
    where = one.evidence[0].path if one.evidence else ""
    line = f":{one.evidence[0].line}" if one.evidence and one.evidence[0].line else ""
    more = f" (and {count - 1} more of {one.code})" if count > 1 else ""
    mended = "; fossml check --fix proposes it" if one.code in REPAIRED else ""
    return f"{where}{line}{': ' if where else ''}{one.hint}{mended}{more}"


def verdict(findings: Sequence[Finding], facts: Facts, known: Sequence[Finding] = ()) -> str:
    """What was found, in one line, with what it rests on. `known` are failures of the baseline."""
    failed = [one for one in findings if one.status == "fail"]
    hard = sum(one.level == "hard" for one in failed)
    unknown = sum(one.status == "unknown" for one in findings)
    parts = [f"{hard} hard", f"{len(failed) - hard} soft"] if failed else ["none"]
    told = f"; {unknown} could not be told" if unknown else ""
    before = f"; {len(known)} known from the baseline" if known else ""
    apart = f", {len(facts.vendored)} vendored files apart" if facts.vendored else ""
    seen = f"{_applied(findings)} applied to {len(facts.files)} files{apart}"
    return f"Failures: {', '.join(parts)}{told}{before}. {seen}; nothing was run or loaded."


def _applied(findings: Sequence[Finding]) -> str:
    codes = {one.code for one in findings}
    items = len(codes & ITEMS.keys())
    rules = len(codes) - items
    parts = [f"{rules} rule{'' if rules == 1 else 's'}"] if rules else []
    parts += [f"{items} item{'' if items == 1 else 's'}"] if items else []
    return " and ".join(parts) or "nothing"
