"""What a profile is: a frozen value, whatever file it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fossml.types import Level


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a checklist, in our own words; `answered_by` are the codes whose findings answer it.

    `arises_with`: the question is put only where one of these applies.
    """

    number: str
    ask: str
    answered_by: tuple[str, ...] = ()
    arises_with: tuple[str, ...] = ()
    title: str = ""
    group: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """How much a rule or an item counts, and why. `where` is file and line."""

    code: str
    level: Level
    because: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A standard. `requirements` stand in the order of their worth; `rules` are Python files of a laboratory's own."""

    name: str
    title: str
    source: str = ""
    questions: tuple[Question, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    rules: tuple[Path, ...] = ()

    def requirement(self, code: str) -> Requirement | None:
        """What holds for a code; None where the profile does not name it."""
        return next((one for one in self.requirements if one.code == code), None)

    def worth(self, code: str) -> int:
        """The place of a code in the order of worth, 0 first; after all others where it is not named."""
        return next((i for i, one in enumerate(self.requirements) if one.code == code), len(self.requirements))

    def codes(self) -> Iterator[tuple[str, str]]:
        """Every code that the profile names, with file and line."""
        yield from ((one.code, one.where) for one in self.requirements)
        yield from ((code, one.where) for one in self.questions for code in (*one.answered_by, *one.arises_with))
