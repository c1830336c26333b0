"""What DVC 2 left behind is current, is brought back from its cache, and is run again only where dvc 3 would."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fossml.engine.build import Summary
from fossml.project.dvcconfig import ensure_dvc
from tests.conftest import Dvc
from tests.engine.test_build import run
from tests.project.dvc.test_legacy import left_by_dvc_2


@pytest.fixture
def old(repository: Path, dvc: Dvc) -> Path:
    ensure_dvc(repository)
    left_by_dvc_2(repository, dvc)
    return repository


def test_it_is_current_and_the_lock_stays(old: Path) -> None:
    before = (old / "dvc.lock").read_bytes()
    assert run(old)[0] == Summary(current=1, by_dvc=1)
    (old / "in.txt").write_bytes(b"one\ntwo\n")  # the same text to DVC 2
    assert run(old)[0] == Summary(current=1, by_dvc=1)
    assert (old / "dvc.lock").read_bytes() == before


def test_lost_outputs_come_out_of_its_cache(old: Path, dvc: Dvc) -> None:
    files = {path: path.read_bytes() for path in (old / "made" / "a.txt", old / "made" / "b.bin", old / "out.txt")}
    shutil.rmtree(old / "made")
    (old / "out.txt").unlink()
    assert run(old)[0] == Summary(current=1, by_dvc=1)
    assert {path: path.read_bytes() for path in files} == files
    assert "up to date" in dvc(old, "status").stdout


def test_a_damaged_object_is_not_taken(old: Path) -> None:
    (old / "out.txt").unlink()
    for path in (old / ".dvc" / "cache").glob("??/*"):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b"x")
    assert run(old)[0] == Summary(ran=1)
    assert (old / "out.txt").read_bytes() == (old / "in.txt").read_bytes()


def test_a_change_runs_it_and_dvc_agrees(old: Path, dvc: Dvc) -> None:
    (old / "in.bin").write_bytes(b"\0another")
    assert run(old)[0] == Summary(ran=1)
    assert "up to date" in dvc(old, "status").stdout
    assert run(old)[0] == Summary(current=1)
