"""A rebuild that was cut off: what its stages had made is kept, and the next verification goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fossml.types import Event
from fossml.verify.rebuild.records import CUT, INTERRUPTED
from tests.verify.projects import PIPELINE, Paper, names

# The second stage waits as long as the file HOLD is there, and leaves HOLD.waits while it does.
WAITS = """\
hold = os.environ["HOLD"]
while os.path.exists(hold):
    open(hold + ".waits", "w").close()
    time.sleep(0.02)
"""
COUNTED = 'import json, os, time\nopen(f"{os.environ[\'COUNT\']}/{os.getpid()}", "w").write(__file__.rsplit("/")[-1])\n'
PREPARE = COUNTED + 'open("data.txt", "w").write(open("raw.txt").read())\n'
SLOW = COUNTED + WAITS + 'json.dump({"acc": float(open("data.txt").read())}, open("m.json", "w"))\n'
STAGES = PIPELINE.replace("cat raw.txt > data.txt", "python3 prepare.py")


@pytest.fixture
def slow(paper: Paper) -> Paper:
    """The first stage leaves a line in COUNT; the second waits."""
    paper.save({"dvc.yaml": STAGES, "prepare.py": PREPARE, "train.py": SLOW})
    paper.cache.mkdir(exist_ok=True)
    (paper.cache / "hold").touch()
    (paper.cache / "ran").mkdir()
    return paper


def env(paper: Paper) -> dict[str, str]:
    return {"HOLD": str(paper.cache / "hold"), "COUNT": str(paper.cache / "ran")}


def ran(paper: Paper) -> list[str]:
    """The scripts that ran; each run leaves a file of its own, which no stage reads."""
    return [path.read_text() for path in (paper.cache / "ran").iterdir()]


def let_go(paper: Paper) -> None:
    (paper.cache / "hold").unlink()


def test_a_build_that_ran_out_of_time_goes_on(slow: Paper) -> None:
    targets, rebuilder = slow.rebuilder(env=env(slow))

    def end(event: Event) -> None:
        if event.event == "done":
            rebuilder.deadline = time.monotonic()

    only = {targets[0].metric.text: "train"}
    first = rebuilder.built(None, end, only)
    rebuilder.close()
    assert (dict(first.failed), set(first.costs)) == ({"train": CUT}, {"prepare"})

    let_go(slow)
    _, again = slow.rebuilder(env=env(slow))
    second = again.built(None, only=only)
    again.close()
    assert second.failed == {}
    assert second.of("m.json:acc").values == {"acc": 0.75}
    assert ran(slow).count("prepare.py") == 1
    assert set(second.costs) == {"prepare", "train"}
    assert second.seconds >= first.costs["prepare"]
    assert not (again.records.folder / "rooms").exists()


def test_a_build_that_was_cancelled_goes_on(slow: Paper) -> None:
    _, rebuilder = slow.rebuilder(env=env(slow))
    with pytest.raises(KeyboardInterrupt):
        rebuilder.built(None, lambda event: rebuilder.cancel() if event.event == "done" else None)
    left = rebuilder.interrupted({"m.json:acc": "train"})
    rebuilder.close()
    assert (dict(left.failed), set(left.outs)) == ({"train": INTERRUPTED}, {"data.txt"})
    let_go(slow)
    assert names(slow.verify(env=env(slow)).judged[0]) == ["numeric"]
    assert ran(slow).count("prepare.py") == 1


def test_what_failed_by_itself_is_built_anew(paper: Paper) -> None:
    paper.save({"dvc.yaml": STAGES, "prepare.py": PREPARE, "train.py": "raise SystemExit(1)\n"})
    (paper.cache / "ran").mkdir(parents=True)
    for _ in range(2):
        paper.verify(env=env(paper))
    assert ran(paper) == ["prepare.py", "prepare.py"]


def test_another_commit_does_not_go_on_from_it(slow: Paper) -> None:
    _, rebuilder = slow.rebuilder(env=env(slow))
    with pytest.raises(KeyboardInterrupt):
        rebuilder.built(None, lambda event: rebuilder.cancel() if event.event == "done" else None)
    rebuilder.close()
    let_go(slow)
    slow.save({"raw.txt": "0.5\n"})
    slow.verify(env=env(slow))
    assert ran(slow).count("prepare.py") == 2


def test_forgotten_records_take_the_copy_with_them(slow: Paper) -> None:
    _, rebuilder = slow.rebuilder(env=env(slow))
    with pytest.raises(KeyboardInterrupt):
        rebuilder.built(None, lambda event: rebuilder.cancel() if event.event == "done" else None)
    rebuilder.close()
    assert (rebuilder.records.folder / "rooms").exists()
    rebuilder.records.forget()
    assert not (rebuilder.records.folder / "rooms").exists()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_the_command_answers_when_it_is_interrupted_and_goes_on(number: int, code: int, slow: Paper) -> None:
    """Without a sandbox: HOLD and COUNT lie outside of the copy."""
    command = [sys.executable, "-m", "fossml", "verify", "--trust", "--json", "--no-controls"]
    around = {**os.environ, **env(slow), "FOSSML_CACHE_DIR": str(slow.cache / "own")}
    begun = subprocess.Popen(command, cwd=slow.root, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not Path(env(slow)["HOLD"] + ".waits").exists():
        assert begun.poll() is None, begun.communicate()
        time.sleep(0.02)
    begun.send_signal(number)
    said, _ = begun.communicate()
    assert begun.returncode == code
    if number != signal.SIGKILL:
        document = json.loads(said)
        assert [one["verdict"] for one in document["claims"]] == ["not evaluable"]
        assert INTERRUPTED in document["claims"][0]["reason"]
        assert not (slow.root / "fossml.verify.json").exists()
    let_go(slow)
    done = subprocess.run(command, cwd=slow.root, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ran(slow).count("prepare.py") == 1
