"""How much a finding counts: the profile, the author's own levels, and what the author waives, with the reason."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fossml.errors import FossmlError, nearest
from fossml.project.requirements import SetLevel, Waiver
from fossml.standards import Profile
from fossml.types import Finding, Level


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of a repository. `levels` are the author's own, which go before those of the profile."""

    profile: Profile = field(default_factory=lambda: Profile("none", ""))
    levels: tuple[SetLevel, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    def level(self, code: str, otherwise: Level) -> Level:
        """The level of a rule or an item; `otherwise` where nothing names it."""
        own = next((one.level for one in self.levels if one.code == code), None)
        asked = self.profile.requirement(code)
        return own or (asked.level if asked else otherwise)

    def check(self, known: Iterable[str]) -> None:
        """FossmlError with file and line for a code that is no rule and no item."""
        codes = set(known)
        levels = ((one.code, one.where) for one in self.levels)
        waivers = ((one.code, one.where) for one in self.waivers)
        for code, where in (*levels, *waivers, *self.profile.codes()):
            if code not in codes:
                hint = nearest(code, codes)
                raise FossmlError(f"there is no rule or item {code!r}", where=where or None, hint=hint)

    def apply(self, findings: Iterable[Finding], levels: Mapping[str, Level]) -> Iterator[Finding]:
        """The findings with the level that they have here, those that are waived as `declared`.

        `levels` are those that rules have by themselves: what a rule has lowered to soft for a milder case stays so.
        """
        for one in findings:
            lowered = one.level == "soft" and levels.get(one.code) == "hard"
            level: Level = "soft" if lowered else self.level(one.code, one.level)
            yield self._waived(replace(one, level=level))

    def _waived(self, finding: Finding) -> Finding:
        for waiver in self.waivers:
            if finding.status == "fail" and waiver.code == finding.code:
                finding = _without(finding, waiver)
        return finding


def _without(finding: Finding, waiver: Waiver) -> Finding:
    """Leave out the evidence that the waiver covers; a Finding that loses it all is the author's word."""
    left = [one for one in finding.evidence if not _covers(waiver, one.path)]
    whole = not left if finding.evidence else _covers(waiver, finding.subject)
    if whole:
        return replace(finding, status="declared", message=f"{finding.message}; {waived_because(waiver)}", hint="")
    return replace(finding, evidence=tuple(left))


def _covers(waiver: Waiver, path: str) -> bool:
    return not waiver.paths or any(fnmatch.fnmatchcase(path, pattern) for pattern in waiver.paths)


def waived_because(waiver: Waiver) -> str:
    """What a finding says of its waiver."""
    return f"waived because {waiver.because}"


def uses(waiver: Waiver, findings: Sequence[Finding]) -> int:
    """How many findings a waiver made `declared`."""
    said = f"; {waived_because(waiver)}"
    return sum(one.status == "declared" and one.code == waiver.code and said in one.message for one in findings)
