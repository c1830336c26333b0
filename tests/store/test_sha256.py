"""SHA-256 beside MD5, out of the same read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fossml.store import reading
from fossml.store.digest import Digests, StatCache, artifact
from fossml.store.objects import Objects
from fossml.types import Artifact
from tests.store.conftest import MakeTree

LATER = 4 * 10**18


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def expected(files: dict[str, str]) -> str:
    """The SHA-256 of a folder as it is documented."""
    rows = [[name, sha256(text.encode())] for name, text in sorted(files.items())]
    return sha256(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode())


def seen(root: Path, path: str, cache: StatCache) -> Artifact:
    found = artifact(root, path, cache)
    assert found is not None
    return found


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=50), st.sampled_from([0, 1, 2**20 - 1, 2**20, 2**20 + 1, 2 * 2**20, 5 * 2**20 + 3]))
def test_both_digests_and_the_copy_are_right_whatever_the_size(start: bytes, size: int) -> None:
    data = start + bytes(size)
    source, copy = os.memfd_create("source"), os.memfd_create("copy")
    try:
        os.write(source, data)
        for into in (None, copy):
            os.lseek(source, 0, os.SEEK_SET)
            both = reading.read(source, len(data), into)
            assert both == Digests(hashlib.md5(data).hexdigest(), sha256(data))
        assert os.pread(copy, len(data) + 1, 0) == data
        os.lseek(source, 0, os.SEEK_SET)
        os.ftruncate(copy, 0)
        os.lseek(copy, 0, os.SEEK_SET)
        assert reading.copy_sha256(source, len(data), copy) == sha256(data)
        assert os.pread(copy, len(data) + 1, 0) == data
    finally:
        os.close(source)
        os.close(copy)


@pytest.mark.parametrize("told", [0, 1, 3, 100, 2**21])
def test_a_file_of_another_size_than_was_told_is_read_whole(told: int) -> None:
    source = os.memfd_create("source")
    os.write(source, b"three")
    os.lseek(source, 0, os.SEEK_SET)
    assert reading.read(source, told) == reading.of_bytes(b"three")
    os.close(source)


def test_files_and_folders_come_with_their_sha256(root: Path, stats: StatCache, tree: MakeTree) -> None:
    files = {"a": "1", "b/é": "2", "b.c": "3"}
    tree(root / "d", files)
    assert seen(root, "d", stats).sha256 == expected(files)
    assert seen(root, "d/a", stats).sha256 == sha256(b"1")


def test_it_is_remembered_beside_the_md5(root: Path, tree: MakeTree) -> None:
    tree(root / "d", {"a": "1", "b": "2"})
    db = root / ".fossml" / "stat.db"
    with StatCache(db, clock=lambda: LATER) as cache:
        first = [seen(root, path, cache).sha256 for path in ("d", "d/a")]
    with StatCache(db) as cache:
        assert [seen(root, path, cache).sha256 for path in ("d", "d/a")] == first
    assert None not in first


def test_a_file_whose_md5_is_known_is_not_read_for_its_sha256_alone(
    root: Path, tree: MakeTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(root / "d", {"a": "1", "b": "2"})
    cache = StatCache(None, clock=lambda: LATER)
    for name in ("a", "b"):
        text = (root / "d" / name).read_bytes()
        cache.put((root / "d" / name).stat(), Digests(hashlib.md5(text).hexdigest()), LATER)
    monkeypatch.setattr("fossml.store.reading.read", lambda *_: pytest.fail("it was read"))
    assert seen(root, "d/a", cache).sha256 is None
    assert seen(root, "d", cache).sha256 is None


def test_artifacts_of_the_same_bytes_are_equal_whether_it_is_known_or_not() -> None:
    one = Artifact("a", "0" * 32, 1, sha256="f" * 64)
    assert one == replace(one, sha256=None) and hash(one) == hash(replace(one, sha256=None))


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_what_is_restored_has_it_without_being_read_again(
    root: Path, tree: MakeTree, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats = StatCache(None, clock=lambda: LATER)
    objects = Objects(root / ".dvc/cache", (kind,), stats=stats)
    files = {"a": "1", "b/c": "2"}
    a = seen(root, tree(root / "d", files).name, stats)
    objects.add(root / "d", a)
    monkeypatch.setattr("fossml.store.reading.read", lambda *_: pytest.fail("it was read"))
    objects.checkout(a, root / "back")
    assert seen(root, "back", stats).sha256 == expected(files)


def test_a_copy_that_is_not_what_is_known_is_refused(root: Path) -> None:
    """The SHA-256 alone is computed of a known file: other bytes show in it as in the MD5."""
    stats = StatCache(None, clock=lambda: LATER)
    (root / "f").write_text("two")
    a = Artifact("f", hashlib.md5(b"one").hexdigest(), 3)
    stats.put((root / "f").stat(), reading.of_bytes(b"one"), LATER)
    objects = Objects(root / ".dvc/cache", ("copy",), stats=stats)
    with pytest.raises(Exception, match="changed"):
        objects.add(root / "f", a)
    assert not objects.has(a)


BIG = 2**24


@pytest.mark.parametrize("stood", ["nothing", "the same object", "a damaged object"])
def test_a_big_new_file_is_read_once_on_its_way_into_the_cache(
    root: Path, stood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats = StatCache(None)
    objects = Objects(root / ".dvc/cache", ("copy",), stats=stats)
    data = bytes(range(256)) * (BIG // 256) + b"x"
    if stood != "nothing":
        (root / "old").write_bytes(data)
        objects.add(root / "old", seen(root, "old", StatCache(None)))
    if stood == "a damaged object":
        path = next(path for path in (root / ".dvc/cache/files/md5").rglob("*") if path.is_file())
        path.chmod(0o644)
        path.write_bytes(data[::-1])
    (root / "f").write_bytes(data)
    objects.take(root / "f")
    monkeypatch.setattr("fossml.store.reading.read", lambda *_: pytest.fail("it was read again"))
    monkeypatch.setattr("fossml.store.reading.copy_sha256", lambda *_: pytest.fail("it was read again"))
    a = seen(root, "f", stats)
    assert (a.digest, a.sha256) == (hashlib.md5(data).hexdigest(), sha256(data))
    objects.add(root / "f", a)
    monkeypatch.undo()
    objects.checkout(a, root / "back")
    assert (root / "back").read_bytes() == data
    assert not list(root.rglob(".fossml-tmp-*"))


@pytest.mark.parametrize("what", ["small", "link", "folder", "missing", "linked in"])
def test_what_need_not_be_copied_at_once_is_left_to_be_added(root: Path, what: str, stats: StatCache) -> None:
    match what:
        case "small":
            (root / "f").write_text("1")
        case "link":
            (root / "real").write_bytes(bytes(BIG))
            (root / "f").symlink_to("real")
        case "folder":
            (root / "f").mkdir()
        case "linked in":
            (root / "f").write_bytes(bytes(BIG))
    Objects(root / ".dvc/cache", ("hardlink" if what == "linked in" else "copy",), stats=stats).take(root / "f")
    assert not (root / ".dvc/cache/files").exists()


def scattered(folder: Path) -> dict[str, bytes]:
    """A folder of many small files, every second one like another."""
    files = {f"{i % 7}/{i}": str(i // 2).encode() for i in range(400)}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return files


@pytest.mark.parametrize("stood", ["nothing", "some objects", "a damaged object"])
def test_a_folder_of_many_new_files_is_read_once_on_its_way_into_the_cache(
    root: Path, stood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats = StatCache(None)
    objects = Objects(root / ".dvc/cache", ("copy",), stats=stats)
    if stood != "nothing":
        (root / "old").write_bytes(b"7")
        objects.add(root / "old", seen(root, "old", StatCache(None)))
    path = root / ".dvc/cache/files/md5" / "8f" / "14e45fceea167a5a36dedd4bea2543"
    if stood == "a damaged object":
        path.chmod(0o644)
        path.write_bytes(b"8")
    inode = path.stat().st_ino if stood == "some objects" else 0
    files = scattered(root / "f")
    reads: list[int] = []
    slurp = reading.slurp

    def counted(source: int, size: int) -> bytes:
        reads.append(source)
        return slurp(source, size)

    monkeypatch.setattr("fossml.store.reading.slurp", counted)
    a = objects.take(root / "f")
    # The damaged object is looked at for each of its two files, if they come at the same time.
    assert a is not None and len(reads) <= len(files) + 2
    monkeypatch.setattr("fossml.store.reading.slurp", lambda *_: pytest.fail("it was read again"))
    objects.add(root / "f", a)
    monkeypatch.undo()
    assert a.digest == seen(root, "f", StatCache(None)).digest
    objects.checkout(a, root / "back")
    assert {name: (root / "back" / name).read_bytes() for name in files} == files
    assert {path.stat().st_mode & 0o777 for path in (root / ".dvc/cache/files").rglob("*") if path.is_file()} == {0o444}
    assert not list(root.rglob(".fossml-tmp-*"))
    assert inode in (0, path.stat().st_ino)


def test_a_folder_that_changes_after_it_was_taken_is_added_as_it_is_said_to_be(root: Path, stats: StatCache) -> None:
    objects = Objects(root / ".dvc/cache", ("copy",), stats=stats)
    scattered(root / "f")
    assert objects.take(root / "f") is not None
    (root / "f/0/0").write_bytes(b"another")
    a = seen(root, "f", stats)
    objects.add(root / "f", a)
    objects.checkout(a, root / "back")
    assert (root / "back/0/0").read_bytes() == b"another"


def test_what_cannot_be_stored_while_it_is_taken_leaves_nothing_behind(
    root: Path, stats: StatCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    scattered(root / "f")
    monkeypatch.setattr("fossml.store.durable.sync", raise_full)
    assert Objects(root / ".dvc/cache", ("copy",), stats=stats).take(root / "f") is None
    assert not [path for path in (root / ".dvc/cache").rglob("*") if path.is_file()]


KILLED = """
import os, signal
from pathlib import Path
from fossml.store.objects import Objects

