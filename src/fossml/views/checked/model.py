"""What a check came to, before anybody prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fossml.types import Evidence, Finding, Level


@dataclass(frozen=True, slots=True)
class Described:
    """What a code stands for: its level here and why it counts so, its manual page."""

    code: str
    title: str
    level: Level
    because: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver of the author's and how many findings it covers. `where` is file and line."""

    code: str
    because: str
    where: str
    count: int


@dataclass(frozen=True, slots=True)
class Checked:
    """All that is told of a check: `findings` of the rules, what matters first, and `items` of the checklist.

    `known` failed when the baseline was written, and do not count; those that are items stay in `items` as well.
    `described` has every code that is named, `levels` says which levels the author set, and where.
    `everything`: no rule's findings are cut short. `exit_code` is the answer as a number.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    items: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    described: Mapping[str, Described] = field(default_factory=dict)
    standard: str = ""
    steps: tuple[str, ...] = ()
    waived: tuple[Waived, ...] = ()
    levels: tuple[str, ...] = ()
    openness: str = ""
    verdict: str = ""
    exit_code: int = 0
    everything: bool = False
    made_by: str = ""

    @property
    def all(self) -> tuple[Finding, ...]:
        """The findings of the rules and those of the items, known ones too."""
        return (*self.findings, *self.items)

    @property
    def new(self) -> tuple[Finding, ...]:
        """Those that count: without what is known."""
        return tuple(one for one in self.all if one not in self.known)

    def label(self, one: Finding) -> str:
        """How a finding stands in a word or two."""
        return "known" if one in self.known else label(one)


def place(one: Evidence) -> str:
    """`file:line`, or the file."""
    return f"{one.path}:{one.line}" if one.line else one.path


def places(one: Finding) -> list[str]:
    """The places of its evidence, each once."""
    return list(dict.fromkeys(map(place, one.evidence)))


def said(one: Finding) -> str:
    """The message without the file that a place beside it names already."""
    first = one.evidence[0].path if one.evidence else ""
    return one.message.removeprefix(f"{first} ") if first else one.message


def label(one: Finding) -> str:
    """How it stands in a word or two: a hard failure is `fail`, a soft one says so."""
    return f"{one.status} ({one.level})" if one.status == "fail" else one.status
