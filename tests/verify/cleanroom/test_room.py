from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from fossml.verify.cleanroom import room

BIG = 200_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "src/__pycache__").mkdir(parents=True)
    (root / "src/__pycache__/a.pyc").write_text("x")
    (root / "src/a.py").write_text("print(1)\n")
    (root / "run.sh").write_text("echo\n")
    (root / "run.sh").chmod(0o755)
    (root / "locked").write_text("read only")
    (root / "locked").chmod(0o444)
    return root


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_copy_has_everything_but_compiled_files_and_sockets(root: Path, tmp_path: Path) -> None:
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(root)  # a socket's path may not be long
        listener.bind("socket")
        os.chdir(here)
        made = room.make(root, tmp_path / "copy")
    names = sorted(path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*"))
    assert names == ["locked", "run.sh", "src", "src/a.py"]
    assert (made.folder / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (made.folder / "src/a.py").stat().st_mtime_ns == (root / "src/a.py").stat().st_mtime_ns


def test_nothing_that_is_done_to_a_copy_reaches_the_original(root: Path, tmp_path: Path) -> None:
    (root / "alias").symlink_to(root / "src/a.py")
    (root / "near").symlink_to("src/a.py")
    before = snapshot(root)
    copy = room.make(root, tmp_path / "copy").folder
    for path in [*copy.rglob("*")]:
        if path.is_file():
            path.chmod(0o666)
            with path.open("r+b") as file:
                file.write(b"!!!")
    (copy / "src/new.py").write_text("new")
    assert snapshot(root) == before
    room.remove(copy)
    assert snapshot(root) == before


def test_a_link_inside_stays_inside_and_one_outside_keeps_its_aim(root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (root / "abs").symlink_to(root / "src")
    (root / "out").symlink_to("../data")
    (root / "dangling").symlink_to("nowhere")
    copy = room.make(root, tmp_path / "x/copy").folder
    assert (copy / "abs").resolve() == copy / "src"
    assert (copy / "out").resolve() == tmp_path / "data"
    assert (copy / "dangling").readlink() == Path("nowhere")


@pytest.mark.parametrize(("folder", "mark"), [(".venv", ".venv/pyvenv.cfg"), (".dvc/cache", ".dvc/cache/f")])
def test_large_files_of_environments_and_caches_are_shared_small_ones_copied(
    root: Path, tmp_path: Path, folder: str, mark: str
) -> None:
    (root / folder / "lib").mkdir(parents=True)
    (root / mark).write_text("small")
    (root / folder / "lib/big.so").write_bytes(b"\0" * BIG)
    (root / folder / "link").symlink_to("lib")
    made = room.make(root, tmp_path / "copy")
    assert (made.folder / folder / "lib/big.so").samefile(root / folder / "lib/big.so")
    assert not (made.folder / mark).samefile(root / mark)
    assert (made.folder / folder / "link").readlink() == Path("lib")
    assert made.size < BIG
    assert made.breached() == ()
    (made.folder / folder / "lib/new").write_text("stays here")
    (made.folder / folder / "lib/big.so").unlink()
    assert (root / folder / "lib/big.so").stat().st_size == BIG
    assert not (root / folder / "lib/new").exists()


def test_a_write_through_a_shared_file_is_noticed(root: Path, tmp_path: Path) -> None:
    (root / ".venv").mkdir()
    (root / ".venv/pyvenv.cfg").touch()
    (root / ".venv/big.so").write_bytes(b"\0" * BIG)
    made = room.make(root, tmp_path / "copy")
    with (made.folder / ".venv/big.so").open("ab") as file:
        file.write(b"!")
    assert made.breached() == (str(root / ".venv/big.so"),)


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_git_works_in_a_copy_without_its_objects_being_copied(root: Path, tmp_path: Path) -> None:
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    before = {path: data for path, (data, _) in snapshot(root).items()}
    copy = room.make(root, tmp_path / "copy").folder
    assert not list((copy / ".git/objects").glob("??"))
    assert git(copy, "log", "--format=%s") == "one\n"
    (copy / "src/a.py").write_text("print(2)\n")
    git(copy, "commit", "-am", "two")
    assert {path: data for path, (data, _) in snapshot(root).items()} == before
    again = room.make(copy, tmp_path / "again").folder
    assert git(again, "log", "--format=%s") == "two\none\n"


def test_a_work_tree_is_copied_without_its_way_to_the_index(root: Path, tmp_path: Path) -> None:
    (root / ".git").write_text("gitdir: /elsewhere/.git/worktrees/x\n")
    assert not (room.make(root, tmp_path / "copy").folder / ".git").exists()


def test_what_is_to_be_left_out_is(root: Path, tmp_path: Path) -> None:
    (root / "cache").mkdir()
    (root / "cache/x").touch()
    assert not (room.make(root, tmp_path / "copy", {root / "cache"}).folder / "cache").exists()
    assert room.digest(root, {root / "cache"}) != room.digest(root)


def test_a_copy_inside_the_folder_does_not_hold_itself(root: Path) -> None:
    copy = room.make(root, root / "runs/copy").folder
    assert (copy / "src/a.py").exists()
    assert not (copy / "runs/copy").exists()


def test_only_what_was_written_counts_even_if_by_the_same_bytes(root: Path, tmp_path: Path) -> None:
    copy = room.make(root, tmp_path / "copy").folder
    before = room.state(copy)
    assert room.written(copy, before) == {}
    (copy / "src/a.py").write_text("print(1)\n")
    (copy / "out").mkdir()
    (copy / "out/m.json").write_text("{}")
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__/b.pyc").touch()
    written = room.written(copy, before)
    assert sorted(written) == ["out/m.json", "src/a.py"]
    assert written["out/m.json"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_a_digest_follows_content_names_modes_and_links_and_nothing_else(root: Path) -> None:
    first, size = room.digest(root)
    assert size == sum(len(text) for text in ("print(1)\n", "echo\n", "read only"))
    os.utime(root / "src/a.py", (1, 1))
    (root / "src/__pycache__/a.pyc").write_text("other")
    (root / ".git").mkdir()
    (root / ".git/HEAD").touch()
    assert room.digest(root)[0] == first
    seen = {first}
    for change in (
        lambda: (root / "src/a.py").write_text("print(2)\n"),
        lambda: (root / "src/a.py").rename(root / "src/b.py"),
        lambda: (root / "src/b.py").chmod(0o755),
        lambda: (root / "l").symlink_to("run.sh"),
    ):
        change()
        seen.add(room.digest(root)[0])
    assert len(seen) == 5


def test_a_room_with_read_only_folders_is_removed(tmp_path: Path) -> None:
    (tmp_path / "r/sub").mkdir(parents=True)
    (tmp_path / "r/sub/f").touch()
    (tmp_path / "r/sub").chmod(0o555)
    room.remove(tmp_path / "r")
    assert not (tmp_path / "r").exists()
