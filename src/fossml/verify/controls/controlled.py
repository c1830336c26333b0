"""What the controls of a verification showed, and what that makes of its verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fossml.types import HOLDS, Finding
from fossml.verify.controls.copied import COPIED
from fossml.verify.controls.unmoved import ROWS
from fossml.verify.controls.untold import NONE
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
    """A verdict with the controls: `exact` stands only beside one that moved the result.

    Where a number was copied or brought, or for certain none of its data moves it, it cannot be told whether it holds.
    """
    name = judged.claim.id
    if controlled is None:
        return _with(judged, "whether the result depends on its data and its seed: no control ran")
    if against := _against(name, controlled.findings):
        return _withheld(judged, against)
    if name not in controlled.moved:
        return _with(judged, "whether the result depends on its data: no control moved it")
    return judged


def _against(name: str, findings: Sequence[Finding]) -> list[Finding]:
    """What says for certain that the number of the claim `name` is not computed from its data.

    That it does not depend on some of its data is certain of all only where nothing else moved it or was left open.
    """
    mine = [one for one in findings if one.subject == name]
    copied = [one for one in mine if one.code == COPIED and one.status == "fail"]
    of_data = [one for one in mine if one.code in (ROWS, NONE)]
    unmoved = all(one.code == ROWS and one.status == "fail" and one.level == "hard" for one in of_data)
    return copied or (of_data if unmoved else [])


def _withheld(judged: Judged, against: Sequence[Finding]) -> Judged:
    """The verdicts that would hold, as not evaluable: what they would be is in the reason."""
    codes = ", ".join(dict.fromkeys(one.code for one in against))
    verdicts = tuple(
        replace(one, name="not evaluable", reason=f"it would be {one.name}, but {against[0].message} ({codes})")
        if one.name in HOLDS
        else one
        for one in judged.verdicts
    )
    return replace(judged, verdicts=verdicts)


def _with(judged: Judged, remark: str) -> Judged:
    verdicts = tuple(
        replace(one, name="numeric" if one.name == "exact" else one.name, not_checked=(*one.not_checked, remark))
        for one in judged.verdicts
    )
    return replace(judged, verdicts=verdicts)
