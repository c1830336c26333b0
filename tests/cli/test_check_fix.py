"""`fossml check --fix`: a diff first, written only when asked, and nothing of the repository is run for it."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fossml.cli import check_fix
from fossml.cli.check import command
from tests.checks.repository import committed, git, write

FILES = {
    "a.py": "import numpy\nprint(numpy.zeros(3))\n",
    "requirements.txt": "numpy\n",
    "README.md": "# A\n\n`python a.py`\n",
}


def check(*args: str | Path, say: str | None = None) -> Result:
    return CliRunner().invoke(command, [str(one) for one in args], input=say)


def state(root: Path) -> str:
    done = subprocess.run(["git", "status", "--porcelain"], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout


def made(root: Path) -> Path:
    """A repository of Ada's, in which somebody else asks."""
    committed(root, FILES)
    git(root, "commit", "-q", "--amend", "--no-edit", "--author", "Ada Lovelace <ada@example.org>")
    git(root, "config", "user.name", "A Reader")
    return root


def test_without_a_terminal_the_diff_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    result = check(made(tmp_path), "--fix", "--licence", "MIT")
    assert "+Copyright (c) " in result.output and "+++ b/LICENSE" in result.output
    assert "nothing was written" in result.output
    assert state(tmp_path) == ""
    assert result.exit_code == 0


def test_with_yes_it_is_written_and_what_is_told_is_of_after(tmp_path: Path) -> None:
    result = check(made(tmp_path), "--fix", "--yes", "--licence", "isc", "--json")
    assert (tmp_path / "LICENSE").read_text().startswith("ISC License\n\nCopyright (c) ")
    for name in ("LICENSE", "CITATION.cff"):
        text = (tmp_path / name).read_text()
        assert "Lovelace" in text and "Reader" not in text
    found = json.loads(result.stdout)["findings"]
    assert [one["status"] for one in found if one["code"] == "LIC001"] == ["pass"]
    assert "--- /dev/null" in result.stderr


@pytest.mark.parametrize(("answer", "written"), [("MIT\ny\n", True), ("none\ny\n", True), ("MIT\nn\n", False)])
def test_at_a_terminal_it_asks_which_licence_and_whether_to_write(
    answer: str, written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_fix, "_asks", lambda: True)
    made(tmp_path)
    result = check(tmp_path, "--fix", say=answer)
    assert "which one" in result.output and "write this?" in result.output
    assert (state(tmp_path) != "") == written
    assert (tmp_path / "LICENSE").exists() == (written and answer.startswith("MIT"))


def test_versions_come_from_the_environment_in_the_folder_which_is_read_and_not_run(tmp_path: Path) -> None:
    root = made(tmp_path / "repo")
    venv.create(root / ".venv", with_pip=False)
    [packages] = (root / ".venv" / "lib").glob("python*/site-packages")
    write(
        packages,
        {"numpy-1.25.0.dist-info/METADATA": "", "evil.pth": f"import os; open({str(tmp_path / 'ran')!r}, 'w')\n"},
    )
    for name in ("python", "python3"):
        (root / ".venv" / "bin" / name).unlink()
        (root / ".venv" / "bin" / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (root / ".venv" / "bin" / name).chmod(0o755)
    result = check(root, "--fix")
    assert "+numpy==1.25.0" in result.output
    assert "+.venv/" in result.output
    assert not (tmp_path / "ran").exists()


def test_nobody_is_given_a_licence_by_silence(tmp_path: Path) -> None:
    check(made(tmp_path), "--fix", "--yes")
    assert not (tmp_path / "LICENSE").exists()


def test_a_baseline_of_a_name_that_is_not_utf_8_is_written_whole(tmp_path: Path) -> None:
    committed(tmp_path / "a", FILES)
    (tmp_path / "a" / "x\udcff.csv").write_text("1\n")
    file = tmp_path / "b.json"
    assert check(tmp_path / "a", "--write-baseline", "--baseline", file).exit_code == 0
    assert file.read_bytes().isascii() and json.loads(file.read_text())["known"]
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def program(path: Path, ran: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch {ran}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("named", ["../evil/python", "python"])
def test_no_python_is_run_named_by_the_repository_beside_it_or_on_path(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made(tmp_path / "mono") / "sub"
    write(root, {**FILES, "fossml.toml": f"[environment]\npython = {json.dumps(named)}\n"})
    program(tmp_path / "mono" / "evil" / "python", tmp_path / "ran")
    monkeypatch.setenv("PATH", f"{tmp_path}/mono/evil", prepend=":")
    assert "+++ b/" in check(root, "--fix").output
    assert not (tmp_path / "ran").exists()


def test_versions_come_from_the_python_on_path_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(tmp_path / "repo")
    program(tmp_path / "usr" / "bin" / "python3.12", tmp_path / "ran")
    (tmp_path / "usr" / "bin" / "python").symlink_to("python3.12")
    write(tmp_path / "usr/lib/python3.12/site-packages", {"numpy-1.25.0.dist-info/METADATA": ""})
    monkeypatch.setenv("PATH", f"{tmp_path}/usr/bin", prepend=":")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert "+numpy==1.25.0" in check(root, "--fix").output
    assert not (tmp_path / "ran").exists()


def test_a_repair_does_not_write_through_a_link(tmp_path: Path) -> None:
    made(tmp_path / "repo")
    (tmp_path / "outside").write_text("kept")
    (tmp_path / "repo" / "CITATION.cff").symlink_to(tmp_path / "outside")
    check(tmp_path / "repo", "--fix", "--yes")
    assert (tmp_path / "outside").read_text() == "kept"
