from __future__ import annotations

from fossml.types import Claim
from fossml.verify.claims.caveats import ALWAYS, not_checked, why_missing
from fossml.verify.claims.loop import Outcome
from fossml.verify.claims.parse import claim_from_options
from fossml.verify.metrics.metric import Measured

GOOD = Outcome(1, 1.0, (Measured({"acc": 0.9}),))
FAILED = Outcome(2, 1.0, failure="exit code 1", hint="look")
WITHOUT = Outcome(3, 1.0, (Measured(missing="no key", hint="it has acc"),))


def claim(text: str = "0.95") -> Claim:
    return claim_from_options("m.json:acc", text)


def particular(text: str, *outcomes: Outcome, seeded: bool = True) -> list[str]:
    said = not_checked(claim(text), outcomes, 0, seeded=seeded)
    assert said[-len(ALWAYS) :] == ALWAYS
    return list(said[: -len(ALWAYS)])


def test_what_is_particular_to_a_claim_is_said() -> None:
    assert particular("0.95", GOOD) == []
    assert "0.01: it was not used, for nobody said" in particular("0.95 ± 0.01", GOOD)[0]
    assert "12 stands for 11.5 to 12.5" in particular("12", GOOD)[0]
    assert particular("12 %", GOOD) == []


def test_runs_without_a_number_are_counted() -> None:
    assert particular("0.95", GOOD, FAILED) == ["1 of 2 runs: exit code 1"]
    assert particular("0.95", GOOD, WITHOUT) == ["1 of 2 runs: no key"]
    noted = Outcome(4, 1.0, (Measured({"acc": 0.9}, note="found in stderr"),))
    assert particular("0.95", noted, noted)[0] == "found in stderr"
    assert "changed nothing" in particular("0.95", noted, noted)[1]
    assert "other seeds" in particular("0.95", GOOD, seeded=False)[0]


def test_why_there_is_no_number_is_told_with_what_to_try() -> None:
    assert why_missing([FAILED], 0) == ("exit code 1", "look")
    assert why_missing([WITHOUT], 0) == ("no key", "it has acc")
    assert why_missing([], 0)[0] == "no run has finished"
