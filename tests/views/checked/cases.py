"""A check as the views get it: an ordinary one, and one whose every text is out to break the view."""

from __future__ import annotations

from dataclasses import replace

from fossml.checks.items import ITEMS
from fossml.types import Evidence, Finding, Level, Status
from fossml.views.checked import Checked, Described, Waived

HOSTILE = "</script><script>alert(1)</script>\x1b[2J`|*_[x](http://h/)@anna \u202e<!-- \n% ::error::"


def finding(code: str, status: Status, level: Level = "hard", *, text: str = "x = 1", line: int | None = 3) -> Finding:
    seen = (Evidence("src/a b.py", line, text),)
    return Finding(code, status, level, "a.py", f"{code} is so", seen, "mend it")


def checked() -> Checked:
    """Some of each status, all 21 items, a waiver, a known failure."""
    statuses: tuple[Status, ...] = ("pass", "fail", "unknown", "declared", "not applicable")
    items = tuple(finding(code, statuses[i % 5], "soft") for i, code in enumerate(sorted(ITEMS)))
    rules = (
        finding("DEP001", "fail"),
        finding("DEP002", "fail", "soft", line=None),
        finding("SEED001", "unknown"),
        finding("PATH001", "declared"),
        finding("DOC001", "pass"),
    )
    codes = {one.code for one in (*items, *rules)}
    return Checked(
        name="paper",
        findings=rules,
        items=items,
        known=(finding("LIC001", "fail", "soft"),),
        described={code: Described(code, f"what {code} asks", "hard", "why", "Page.\n\nWhy: so.") for code in codes},
        standard="A Standard",
        steps=("do this", "then that"),
        waived=(Waived("PATH001", "it is shown", "fossml.toml:3", 1),),
        openness="Open: code MIT.",
        verdict="Failures: 1 hard, 1 soft.",
        exit_code=1,
        made_by="0.1.0",
    )


def hostile() -> Checked:
    """The same with texts of a stranger who means no good in every place that a stranger can write to."""
    one = checked()
    bad = tuple(
        replace(f, subject=HOSTILE, message=HOSTILE, hint=HOSTILE, evidence=(Evidence(HOSTILE, 1, HOSTILE),))
        for f in one.findings
    )
    items = tuple(replace(f, message=HOSTILE, evidence=(Evidence(HOSTILE, 1, HOSTILE),) * 4) for f in one.items)
    return replace(
        one,
        name=HOSTILE,
        findings=bad,
        items=items,
        steps=(HOSTILE,),
        waived=(Waived("PATH001", HOSTILE, HOSTILE, 0),),
        levels=(HOSTILE,),
        openness=HOSTILE,
        standard=HOSTILE,
        verdict=HOSTILE,
    )
