"""The record of a verification speaks of the files beside it, or says why it no longer does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fossml.checks import RULES, judge
from fossml.facts import gather
from fossml.facts.verification import RECORD, digests, read_verification


def git(root: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def save(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "more")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def verified(repository: Path) -> Path:
    """A repository with a record of its commit, not committed itself."""
    (repository / "train.py").write_text("x = 1\n")
    (repository / "dvc.lock").write_text("schema: '2.0'\n")
    (repository / "requirements.txt").write_text("numpy==2.0\n")
    record(repository, save(repository))
    return repository


def record(root: Path, commit: str | None, *, dirty: bool = False) -> None:
    said = {"claims": [{"outcome": "holds"}, {"outcome": "unknown"}], "exit_code": 3, "commit": commit, "dirty": dirty}
    (root / RECORD).write_text(json.dumps({**said, "digests": digests(root)}))


def invalid(root: Path) -> str:
    found = read_verification(root)
    assert found is not None
    return "; ".join(found.invalid)


def test_it_is_valid_beside_what_was_verified(verified: Path) -> None:
    found = read_verification(verified)
    assert found is not None
    assert (found.outcomes, found.exit_code, found.invalid) == (("holds", "unknown"), 3, ())
    [said] = judge(gather(verified), [RULES["RUN003"]])
    assert said.status == "pass"


def test_it_stays_valid_when_it_is_committed_itself(verified: Path) -> None:
    save(verified)
    assert invalid(verified) == ""


CHANGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("a source", lambda root: (root / "train.py").write_text("x = 2\n"), "train.py differs from commit"),
    ("a new file", lambda root: (root / "more.py").write_text(""), "more.py differs from commit"),
    ("one less", lambda root: (root / "train.py").unlink(), "train.py differs from commit"),
    (
        "the lock",
        lambda root: (root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n"),
        "the lock has changed: dvc",
    ),
    ("no lock", lambda root: (root / "dvc.lock").unlink(), "the lock has changed: dvc.lock"),
    (
        "the environment",
        lambda root: (root / "requirements.txt").write_text("numpy\n"),
        "the environment has changed: r",
    ),
    ("a new lock", lambda root: (root / "uv.lock").write_text(""), "the environment has changed: uv.lock"),
]


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize(("_what", "change", "why"), CHANGES, ids=[case[0] for case in CHANGES])
def test_a_change_makes_it_invalid_and_is_named(
    _what: str, change: Callable[[Path], object], why: str, committed: bool, verified: Path
) -> None:
    change(verified)
    if committed:
        save(verified)
    assert why in invalid(verified)
    [said] = judge(gather(verified), [RULES["RUN003"]])
    assert (said.status, why in said.message) == ("fail", True)


def test_a_change_that_is_taken_back_makes_it_valid_again(verified: Path) -> None:
    (verified / "train.py").write_text("x = 2\n")
    assert invalid(verified) != ""
    (verified / "train.py").write_text("x = 1\n")
    assert invalid(verified) == ""


def test_a_record_of_files_in_no_commit_or_of_a_commit_elsewhere_is_not_valid(verified: Path) -> None:
    record(verified, git(verified, "rev-parse", "HEAD"), dirty=True)
    assert "files that differed from commit" in invalid(verified)
    record(verified, None)
    assert invalid(verified) == "it is of a state that was in no commit"
    record(verified, "0" * 40)
    assert invalid(verified) == "its commit 0000000000 is not in this repository"
    record(verified, "--output=x")
    assert "is not in this repository" in invalid(verified)
    assert not (verified / "x").exists()


def test_many_changes_are_counted(verified: Path) -> None:
    for name in "abcde":
        (verified / name).touch()
    assert "a, b, c, 2 more differ from commit" in invalid(verified)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"claims": 3}', "[" * 100_000, '{"claims": [{"outcome": "x"}]}'])
def test_what_is_no_record_is_none(text: str, verified: Path) -> None:
    (verified / RECORD).write_text(text)
    assert read_verification(verified) is None


def test_digests_are_those_of_locks_and_of_what_declares_the_environment(verified: Path) -> None:
    (verified / "workflow.yml").write_text("on: push\n")
    (verified / "environment.yml").write_text("dependencies: [python]\n")
    found = digests(verified)
    assert (list(found["locks"]), list(found["environment"])) == (["dvc.lock"], ["environment.yml", "requirements.txt"])
