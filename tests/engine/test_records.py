"""fossml.lock: one block a stage, so that git merges what two people built; a damaged one is said, not guessed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fossml.engine.build import Summary
from fossml.engine.records import dump_own_lock, read_own_lock
from fossml.errors import FossmlError
from tests.engine.test_build import run, stages


def git(root: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True).stdout


def test_two_branches_that_build_different_stages_merge(repository: Path) -> None:
    names = ["a", "b", "c"]
    stages(repository, "".join(f"{n}: {{cmd: cp {n}.in {n}, deps: [{n}.in], outs: [{n}]}}\n" for n in names))
    for name in names:
        (repository / f"{name}.in").write_text("1\n")
    run(repository)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "built")
    main = git(repository, "branch", "--show-current").strip()
    for branch, name in (("one", "a"), ("two", "c")):
        git(repository, "checkout", "-q", "-b", branch, main)
        (repository / f"{name}.in").write_text("2\n")
        assert run(repository)[0].ran == 1
        git(repository, "commit", "-qam", f"{name} again")
    git(repository, "merge", "-q", "one", "-m", "both")
    assert run(repository)[0] == Summary(current=2, restored=1)
    assert git(repository, "status", "--porcelain") == ""


def test_new_last_stages_on_either_side_do_not_touch_other_entries() -> None:
    text = dump_own_lock({"b": {"key": "1"}})
    assert set(text.splitlines()) < set(dump_own_lock({"b": {"key": "1"}, "c": {"key": "2"}}).splitlines())
    assert json.loads(text)["b"] == {"key": "1"}


def test_an_entry_changes_only_when_its_stage_ran(repository: Path) -> None:
    stages(repository, "a: {cmd: cp in a, deps: [in], outs: [a]}\nb: {cmd: echo > b, outs: [b]}")
    run(repository)
    before = read_own_lock(repository)
    (repository / "in").write_text("2\n")
    run(repository)
    after = read_own_lock(repository)
    assert (before["a"] == after["a"], before["b"] == after["b"]) == (False, True)


@pytest.mark.parametrize("text", ["{", "[]", "{}", "<<<<<<< ours\n{}\n", "\xff"])
def test_a_damaged_one_is_named_and_not_overwritten(repository: Path, text: str) -> None:
    stages(repository, "a: {cmd: cp in a, deps: [in], outs: [a]}")
    run(repository)
    (repository / "fossml.lock").write_bytes(text.encode("latin-1"))
    with pytest.raises(FossmlError, match=r"fossml.lock(:1)?: is damaged"):
        run(repository)
    assert (repository / "fossml.lock").read_bytes() == text.encode("latin-1")


def test_metrics_and_seconds_are_recorded(repository: Path) -> None:
    stages(
        repository,
        """
        a:
          cmd: 'echo "{\\"test\\": {\\"acc\\": 0.5, \\"name\\": \\"x\\"}}" > m.json'
          metrics: [m.json]
        """,
    )
    run(repository)
    entry = read_own_lock(repository)["a"]
    assert entry["metrics"] == {"m.json:test.acc": 0.5}
    assert entry["seconds"] >= 0
