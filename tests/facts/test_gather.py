from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.facts import files, gather


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = root / name.replace("__", "/").replace("_", ".", 1)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def git(root: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *args], cwd=root, check=True, capture_output=True
    )


def test_a_folder_without_git_is_walked(tmp_path: Path) -> None:
    write(tmp_path, a_py="import os\n", sub__b_py="", node_modules__c_py="")
    (tmp_path / "venv" / "x").mkdir(parents=True)
    (tmp_path / "venv" / "x" / "d.py").write_text("")
    facts = gather(tmp_path)
    assert not facts.git
    assert [path for path in facts.files if path.endswith(("a.py", "b.py", "d.py"))] == ["a.py", "sub/b.py"]


def test_links_out_of_the_repository_and_loops_are_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "secret.py").write_text("x = 1\n")
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "one.py").symlink_to(outside / "secret.py")
    os.mkfifo(root / "pipe.py")
    (root / "a.py").write_text("x = 1\n")
    assert list(gather(root).files) == ["a.py"]
    git(root, "init", "-q")
    assert list(gather(root).files) == ["a.py"]


def test_more_files_than_are_looked_at_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.py").write_text("")
    facts = gather(tmp_path)
    assert len(facts.files) == 3
    assert facts.unseen[0].text == "there are more than 3 files; the rest was not looked at"


def test_what_the_repository_configures_is_not_run(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    mark = tmp_path.parent / f"{tmp_path.name}.ran"
    program = tmp_path / "run.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(program))
    git(tmp_path, "config", "core.pager", str(program))
    assert "run.sh" in gather(tmp_path).files
    assert not mark.exists()


def test_tracked_untracked_and_ignored_files_are_told_apart(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("open('c.csv')\n")
    (tmp_path / ".gitignore").write_text("c.csv\n")
    git(tmp_path, "add", "-A")
    (tmp_path / "b.py").write_text("")
    (tmp_path / "c.csv").write_text("1")
    facts = gather(tmp_path)
    assert set(facts.files) == {"a.py", "b.py", ".gitignore"}
    assert set(facts.untracked) == {"b.py"}
    assert facts.ignored == ("c.csv",)
    assert set(facts.present) == {"c.csv"}


def test_a_subfolder_is_looked_at_alone(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").write_text("")
    (tmp_path / "sub" / "b.py").write_text("")
    assert list(gather(tmp_path / "sub").files) == ["b.py"]


def test_names_that_are_no_utf8_are_no_error(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.py")).write_bytes(b"\xff\xfe\0")
    assert len(gather(tmp_path).files) == 1


def test_no_folder_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="is not a folder"):
        gather(tmp_path / "none")


def test_gathering_changes_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "dvc.yaml").write_text("stages:\n  a:\n    cmd: echo\n    deps: [x]\n")
    (tmp_path / "x").write_text("1")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    gather(tmp_path)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
