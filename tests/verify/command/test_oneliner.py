from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.claims.parse import claim_from_options
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command.oneliner import Around, Asked, setting, verify

CLAIM = claim_from_options("m.json:acc", "0.5")


@pytest.fixture
def around(tmp_path: Path) -> Around:
    (tmp_path / "project/sub").mkdir(parents=True)
    home = tmp_path / "home"
    return Around(tmp_path / "project", os.environ, sys.prefix, sys.prefix, home, tmp_path / "project/cache")


def asked(cmd: str, **more: object) -> Asked:
    return replace(Asked(Delivery(cmd), (CLAIM,), Limits()), **more)  # type: ignore[arg-type]


def test_a_whole_home_or_disk_is_not_copied(around: Around) -> None:
    for folder in (around.cwd, Path("/")):
        with pytest.raises(FossmlError, match="copy of the folder"):
            setting(asked("x", folder=folder), replace(around, home=around.cwd))


def test_a_folder_that_does_not_hold_the_current_one_is_refused(around: Around, tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="does not hold"):
        setting(asked("x", folder=tmp_path / "project/sub"), around)


def test_paths_are_meant_from_the_current_folder(around: Around) -> None:
    inner = replace(around, cwd=around.cwd / "sub")
    made = setting(asked("x", folder=around.cwd, delivery=Delivery("x", param="p.yaml:seed")), inner)
    assert (made.root, made.wdir) == (around.cwd, "sub")
    assert made.metrics[0].source == "sub/m.json"
    assert made.delivery.param == "sub/p.yaml:seed"


def test_records_inside_the_folder_are_not_copied_and_do_not_change_it(around: Around) -> None:
    outcomes: list[Outcome] = []
    for _ in range(2):
        result = verify(
            asked("echo '{\"acc\": 0.5}' > m.json; ! test -e cache"),
            around,
            rng=random.Random(0),
            say=lambda _: None,
            report=outcomes.append,
        )
    assert [one.failure for one in outcomes] == [""] * 6
    assert [one.recorded for one in outcomes] == [False] * 3 + [True] * 3
    assert result.judged[0].verdicts[0].name == "numeric"


def test_a_large_folder_and_a_missing_seed_are_said(around: Around) -> None:
    with (around.cwd / "data.bin").open("wb") as file:
        file.truncate(2 * 10**9)
    said: list[str] = []
    nothing = asked("echo", seeds=())
    result = verify(nothing, around, rng=random.Random(0), say=said.append, report=lambda _: None)
    assert "its own copy of 2.0 GB" in said[0]
    assert "no seed is given" in said[0]
    assert result.judged[0].verdicts[0].reason == "no run has finished"
