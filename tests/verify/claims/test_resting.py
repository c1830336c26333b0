"""Findings on files that no claim rests on."""

from __future__ import annotations

import pytest

from fossml.types import Finding, Output, Stage
from fossml.verify.claims.resting import declared, weighed

STAGES = (
    Stage("prepare", "true", deps=("raw",), outs=(Output("clean.csv"),)),
    Stage("train", "true", deps=("clean.csv", "train.py"), outs=(Output("m.json"),)),
    Stage("other", "true", deps=("extra.csv",), outs=(Output("o.json"),)),
)


def test_a_claim_rests_on_what_its_stage_and_those_before_it_declare() -> None:
    assert declared(STAGES, ["train"]) == {"raw", "clean.csv", "train.py"}
    assert declared(STAGES, []) == frozenset()


@pytest.mark.parametrize(
    ("path", "status"),
    [("raw", "fail"), ("raw/a.csv", "fail"), ("clean.csv", "fail"), ("extra.csv", "unknown"), ("rawer", "unknown")],
)
def test_a_file_that_no_claim_rests_on_is_no_failure(path: str, status: str) -> None:
    found = Finding("DAT002", "fail", "hard", path, "the data could not be had: no remote is configured")
    [one] = weighed([found], declared(STAGES, ["train"]))
    assert one.status == status
    assert (one == found) == (status == "fail")
    assert one.level == ("hard" if status == "fail" else "soft")
    assert ("no stage that a claim rests on declares that it reads it" in one.message) == (status == "unknown")
