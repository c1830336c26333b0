"""kill -9 at any moment of a build: nothing recorded is lost, no lock lies, and the next build ends right.

The kills come before calls by which a build writes (strace puts them there), so that each phase of writing is known to
have been hit, and at random moments.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fossml.project.dvc import read_lock
from tests.conftest import Dvc, soak
from tests.engine.kill import truth
from tests.engine.kill.pipeline import (
    FOSSML,
    Start,
    bring_back,
    built,
    contents,
    environment,
    files,
    ran,
    start,
    written,
)
from tests.engine.kill.points import PHASES, Point, killed, points

SEED = 20
LINKS = {"nothing": "copy", "changed": "hardlink", "back": "symlink"}
ABSENT: dict[str, set[str]] = {"nothing": set(), "changed": {".gitignore"}, "back": {".gitignore", "run cache"}}
"""What a build from this state does not write. From nothing it writes all there is: each phase is hit in any case."""
TEMPORARY = ".fossml-tmp-"
"""In the cache, which others may share, what a killed build was writing keeps such a name for a day."""


@pytest.fixture
def root(repository: Path) -> Path:
    return repository


def begin(root: Path, name: str) -> Start:
    written(root, LINKS[name])
    return start(root, name, root.parent / name)


def check_recovery(root: Path, begin: Start, check_status: Callable[[], None]) -> Counter[str]:
    """What must hold after a kill, and after the build that follows; how often each stage ran in that one."""
    recorded = truth.check_records(root, begin)
    left_running = truth.processes(root)
    before = ran(root)
    events = built(root)
    again = ran(root) - before
    started = {event["stage"] for event in events if event["event"] == "start"}
    assert not started & recorded, f"recorded, and run again: {started & recorded}"
    # What the killed build had just started may leave its mark after we looked, before the next build ends it.
    assert all(count == 1 for count in again.values()) or (left_running and sum(again.values()) <= len(again) + 1)
    assert not set(again) - set(begin.runs), f"no build had to run {set(again) - set(begin.runs)}"
    assert truth.processes(root) == []
    assert truth.check_records(root, begin) >= set(begin.runs)
    assert read_lock(root) == truth.true_entries(begin)
    assert sorted((root / "dvc.lock").read_bytes().splitlines()) == begin.lock  # the first to be saved stand first
    assert contents(root, read_lock(root)) == begin.outs
    left = files(root) - begin.files
    assert {name for name in left if f"cache/tmp/{TEMPORARY}" not in name} == set()
    moved = [event for event in built(root) if event["event"] not in ("current", "summary")]
    assert moved == [], f"not current after the recovery: {moved}"
    check_status()
    return again


def shuffled(found: list[Point]) -> list[Point]:
    """All of them, by chance, first one of each phase, then a second, and so on."""
    by_phase: dict[str, list[Point]] = {}
    for point in random.Random(SEED).sample(found, len(found)):
        by_phase.setdefault(point.phase, []).append(point)
    return [point for turn in range(len(found)) for group in by_phase.values() for point in group[turn : turn + 1]]


@pytest.mark.soak
@pytest.mark.parametrize(("name", "count"), [("nothing", 11), ("changed", 8), ("back", 5)])
def test_a_kill_before_any_call_that_writes_loses_nothing(
    root: Path, dvc: Dvc, name: str, count: int, record_property: Callable[[str, object], None]
) -> None:
    state = begin(root, name)
    bring_back(root, state)
    log = root.parent / "strace.log"
    all_points = points(root, name, log)
    hit: Counter[str] = Counter()
    status = every(soak(count, 20), lambda: said_clean(dvc, root))
    for number, point in enumerate(shuffled(all_points)):
        if number >= soak(count, 10**6) and (name != "nothing" or point.phase in hit):
            continue  # enough, but for the phases that were missed so far: two builds are not alike call by call
        bring_back(root, state)
        phase = killed(root, point, log)
        hit[phase or "(had ended)"] += 1
        with told(point, phase):
            check_recovery(root, state, status)
    wanted = Counter(point.phase for point in all_points)
    assert set(wanted) == set(PHASES) - ABSENT[name]
    assert soak(name != "nothing", False) or set(wanted) <= set(hit), f"never hit: {set(wanted) - set(hit)}"
    for line in table(f"killed from the state {name!r}", hit, wanted):
        record_property("summary", line)


@pytest.mark.soak
def test_a_kill_at_a_random_moment_loses_nothing(
    root: Path, dvc: Dvc, record_property: Callable[[str, object], None]
) -> None:
    state = begin(root, "changed")
    generator = random.Random(SEED)
    bring_back(root, state)
    began = time.monotonic()
    built(root)
    whole = time.monotonic() - began
    count = soak(6, 300)
    status = every(soak(count, 20), lambda: said_clean(dvc, root))
    ended: Counter[str] = Counter()
    for _ in range(count):
        bring_back(root, state)
        after = generator.uniform(0, whole)
        code = killed_after(root, after)
        ended["killed" if code == -signal.SIGKILL else "had ended"] += 1
        with told(f"{after:.3f} s", code):
            check_recovery(root, state, status)
    assert ended["killed"] >= count // 2
    record_property("summary", f"killed at random moments of {whole:.1f} s: {dict(ended)}")


def killed_after(root: Path, seconds: float) -> int:
    process = subprocess.Popen(
        FOSSML, cwd=root, env=environment(root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    return process.wait()


def said_clean(dvc: Dvc, root: Path) -> None:
    assert "up to date" in dvc(root, "status").stdout


def every(count: int, check: Callable[[], None]) -> Callable[[], None]:
    """`check` at every `count`th call only: the lock has the bytes for which it is known to hold."""
    calls = iter(range(1, 10**9))
    return lambda: check() if next(calls) % count == 0 else None


@contextlib.contextmanager
def told(*where: object) -> Iterator[None]:
    """Errors say where the kill was."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"after a kill at {where}: {error}") from error


def table(title: str, hit: Counter[str], wanted: Counter[str]) -> list[str]:
    rows = [f"  {phase:<26}{hit[phase]:>5} of {wanted[phase]:>4} points" for phase in sorted({*hit, *wanted})]
    return [f"{title}: {sum(hit.values())} kills", *rows]


KILLED_AT_START = """
import os
from fossml.engine import launch

def start(*args, start=launch.start, **options):
    start(*args, **options)
    os.kill(os.getpid(), 9)

launch.start = start
from fossml.cli import main
main(["build"])
"""


def test_a_stage_whose_build_was_killed_just_after_its_start_cannot_write_later(root: Path) -> None:
    written(root, "copy")
    (root / "dvc.yaml").write_text("stages:\n  a:\n    cmd: sleep ${wait}; echo ${wait} > o\n    outs: [o]\n")
    (root / "params.yaml").write_text("wait: 300\n")
    done = subprocess.run([sys.executable, "-c", KILLED_AT_START], cwd=root, env=environment(root), capture_output=True)
    assert done.returncode == -signal.SIGKILL
    (root / "params.yaml").write_text("wait: 0\n")
    built(root)
    assert truth.processes(root) == []
    assert (root / "o").read_text() == "0\n"