replace, left = os.replace, [100]

def one_more(source, target):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)

os.replace = one_more
Objects(Path(".dvc/cache").absolute(), ("copy",)).take(Path("f").absolute())
"""


def test_a_kill_while_a_folder_is_taken_leaves_whole_objects_and_the_next_one_adds_the_rest(
    root: Path, stats: StatCache
) -> None:
    files = scattered(root / "f")
    assert subprocess.run([sys.executable, "-c", KILLED], cwd=root).returncode == -signal.SIGKILL
    stored = [path for path in (root / ".dvc/cache/files/md5").rglob("*") if path.is_file()]
    assert stored and all(hashlib.md5(path.read_bytes()).hexdigest() == path.parent.name + path.name for path in stored)
    objects = Objects(root / ".dvc/cache", ("copy",), stats=stats)
    a = objects.take(root / "f")
    assert a is not None
    objects.add(root / "f", a)
    objects.checkout(a, root / "back")
    assert {name: (root / "back" / name).read_bytes() for name in files} == files


def raise_full(_: object) -> None:
    raise OSError(errno.ENOSPC, "the disk is full")


def test_a_big_file_that_changes_while_it_is_taken_is_not_believed(
    root: Path, stats: StatCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "f").write_bytes(bytes(BIG))
    read = reading.read

    def change(source: int, size: int, into: int | None = None) -> Digests:
        found = read(source, size, into)
        with (root / "f").open("r+b") as file:
            file.write(b"changed")
        return found

    monkeypatch.setattr("fossml.store.reading.read", change)
    Objects(root / ".dvc/cache", ("copy",), stats=stats).take(root / "f")
    assert stats.known((root / "f").stat()) is None and not (root / ".dvc/cache/files").exists()


def rename(folder: Path) -> None:
    (folder / "a").rename(folder / "z")


def rewrite(folder: Path) -> None:
    (folder / "a").unlink()
    (folder / "a").write_text("2")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": rewrite,
    "a new file": lambda d: (d / "new").write_text(""),
    "a file less": lambda d: (d / "a").unlink(),
    "another name": rename,
    "names exchanged": lambda d: [(d / "a").rename(d / "t"), (d / "b").rename(d / "a"), (d / "t").rename(d / "b")],
    "another place": lambda d: (d / "a").rename(d / "sub" / "a"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_that_was_remembered_is_looked_at_again_when_anything_changed(
    root: Path, tree: MakeTree, change: str, linked: bool
) -> None:
    folder = tree(root / "d", {"a": "1", "b": "b", "sub/c": "3"})
    for i, path in enumerate(path for path in folder.rglob("*") if path.is_file() and linked):
        path.chmod(0o444)  # of protected files with several names nothing but the name tells where they are
        (root / f"{i}").hardlink_to(path)
    cache = StatCache(None, clock=lambda: LATER)
    before = seen(root, "d", cache)
    assert seen(root, "d", cache) == before
    CHANGES[change](folder)
    assert seen(root, "d", cache).digest == seen(root, "d", StatCache(None)).digest != before.digest


def test_a_folder_nothing_of_which_changed_is_known_without_a_look_at_its_files(
    root: Path, tree: MakeTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(root / "d", {"a": "1", "sub/c": "3"})
    db = root / ".fossml" / "stat.db"
    with StatCache(db, clock=lambda: LATER) as cache:
        before = seen(root, "d", cache)
    monkeypatch.setattr(StatCache, "known", lambda *_: pytest.fail("it asked for a file"))
    with StatCache(db) as cache:
        after = seen(root, "d", cache)
    assert after == before and after.sha256 == before.sha256 is not None


def test_a_folder_with_a_file_too_young_to_be_trusted_is_not_remembered(
    root: Path, tree: MakeTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(root / "d", {"a": "1"})
    cache = StatCache(None, clock=lambda: (folder / "a").stat().st_mtime_ns + 1)
    before = seen(root, "d", cache)
    monkeypatch.setattr("fossml.store.reading.read", lambda *_: reading.of_bytes(b"what a write in the same tick left"))
    assert seen(root, "d", cache) != before
