"""What a rule is: a pure function of Facts with a code, a level and a manual page, in one register."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from fossml.facts import Facts
from fossml.scan import Ignore, Mark
from fossml.types import Evidence, Finding, Level

Item: TypeAlias = Literal[
    "C1", "C2", "C3", "C4", "C5", "D1", "D2", "D3", "D4", "D5", "E1", "E2", "E3", "E4", "E5", "E6"
]
Judge: TypeAlias = Callable[[Facts], Iterator[Finding]]

MOST_LINES = 10
"""As many lines of evidence as a Finding shows; its message gives the number of all."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `item` is what it is evidence for in the ML Reproducibility Checklist v2.0, None for none."""

    code: str
    title: str
    level: Level
    item: Item | None
    judge: Judge

    @property
    def page(self) -> str:
        """The manual page: why, bad, good, how it is decided."""
        return inspect.getdoc(self.judge) or ""


RULES: dict[str, Rule] = {}


def rule(code: str, title: str, *, level: Level, item: Item | None) -> Callable[[Judge], Judge]:
    """Register a rule; its findings get its code."""

    def register(judge: Judge) -> Judge:
        RULES[code] = Rule(code, title, level, item, judge)
        return judge

    return register


def passed(subject: str, message: str, evidence: Iterable[Evidence]) -> Finding:
    """Good, and here is what shows it."""
    return Finding("", "pass", "hard", subject, message, _some(evidence))


def failed(
    subject: str, message: str, evidence: Iterable[Evidence] = (), hint: str = "", *, level: Level = "hard"
) -> Finding:
    """Not good. `level` soft lowers the level that the rule has; it never raises it."""
    return Finding("", "fail", level, subject, message, _some(evidence), hint)


def unknown(subject: str, message: str, evidence: Iterable[Evidence] = (), hint: str = "") -> Finding:
    """Could not be told, and why."""
    return Finding("", "unknown", "hard", subject, message, _some(evidence), hint)


def not_applicable(subject: str, message: str) -> Finding:
    """The question does not arise here."""
    return Finding("", "not applicable", "hard", subject, message)


def _some(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(evidence)[:MOST_LINES]


def at(path: str, mark: Mark) -> Evidence:
    """A mark of a file as evidence."""
    return Evidence(path, mark.line, mark.text)


def judge(facts: Facts, rules: Iterable[Rule]) -> list[Finding]:
    """What the rules say of the facts, waivers applied, what matters first."""
    found = [_stamped(finding, one) for one in rules for finding in one.judge(facts)]
    return sorted((_waived(finding, facts) for finding in found), key=order)


def _stamped(finding: Finding, one: Rule) -> Finding:
    level: Level = "soft" if "soft" in {finding.level, one.level} else "hard"
    return replace(finding, code=one.code, level=level)


STATUS = {"fail": 0, "unknown": 1, "declared": 2, "pass": 3, "not applicable": 4}


def order(finding: Finding) -> tuple[object, ...]:
    """Failures first, hard before soft, then by code and place."""
    first = finding.evidence[0] if finding.evidence else Evidence("")
    return (STATUS[finding.status], finding.level, finding.code, first.path, first.line or 0, finding.subject)


def _waived(finding: Finding, facts: Facts) -> Finding:
    """Leave out the lines whose author says why; a Finding that loses them all becomes `declared`."""
    if finding.status != "fail" or not finding.evidence:
        return finding
    waivers = {evidence: _waiver(finding.code, evidence, facts) for evidence in finding.evidence}
    reasons = [waiver.reason for waiver in waivers.values() if waiver and waiver.reason]
    if len(reasons) == len(finding.evidence):
        return replace(finding, status="declared", message=f"{finding.message}; waived because {reasons[0]}", hint="")
    if any(waiver and not waiver.reason for waiver in waivers.values()):
        return replace(finding, hint=f"say why: # fossml: ignore[{finding.code}] because ...")
    kept = tuple(evidence for evidence, waiver in waivers.items() if waiver is None)
    return replace(finding, evidence=kept)


def _waiver(code: str, evidence: Evidence, facts: Facts) -> Ignore | None:
    scan = facts.scans.get(evidence.path)
    waivers = scan.ignores if scan else ()
    return next((one for one in waivers if one.line == evidence.line and code in one.codes), None)
