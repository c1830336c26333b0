"""Changes are shown as they will be made, and made nowhere else."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.begin.change import Change, apply, read, unified
from fossml.errors import FossmlError


def test_a_diff_is_what_patch_makes_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1\n2\n3")
    changes = [Change("a.txt", "1\n2\n3", "1\ntwo\n3\n"), Change("sub/new.txt", None, "x\n")]
    patch = ["patch", "-p1", "-s"] if _has("patch") else ["git", "apply"]
    subprocess.run(patch, cwd=tmp_path, input=unified(changes), text=True, check=True)
    assert (tmp_path / "a.txt").read_text() == "1\ntwo\n3\n"
    assert (tmp_path / "sub/new.txt").read_text() == "x\n"


def _has(tool: str) -> bool:
    return subprocess.run(["sh", "-c", f"command -v {tool}"], capture_output=True, check=False).returncode == 0


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written_as_it_is(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        apply(root, [Change("deep/file", None, text)])
        assert read(root, "deep/file") == text
        assert [path.name for path in (root / "deep").iterdir()] == ["file"]


def test_a_file_that_changed_in_the_meantime_stops_all(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("other")
    with pytest.raises(FossmlError, match="in the meantime"):
        apply(tmp_path, [Change("a", None, "1"), Change("b", None, "2")])
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b").read_text() == "other"


@pytest.mark.parametrize("link", ["file", "folder"])
def test_nothing_is_written_through_a_link(tmp_path: Path, link: str) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (elsewhere / "x").write_text("theirs")
    if link == "file":
        (root / "x").symlink_to(elsewhere / "x")
        change = Change("x", "theirs", "ours")
    else:
        (root / "sub").symlink_to(elsewhere)
        change = Change("sub/x", "theirs", "ours")
    with pytest.raises(FossmlError):
        apply(root, [change])
    assert (elsewhere / "x").read_text() == "theirs"


def test_a_link_inside_the_repository_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("1")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(FossmlError):
        apply(tmp_path, [Change("link", "1", "2")])
    assert (tmp_path / "link").is_symlink()


def test_the_mode_of_a_file_stays(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("1")
    (tmp_path / "run").chmod(0o750)
    apply(tmp_path, [Change("run", "1", "2")])
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o750
