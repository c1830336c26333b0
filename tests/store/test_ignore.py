from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.store.objects import gitignore
from tests.conftest import Dvc


def ignored(root: Path, path: str) -> bool:
    done = subprocess.run(["git", "check-ignore", "-q", "--", path], cwd=root, check=False)
    return done.returncode == 0


def test_entries_are_those_of_dvc_add(repository: Path, dvc: Dvc) -> None:
    (repository / ".dvc").mkdir()
    (repository / ".dvc/config").write_text("")
    names = ["model.bin", "a b[1]*.csv", "sub/out", "#x", "ready.tmp"]
    (repository / "sub").mkdir()
    (repository / ".gitignore").write_text("*.tmp\nlast")
    for name in names:
        (repository / name).write_text(name)
    dvc(repository, "add", "-q", *names[:-1])
    expected = {p: (repository / p).read_text() for p in (".gitignore", "sub/.gitignore")}
    (repository / "sub/.gitignore").unlink()
    (repository / ".gitignore").write_text("*.tmp\nlast")
    for name in names:
        gitignore(repository, name)
    assert {p: (repository / p).read_text() for p in expected} == expected


def test_an_entry_is_written_once(root: Path) -> None:
    for _ in range(2):
        gitignore(root, "out")
    assert (root / ".gitignore").read_text() == "/out\n"


def test_what_a_gitignore_above_ignores_is_not_written(root: Path) -> None:
    (root / "a/b").mkdir(parents=True)
    (root / ".gitignore").write_text("/a/b/\n")
    gitignore(root, "a/b/out")
    assert not (root / "a/b/.gitignore").exists()


def test_an_exception_below_is_respected(root: Path) -> None:
    (root / "a").mkdir()
    (root / ".gitignore").write_text("*.bin\n")
    (root / "a/.gitignore").write_text("!*.bin\n")
    gitignore(root, "a/x.bin")
    assert (root / "a/.gitignore").read_text() == "!*.bin\n/x.bin\n"


def test_foreign_bytes_are_kept(root: Path) -> None:
    (root / ".gitignore").write_bytes(b"caf\xe9\r\nx")
    gitignore(root, "out")
    assert (root / ".gitignore").read_bytes() == b"caf\xe9\r\nx\n/out\n"


@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_link_that_leads_out_is_refused(root: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "victim").write_text("")
    if where == "file":
        (root / ".gitignore").symlink_to(tmp_path / "victim")
    else:
        (root / "sub").symlink_to(tmp_path)
    with pytest.raises(FossmlError, match="outside"):
        gitignore(root, "out" if where == "file" else "sub/out")
    assert (tmp_path / "victim").read_text() == "" and not (tmp_path / ".gitignore").exists()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("ab !#*?[]\\é.-"), min_size=1, max_size=8).filter(lambda n: n.strip(".") != ""))
def test_git_ignores_any_name_that_is_given(repository: Path, name: str) -> None:
    (repository / ".gitignore").unlink(missing_ok=True)
    gitignore(repository, name)
    assert ignored(repository, name)
    assert not ignored(repository, name + "x")
