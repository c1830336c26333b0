"""What the repairs know of a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fossml.facts import Facts
from fossml.types import Finding


@dataclass(frozen=True)
class Repository:
    """The folder, what is known of it, what the checks said, and what only the machine knows.

    `project` is `[project]` of fossml.toml, `person` the name that git commits under, `origin` the address of the
    remote, `installed` what the project's Python has: distribution -> version, `year` that of a copyright.
    """

    root: Path
    facts: Facts
    findings: Sequence[Finding]
    year: int
    project: Mapping[str, Any] = field(default_factory=dict)
    person: str = ""
    origin: str = ""
    installed: Mapping[str, str] = field(default_factory=dict)

    def failed(self, code: str) -> list[Finding]:
        """The failures of one rule or item."""
        return [one for one in self.findings if one.code == code and one.status == "fail"]

    @property
    def authors(self) -> tuple[str, ...]:
        """Who made it, as far as is told."""
        told = tuple(str(one) for one in self.project.get("authors", ()))
        return told or ((self.person,) if self.person else ())

    @property
    def title(self) -> str:
        """Its title: as declared, else the heading of the README, else the name of its folder."""
        if self.project.get("title"):
            return str(self.project["title"])
        lines = self.facts.readme.lines if self.facts.readme else []
        heading = next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), "")
        return heading or self.root.resolve().name
