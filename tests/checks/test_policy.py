"""Levels and waivers: whose word counts, what a waiver covers, and what stays of what a rule said."""

from __future__ import annotations

import pytest

from fossml.checks.policy import Policy, uses
from fossml.project.requirements import SetLevel, Waiver
from fossml.standards import Profile, Requirement
from fossml.types import Evidence, Finding, Level

A, B = Evidence("a/x.py", 1, "x"), Evidence("b/y.py", 2, "y")


def finding(level: Level = "hard", *evidence: Evidence, status: str = "fail") -> Finding:
    return Finding("R1", status, level, "s", "bad", evidence, "mend it")  # type: ignore[arg-type]


def applied(policy: Policy, one: Finding, own: Level = "hard") -> Finding:
    [found] = policy.apply([one], {"R1": own})
    return found


def profile(level: Level) -> Profile:
    return Profile("p", "P", requirements=(Requirement("R1", level, "why"),))


@pytest.mark.parametrize(
    ("policy", "own", "said", "level"),
    [
        (Policy(), "hard", "hard", "hard"),
        (Policy(profile("soft")), "hard", "hard", "soft"),
        (Policy(profile("hard")), "soft", "soft", "hard"),
        (Policy(profile("soft"), (SetLevel("R1", "hard", ""),)), "soft", "soft", "hard"),
        (Policy(profile("hard"), (SetLevel("R1", "soft", ""),)), "hard", "hard", "soft"),
        (Policy(profile("hard")), "hard", "soft", "soft"),  # the rule calls this case a milder one
    ],
)
def test_the_author_goes_before_the_profile_and_the_profile_before_the_rule(
    policy: Policy, own: Level, said: Level, level: Level
) -> None:
    assert applied(policy, finding(said), own).level == level


def test_a_waiver_without_paths_covers_all_of_its_code() -> None:
    found = applied(Policy(waivers=(Waiver("R1", "it is known"),)), finding("hard", A, B))
    assert (found.status, found.hint) == ("declared", "")
    assert found.message == "bad; waived because it is known"
    assert found.evidence == (A, B)


def test_a_waiver_with_paths_leaves_the_rest_failing() -> None:
    waiver = Waiver("R1", "it is known", ("a/*",))
    found = applied(Policy(waivers=(waiver,)), finding("hard", A, B))
    assert (found.status, found.evidence) == ("fail", (B,))
    assert (
        applied(Policy(waivers=(waiver, Waiver("R1", "this too", ("b/*",)))), finding("hard", A, B)).status
        == "declared"
    )


def test_a_finding_without_evidence_is_covered_by_its_subject() -> None:
    assert applied(Policy(waivers=(Waiver("R1", "known", ("s",)),)), finding()).status == "declared"
    assert applied(Policy(waivers=(Waiver("R1", "known", ("t",)),)), finding()).status == "fail"


@pytest.mark.parametrize("status", ["pass", "unknown", "not applicable", "declared"])
def test_only_failures_are_waived(status: str) -> None:
    one = finding("hard", A, status=status)
    assert applied(Policy(waivers=(Waiver("R1", "known"),)), one) == one


def test_a_waiver_that_covers_nothing_is_counted_as_such() -> None:
    waiver = Waiver("R1", "known", ("c/*",))
    assert uses(waiver, [applied(Policy(waivers=(waiver,)), finding("hard", A))]) == 0
    waiver = Waiver("R1", "known")
    assert uses(waiver, [applied(Policy(waivers=(waiver,)), finding("hard", A))]) == 1
