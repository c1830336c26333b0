"""A small history whose truth is known, replayed with builders that are known to be right, lazy or eager."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from replay import stub
from replay.history import History, replay
from replay.judge import Word, counted
from replay.mirror import Mirror
from replay.report import page
from replay.tools import Build, Tool, command, order
from tests.bench.conftest import FIRST, Commit

STAGES = {"prepare", "train"}
PYTHON = Path(sys.prefix) / "bin"


def run(root: Path, env: Mapping[str, str], stage: str) -> None:
    done = {**env, "DVC_STAGE": stage, "DVC_ROOT": str(root)}
    subprocess.run([sys.executable, "-S", stub.__file__, "the command"], env=done, cwd=root, check=True)


def eager(root: Path, env: Mapping[str, str]) -> None:
    """Runs everything, always."""
    for stage in order(stub.unpacked(env["REPLAY_SPEC"])):
        run(root, env, stage)


def lazy(root: Path, env: Mapping[str, str]) -> None:
    """Runs what has no outputs, and nothing else."""
    specs = stub.unpacked(env["REPLAY_SPEC"])
    for stage in order(specs):
        if stub.made_of(specs[stage], str(root)) is None:
            run(root, env, stage)


def right(root: Path, env: Mapping[str, str]) -> None:
    """Runs what must run."""
    specs = stub.unpacked(env["REPLAY_SPEC"])
    for stage in order(specs):
        if stub.made_of(specs[stage], str(root)) != stub.digest(stub.inputs(specs[stage], str(root))):
            run(root, env, stage)


def broken(_root: Path, _env: Mapping[str, str]) -> str:
    """Never builds."""
    return "it cannot"


def replayed(repository: Path, dvc_path: Path, **builds: Build) -> History:
    tools = [Tool(name, build) for name, build in builds.items()]
    return replay(Mirror(repository / ".git"), tools, dvc_python=dvc_path.parent / "python", python=PYTHON)


def counts(history: History, tool: str) -> dict[Word, int]:
    return dict(counted(history.tallies[tool].seen))


CHANGES = {
    "a document": ({"README.md": "The best model.\n"}, 0),
    "a comment": ({"src/prepare.py": "import helper  # mine\n\n\nprint(helper.NUMBER)\n"}, 0),
    "a helper that is not declared": ({"src/helper.py": "NUMBER = 2\n"}, 2),
    "a parameter": ({"params.yaml": "train:\n  rate: 0.2\nother: 1\n"}, 1),
    "another parameter": ({"params.yaml": "train:\n  rate: 0.1\nother: 2\n"}, 0),
    "data": ({"data.csv.dvc": FIRST["data.csv.dvc"].replace("1", "2")}, 2),
    "the command": ({"dvc.yaml": FIRST["dvc.yaml"].replace("src/train.py\n", "src/train.py --fast\n", 1)}, 1),
    "the command's spaces": ({"dvc.yaml": FIRST["dvc.yaml"].replace("python src/train", "python  src/train")}, 0),
}


@pytest.mark.parametrize(("change", "needed"), CHANGES.values(), ids=CHANGES)
def test_what_had_to_run_is_known(
    repository: Path, commit: Commit, dvc_path: Path, change: dict[str, str], needed: int
) -> None:
    commit(FIRST)
    commit(change)
    history = replayed(repository, dvc_path, right=right, eager=eager, lazy=lazy)
    moved = 0 if "README.md" in change else 2
    assert history.commits == 2
    assert history.stages == STAGES
    assert counts(history, "right") == {"needed": 2 + needed, "ran": 2 + needed}
    needless = moved - needed
    assert counts(history, "eager").get("needless", 0) == needless
    assert counts(history, "eager").get("ran", 0) == 2 + moved
    lazily = counts(history, "lazy")
    assert (lazily.get("missed", 0), lazily.get("stale", 0)) == (min(needed, 1), max(needed - 1, 0))
    assert lazily["ran"] == 2


def test_a_revert_makes_what_was_made_before(repository: Path, commit: Commit, dvc_path: Path) -> None:
    commit(FIRST)
    commit({"src/train.py": "print('other')\n"})
    commit({"src/train.py": FIRST["src/train.py"]})
    history = replayed(repository, dvc_path, right=right)
    assert counts(history, "right") == {"needed": 4, "ran": 4, "again": 1}


def test_a_stage_that_stays_stale_is_missed_once(repository: Path, commit: Commit, dvc_path: Path) -> None:
    commit(FIRST)
    commit({"src/train.py": "print('other')\n"})
    commit({"src/prepare.py": FIRST["src/prepare.py"] + "# a comment\n"})
    history = replayed(repository, dvc_path, lazy=lazy)
    assert counts(history, "lazy") == {"needed": 3, "ran": 2, "missed": 1}
    assert [(one.stage, one.why) for one in history.tallies["lazy"].examples] == [("train", "a declared source")]


def test_commits_that_one_tool_cannot_build_count_for_none(repository: Path, commit: Commit, dvc_path: Path) -> None:
    name = commit(FIRST)
    history = replayed(repository, dvc_path, right=right, broken=broken)
    assert counts(history, "right") == {}
    assert history.tallies["broken"].failures == [(name, "it cannot")]


def test_a_dvc_yaml_that_dvc_does_not_read_is_told(repository: Path, commit: Commit, dvc_path: Path) -> None:
    name = commit({**FIRST, "dvc.yaml": "stages:\n  train:\n    cmd: x\n    outs: ['${nothing}']\n"})
    history = replayed(repository, dvc_path, right=right)
    assert [broken for broken, _ in history.unreadable] == [name]


def test_fossml_and_the_real_dvc_are_counted(repository: Path, commit: Commit, dvc_path: Path) -> None:
    commit(FIRST)
    commit({"src/prepare.py": "# a comment\n" + FIRST["src/prepare.py"]})
    commit({"src/helper.py": "NUMBER = 2\n"})
    commit({"params.yaml": "train:\n  rate: 0.2\nother: 1\n"})
    commit({"params.yaml": FIRST["params.yaml"]})
    history = replayed(
        repository,
        dvc_path,
        fossml=command(str(PYTHON / "fossml"), "build"),
        dvc=command(str(dvc_path), "repro", "--all-pipelines"),
    )
    assert not any(tally.failures for tally in history.tallies.values())
    assert counts(history, "dvc") == {"needed": 6, "ran": 4, "needless": 1, "missed": 1, "stale": 3}
    assert counts(history, "fossml")["needed"] == 6
    why = {(one.kind, one.stage): one.why for one in history.tallies["dvc"].examples}
    assert why == {
        ("needless", "prepare"): "comments or formatting of a declared source",
        ("missed", "prepare"): "an imported module that is not declared",
    }
    assert "| dvc | missed |" in page([history], "a test")
