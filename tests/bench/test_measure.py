"""One row, measured with the real programs on small work."""

from __future__ import annotations

from pathlib import Path

import pytest

from speed import projects
from speed.bars import beyond, of_dvc
from speed.measure import measure
from speed.programs import NEVER, PROGRAMS, call
from speed.table import page
from speed.work import BUILD, COMMAND, WORK, Work, without


@pytest.fixture(autouse=True)
def real(monkeypatch: pytest.MonkeyPatch, dvc_path: Path) -> None:
    monkeypatch.setitem(PROGRAMS, "dvc", str(dvc_path))


def small(program: str) -> dict[str, tuple[str, ...]]:
    return {"fossml": BUILD["fossml"], program: BUILD[program]}


def test_nothing_to_do_is_measured() -> None:
    work = Work("chain", "two stages", lambda r: projects.chain(r, 2), small("dvc"), of_dvc(1), times=1)
    result = measure(work)
    assert result.seconds.keys() == result.peak.keys() == {"fossml", "dvc"}
    assert all(0 < seconds < 60 for seconds in result.seconds.values())
    assert all(1 < peak < 1000 for peak in result.peak.values())
    assert "| two stages |" in page([result], "a test")


def test_what_goes_into_the_cache_is_measured_beside_the_command() -> None:
    sides = {**small("dvc"), "command": COMMAND}
    bar, undo = beyond(3), without("out")
    work = Work(
        "many-few", "few", lambda r: projects.scattered(r, 3), sides, bar, undo, built=False, times=1, md5="out"
    )
    result = measure(work)
    assert result.md5 is not None
    assert result.seconds["command"] < result.seconds["dvc"]


def test_a_program_that_does_not_finish_does_less(tmp_path: Path) -> None:
    assert call(tmp_path, "command", ["-c", "sleep 60"], limit=0.1) == NEVER

    def slow(root: Path) -> None:
        projects.chain(root, 1)
        (root / "command").write_text("sleep 60\n")

    def fast(root: Path) -> None:
        projects.chain(root, 1)
        (root / "command").write_text("true\n")

    sides = {"command": COMMAND}
    work = Work("x", "x", slow, sides, of_dvc(1), built=False, times=1, limit=1, less=("little", fast))
    result = measure(work)
    assert result.note == "command did not finish in 1 s: the time for little"
    assert result.seconds["command"] < 1


def test_a_failure_ends_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)command -c .* failed in .*lost"):
        call(tmp_path, "command", ["-c", "echo lost; exit 3"])


def test_keys_tell_rows_apart() -> None:
    assert len({work.key for work in WORK}) == len(WORK)
