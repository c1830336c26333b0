"""A disk that is full for one write of a build: a clear error or a right result, and the next build is right."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from fossml.project.dvc import read_lock
from tests.conftest import soak
from tests.engine.kill import truth
from tests.engine.kill.pipeline import FOSSML, bring_back, built, contents, environment, start, written
from tests.engine.kill.points import CALLS, Point, points

PHASES = {"object store", "ledger", "dvc.lock", "fossml.lock", "aside", ".gitignore", "stat cache", "other memory"}


@pytest.mark.soak
def test_a_write_for_which_there_is_no_room_loses_nothing(repository: Path) -> None:
    root, log = repository, repository.parent / "strace.log"
    written(root, "copy")
    state = start(root, "nothing", root.parent / "kept")
    bring_back(root, state)
    writes = [point for point in points(root, "nothing", log) if point.call in ("write", "pwrite64", "mkdir")]
    assert {point.phase for point in writes} >= PHASES
    random.Random(20).shuffle(writes)
    first = {point.phase: point for point in writes}.values()
    for point in soak(list(first), writes):
        bring_back(root, state)
        done = without_room(root, point, log)
        said = f"{point}: {done.stdout}{done.stderr}"
        assert done.returncode in (0, 1, 2) and "Traceback" not in said, said
        assert done.returncode == 0 or "No space left on device" in said or "disk" in said, said
        truth.check_records(root, state)
        built(root)
        assert read_lock(root) == truth.true_entries(state), point
        assert contents(root, read_lock(root)) == state.outs


def without_room(root: Path, point: Point, log: Path) -> subprocess.CompletedProcess[str]:
    inject = f"--inject={point.call}:error=ENOSPC:when={point.number}"
    strace = ["strace", "-qq", "-o", str(log), "-e", f"trace={CALLS}", inject]
    return subprocess.run(
        [*strace, *FOSSML, "-j", "1"], cwd=root, env=environment(root), capture_output=True, text=True
    )
