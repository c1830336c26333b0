"""What others put into their repositories: the pre-commit hook with the real pre-commit, the steps of the action."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.checks.repository import committed, git, write
from tests.conftest import REPOSITORY

BAD = {"a.py": "print('/home/anna/x.csv')\n", "README.md": "# A\n\n`python a.py`\n"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of fossml as it is here, with what is not committed yet."""
    root = tmp_path_factory.mktemp("published") / "fossml"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (REPOSITORY / name).is_file() and not name.startswith(("tests/", "bench/")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, root / name)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "as it is")
    return root


def test_the_hook_stops_a_commit_with_a_hard_failure_and_lets_a_good_one_pass(published: Path, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    committed(root, {"README.md": "# A\n"})
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=published, check=True, capture_output=True, text=True)
    hook = {"repo": str(published), "rev": head.stdout.strip(), "hooks": [{"id": "fossml-check"}]}
    write(root, {".pre-commit-config.yaml": json.dumps({"repos": [hook]}), **BAD})
    env = {
        **os.environ,
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
    }
    env |= {
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
        "PATH": f"{Path(sys.executable).parent}:{env['PATH']}",
    }
    subprocess.run(["pre-commit", "install"], cwd=root, env=env, check=True, capture_output=True)

    def commit() -> subprocess.CompletedProcess[str]:
        git(root, "add", "-A")
        return subprocess.run(
            ["git", "commit", "-m", "x"], cwd=root, env=env, capture_output=True, text=True, check=False
        )

    stopped = commit()
    assert stopped.returncode == 1
    assert "PATH001 a.py:1" in stopped.stderr and "Failures: 1 hard" in stopped.stderr
    write(root, {"a.py": "print('x.csv')\n"})
    assert commit().returncode == 0


def steps() -> list[dict[str, Any]]:
    action = YAML(typ="safe").load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = action["runs"]["steps"]
    return found


def filled(text: str, context: dict[str, str]) -> str:
    return re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda found: context[found[1]], text)


def test_the_steps_of_the_action_annotate_summarise_write_sarif_and_fail(published: Path, tmp_path: Path) -> None:
    committed(tmp_path / "repo", BAD)
    action = YAML(typ="safe").load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    context = {f"inputs.{name}": one["default"] for name, one in action["inputs"].items()}
    context |= {"inputs.sarif": str(tmp_path / "a.sarif"), "inputs.python": sys.executable}
    context |= {"github.action_path": str(published), "runner.temp": str(tmp_path)}
    done = []
    for step in steps():
        env = {**os.environ, **{name: filled(text, context) for name, text in step["env"].items()}}
        env["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]  # as the runner calls it
        done.append(
            subprocess.run(command, cwd=tmp_path / "repo", env=env, capture_output=True, text=True, check=False)
        )
    installed, checked = done
    assert installed.returncode == 0, installed.stderr
    assert checked.returncode == 1
    assert "::error file=a.py,line=1,title=PATH001::" in checked.stdout
    assert (tmp_path / "summary.md").read_text().startswith("### ❌ Failures: 1 hard")
    assert json.loads((tmp_path / "a.sarif").read_text())["version"] == "2.1.0"


def test_no_input_of_the_action_is_pasted_into_a_command() -> None:
    assert [step["name"] for step in steps() if "${{" in step["run"]] == []
