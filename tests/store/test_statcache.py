from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fossml.store.digest import Digests, artifact
from fossml.store.statcache import StatCache, is_racy

SECOND = 10**9
LATER = 3600 * SECOND


def later() -> int:
    """A clock far past every file's time."""
    return 4 * 10**18


def digest(root: Path, cache: StatCache, name: str = "a") -> str:
    found = artifact(root, name, cache)
    assert found is not None
    return found.digest


def md5(cache: StatCache, path: Path) -> str | None:
    found = cache.known(path.stat())
    return found.md5 if found else None


def poison(cache: StatCache, path: Path) -> str:
    """A wrong digest for `path`, to see whether the cache was asked."""
    cache.put(path.stat(), Digests("f" * 32), later())
    return "f" * 32


@pytest.fixture
def db(root: Path) -> Path:
    return root / ".fossml" / "stat.db"


@pytest.fixture
def file(root: Path) -> Path:
    (root / "a").write_text("content")
    return root / "a"


def test_a_file_nobody_touched_is_not_read_again(root: Path, file: Path, db: Path) -> None:
    with StatCache(db) as cache:
        wrong = poison(cache, file)
        assert digest(root, cache) == wrong
    with StatCache(db) as cache:
        assert digest(root, cache) == wrong


def test_hashing_fills_the_cache(root: Path, file: Path, db: Path) -> None:
    with StatCache(db, clock=later) as cache:
        true = digest(root, cache)
    with StatCache(db) as cache:
        assert md5(cache, file) == true


@pytest.mark.parametrize("change", ["content", "mode", "inode"])
def test_a_touched_file_is_read_again_even_with_its_old_time_and_size(root: Path, file: Path, change: str) -> None:
    with StatCache(None) as cache:
        wrong = poison(cache, file)
        st = file.stat()
        if change == "content":
            file.write_text("CONTENT")
        elif change == "mode":
            file.chmod(0o600)
        else:
            file.rename(root / "old")
            file.write_text("content")
        os.utime(file, ns=(st.st_atime_ns, st.st_mtime_ns))
        assert digest(root, cache) != wrong


def test_a_protected_file_stays_known_when_it_gets_another_name(root: Path, file: Path) -> None:
    file.chmod(0o444)
    (root / "b").hardlink_to(file)
    with StatCache(None) as cache:
        wrong = poison(cache, file)
        (root / "c").hardlink_to(file)
        assert digest(root, cache) == wrong


def test_a_file_read_in_the_tick_in_which_it_was_written_is_not_trusted(root: Path, file: Path) -> None:
    mtime = file.stat().st_mtime_ns
    with StatCache(None, clock=lambda: mtime + 1) as cache:
        digest(root, cache)
        assert cache.known(file.stat()) is None


@pytest.mark.parametrize(
    ("mtime", "read", "racy"),
    [
        (5, 5, True),
        (5, 10_000_000, True),
        (5, 100_000_000, False),
        (10 * SECOND, 11 * SECOND, True),
        (10 * SECOND, 13 * SECOND, False),
        (LATER + 5, 5, False),
    ],
)
def test_times_too_near_to_tell_apart_are_racy(mtime: int, read: int, racy: bool) -> None:
    assert is_racy(mtime, read) is racy


@pytest.mark.parametrize("data", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_database_is_replaced(root: Path, file: Path, db: Path, data: bytes) -> None:
    db.parent.mkdir()
    db.write_bytes(data)
    with StatCache(db, clock=later) as cache:
        true = digest(root, cache)
    with StatCache(db) as cache:
        assert md5(cache, file) == true


def test_a_database_damaged_in_the_middle_is_replaced(root: Path, db: Path) -> None:
    files = [root / f"f{i}" for i in range(300)]
    for one in files:
        one.write_text("x")
    with StatCache(db, clock=later) as cache:
        for one in files:
            digest(root, cache, one.name)
    data = bytearray(db.read_bytes())
    data[4096:] = b"\xee" * (len(data) - 4096)
    db.write_bytes(data)
    with StatCache(db, clock=later) as cache:
        true = [digest(root, cache, one.name) for one in files]
    with StatCache(db) as cache:
        assert [md5(cache, one) for one in files] == true


def test_a_database_of_another_layout_is_replaced(root: Path, file: Path, db: Path) -> None:
    db.parent.mkdir()
    with sqlite3.connect(db) as other:
        other.execute("CREATE TABLE file (name TEXT)")
    other.close()
    with StatCache(db, clock=later) as cache:
        true = digest(root, cache)
    with StatCache(db) as cache:
        assert md5(cache, file) == true


def test_a_database_that_cannot_be_had_does_without(root: Path, file: Path, db: Path) -> None:
    db.mkdir(parents=True)
    with StatCache(db, clock=later) as cache:
        assert digest(root, cache) == md5(cache, file)


@pytest.mark.usefixtures("file")
def test_a_database_locked_by_another_is_read_without(root: Path, db: Path) -> None:
    with StatCache(db, clock=later) as cache:
        digest(root, cache)
    holder = sqlite3.connect(db)
    holder.execute("BEGIN EXCLUSIVE")
    with StatCache(None) as plain:
        true = digest(root, plain)
    cache = StatCache(db, clock=later, patience=0.05)
    assert digest(root, cache) == true
    cache.close()
    holder.close()


def test_a_link_that_leads_out_of_the_repository_is_not_followed(tmp_path: Path, db: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    db.parent.mkdir()
    db.symlink_to(victim)
    StatCache(db).close()
    assert victim.read_text() == "precious"
    db.unlink()
    db.parent.rmdir()
    db.parent.symlink_to(tmp_path, target_is_directory=True)
    StatCache(db).close()
    assert not (tmp_path / "stat.db").exists()


def test_two_processes_fill_one_database(root: Path, db: Path) -> None:
    for i in range(40):
        (root / f"f{i}").write_text(str(i))
    code = (
        "import sys; from pathlib import Path; from fossml.store.digest import StatCache, artifact\n"
        "root, db, start = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])\n"
        "for i in range(start, start + 20):\n"
        "    with StatCache(db, clock=lambda: 4 * 10**18) as cache: artifact(root, f'f{i}', cache)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(root), str(db), start]) for start in ("0", "20")]
    assert [one.wait() for one in both] == [0, 0]
    with StatCache(db) as cache:
        assert all(cache.known((root / f"f{i}").stat()) for i in range(40))
