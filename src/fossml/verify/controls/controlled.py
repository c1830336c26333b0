"""What the controls of a verification showed, and what that makes of its verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fossml.types import Finding
from fossml.views.sentence import Judged


@dataclass(frozen=True, slots=True)
class Controlled:
    """What the controls showed, `moved` the ids of the claims that a change of their inputs moved.

    `interrupted`: some were not made.
    """

    findings: tuple[Finding, ...] = ()
    moved: frozenset[str] = frozenset()
    interrupted: bool = False


def beside(judged: Judged, controlled: Controlled | None) -> Judged:
    """A verdict with the controls: `exact` stands only beside one that moved the result."""
    name = judged.claim.id
    if controlled is None:
        return _with(judged, "whether the result depends on its data and its seed: no control ran", demote=True)
    if name not in controlled.moved:
        return _with(judged, "whether the result depends on its data: no control moved it", demote=True)
    return judged


def _with(judged: Judged, remark: str, *, demote: bool) -> Judged:
    verdicts = tuple(
        replace(
            one, name="numeric" if demote and one.name == "exact" else one.name, not_checked=(*one.not_checked, remark)
        )
        for one in judged.verdicts
    )
    return replace(judged, verdicts=verdicts)
