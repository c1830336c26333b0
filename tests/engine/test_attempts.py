"""Checkpoints outlive a crash of the same key, and only of the same key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fossml.engine.build import Summary
from fossml.engine.records import read_own_lock
from fossml.project.dvcconfig import ensure_dvc
from fossml.types import Event
from tests.engine.test_build import run
from tests.engine.test_traced import ENV

TRAIN = """\
import os, pathlib, random, signal
import rule
from fossml import checkpoint

random.seed(3)
weights, start = [], 0
last = checkpoint.latest()
if last is not None:
    state = eval(last.read().decode())
    weights, start = state["weights"], state["epoch"]
    random.setstate(state["random"])
with open("epochs", "a") as log:
    for epoch in range(start, 60):
        weights.append(random.random() * rule.rate)
        state = {"weights": weights, "epoch": epoch + 1, "random": random.getstate()}
        checkpoint.save(repr(state).encode(), epoch + 1)
        print(epoch, file=log, flush=True)
        if epoch == 40 and pathlib.Path("crash").exists():
            pathlib.Path("crash").unlink()
            os.kill(int(os.environ["VICTIM"]) if "VICTIM" in os.environ else os.getpid(), signal.SIGKILL)
            signal.pause()
pathlib.Path("model").write_text(repr(weights))
"""


@pytest.fixture
def project(repository: Path) -> Path:
    (repository / "dvc.yaml").write_text(
        "stages:\n  train: {cmd: python train.py, deps: [train.py], params: [lr], outs: [model]}\n"
    )
    (repository / "train.py").write_text(TRAIN)
    (repository / "rule.py").write_text("import colorsys\n\nrate = 0.5\n")
    (repository / "params.yaml").write_text("lr: 1\n")
    ensure_dvc(repository)
    return repository


def build(root: Path) -> tuple[Summary, list[Event]]:
    return run(root, env=ENV)


def epochs(root: Path) -> list[int]:
    return [int(line) for line in (root / "epochs").read_text().split()]


def crashed(root: Path) -> None:
    (root / "crash").touch()
    assert build(root)[0] == Summary(failed=1)
    assert epochs(root)[-1] == 40


def test_after_a_crash_it_goes_on_and_ends_with_the_same_bytes(project: Path) -> None:
    build(project)
    uninterrupted = (project / "model").read_bytes()
    for name in ("model", "dvc.lock", "fossml.lock", "epochs", ".fossml/ledger.jsonl"):
        (project / name).unlink()
    crashed(project)
    summary, events = build(project)
    assert summary == Summary(ran=1)
    assert events[0].notes == ("it goes on from the checkpoints of an earlier attempt",)
    assert epochs(project) == [*range(41), *range(41, 60)]
    assert (project / "model").read_bytes() == uninterrupted
    assert not list((project / ".fossml/attempts").glob("*/*"))
    assert build(project)[0] == Summary(current=1)
    recorded = read_own_lock(project)["train"]["discovered"]
    assert "fossml" not in recorded.get("distributions", {})
    assert not [path for path in recorded.get("files", {}) if "checkpoint" in path]


def test_after_kill_9_of_the_build_itself_it_goes_on_too(project: Path) -> None:
    (project / "crash").touch()
    code = (
        "import os, sys; os.environ['VICTIM'] = str(os.getpid()); from pathlib import Path\n"
        "from tests.engine.test_build import run; run(Path(sys.argv[1]), env=dict(os.environ))"
    )
    env = {**ENV, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.Popen([sys.executable, "-c", code, project], env=env, cwd=project)
    assert killed.wait() == -signal.SIGKILL
    assert build(project)[0] == Summary(ran=1)
    assert epochs(project) == list(range(60))


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("rule.py", "import colorsys\n\nrate = 0.25\n", "rule.py, which it executed, changed"),
        ("colorsys.py", "x = 1\n", "colorsys would be imported in place of the module colorsys that it used"),
    ],
)
def test_changed_code_never_goes_on_from_old_weights(project: Path, name: str, text: str, why: str) -> None:
    crashed(project)
    (project / name).write_text(text)
    summary, events = build(project)
    assert summary == Summary(ran=1)
    assert events[0].notes == (f"the checkpoints of an earlier attempt are of no use and were removed: {why}",)
    assert epochs(project) == [*range(41), *range(60)]


def test_another_parameter_begins_anew_and_the_old_attempt_is_kept_until_one_succeeds(project: Path) -> None:
    crashed(project)
    (project / "params.yaml").write_text("lr: 2\n")
    crashed(project)
    assert epochs(project) == [*range(41), *range(41)]
    (project / "params.yaml").write_text("lr: 1\n")
    assert build(project)[0] == Summary(ran=1)
    assert epochs(project) == [*range(41), *range(41), *range(41, 60)]


def test_a_result_that_is_restored_needs_no_attempt_any_more(project: Path) -> None:
    build(project)
    (project / "params.yaml").write_text("lr: 2\n")
    crashed(project)
    (project / "params.yaml").write_text("lr: 1\n")
    (project / "dvc.lock").unlink()
    assert build(project)[0] == Summary(restored=1)
    assert not list((project / ".fossml/attempts").glob("*/*"))


def test_force_begins_anew(project: Path) -> None:
    crashed(project)
    run(project, env=ENV, force=True)
    assert epochs(project) == [*range(41), *range(60)]


def test_what_earlier_attempts_read_counts_for_the_result(project: Path) -> None:
    """The resumed run does not import the module again, yet its weights rest on it."""
    (project / "train.py").write_text(
        TRAIN.replace("import rule\n", "")
        .replace("rule.rate", "rate")
        .replace("weights, start = [], 0", "weights, start, rate = [], 0, 0.5")
        .replace("if last is not None:", "if last is None:\n    import rule\nelse:")
    )
    crashed(project)
    assert build(project)[0] == Summary(ran=1)
    (project / "rule.py").write_text("rate = 9\n")
    assert build(project)[0] == Summary(ran=1)
