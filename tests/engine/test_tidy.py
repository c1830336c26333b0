"""What a killed build left half written goes with the next build, and only after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.engine.alone import alone
from tests.engine.test_build import run, stages


@pytest.mark.parametrize("was_killed", [True, False])
def test_the_build_after_a_kill_removes_what_was_half_written(repository: Path, was_killed: bool) -> None:
    stages(repository, "a: {cmd: mkdir -p sub; cp in sub/o, deps: [in], outs: [sub/o]}")
    run(repository)
    (repository / ".fossml/lock").write_text("4711" if was_killed else "")
    left = [repository / folder / ".fossml-tmp-half" for folder in (".", "sub", ".fossml")]
    for path in left:
        path.mkdir()
        (path / "x").write_text("half")
    run(repository)
    assert [path.exists() for path in left] == [not was_killed] * 3


def test_who_ended_well_was_not_killed(repository: Path) -> None:
    (repository / ".fossml").mkdir()
    with pytest.raises(KeyboardInterrupt), alone(repository):
        raise KeyboardInterrupt
    with alone(repository) as killed:
        assert not killed
    (repository / ".fossml/lock").write_text("4711")
    with alone(repository) as killed:
        assert killed
