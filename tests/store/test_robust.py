"""What the world does to a store: full disks, closed doors, odd names, very many files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects
from tests.store.conftest import MakeTree
from tests.store.test_objects import added, blob, damage, leftovers, measured, texts, unprivileged

IN_A_FILE_SYSTEM = """
import os, subprocess, sys
from pathlib import Path
from fossml.errors import FossmlError
from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects

root, small = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", sys.argv[3], "tmpfs", small], check=True)

def grow():
    subprocess.run(["mount", "-o", "remount,size=20m,nr_inodes=6000", small], check=True)

def take(name, objects):
    a = artifact(root, name, StatCache(None))
    objects.add(root / name, a)
    return a

def is_refused(action):
    try:
        action()
    except FossmlError as error:
        assert "No space left" in str(error), error
        return True
    return False

def temporaries():
    return [*root.rglob(".fossml-tmp-*")]
"""


SMALL = "size=2m,nr_inodes=600"


def in_a_file_system(root: Path, small: Path, code: str, limits: str = SMALL) -> None:
    """Run `code` where `small` is a file system of its own in memory, within `limits`, which nobody else sees."""
    small.mkdir(parents=True, exist_ok=True)
    rights: list[str] = [] if os.geteuid() == 0 else ["--map-root-user"]
    program = [sys.executable, "-c", IN_A_FILE_SYSTEM + code, str(root), str(small), limits]
    command = ["unshare", "--mount", *rights, *program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_a_cache_on_a_full_disk_keeps_what_it_has_and_takes_the_rest_later(
    root: Path, tree: MakeTree, kind: str
) -> None:
    (root / "fits").write_text("fits")
    (root / "big").write_bytes(os.urandom(3 * 2**20))
    tree(root / "many", {f"{i % 10}/{i}": str(i) for i in range(900)})
    code = f"""
objects = Objects(root / ".dvc/cache", ({kind!r}, "copy"), root=root)
fits = take("fits", objects)
big = (root / "big").read_bytes()
for name in ("big", "many"):
    assert is_refused(lambda: take(name, objects)), name
    assert temporaries() == [] and objects.has(fits)
assert (root / "big").read_bytes() == big and not (root / "big").is_symlink()
assert all((root / f"many/{{i % 10}}/{{i}}").read_text() == str(i) for i in range(900))
grow()
for name in ("big", "many"):
    a = take(name, objects)
    assert objects.has(a)
    objects.checkout(a, root / "back")
    assert artifact(root, "back", StatCache(None)).digest == a.digest
"""
    in_a_file_system(root, root / ".dvc/cache", code)


def test_a_workspace_on_a_full_disk_keeps_what_stood_there(root: Path, tree: MakeTree) -> None:
    tree(root / "many", {f"{i}": str(i) for i in range(900)})
    code = """
objects = Objects(root / ".dvc/cache", ("copy",), root=root)
a = take("many", objects)
(small / "out").write_text("old")
assert is_refused(lambda: objects.checkout(a, small / "out"))
assert (small / "out").read_text() == "old" and temporaries() == []
grow()
objects.checkout(a, small / "out")
assert artifact(root, "work/out", StatCache(None)).digest == a.digest
"""
    in_a_file_system(root, root / "work", code)


@pytest.mark.parametrize("closed", ["file", "d/file", "d"])
def test_an_input_that_may_not_be_read_is_an_error_that_names_it(
    root: Path, tmp_path: Path, tree: MakeTree, closed: str
) -> None:
    for folder in (*tmp_path.parents, tmp_path):
        if folder.stat().st_uid == os.getuid() and "pytest" in str(folder):
            folder.chmod(0o755)
    tree(root, {"file": "1", "d/file": "2"})
    (root / closed).chmod(0)

    def reader() -> None:
        with pytest.raises(FossmlError, match=f"cannot read .*{closed}: Permission denied"):
            artifact(root, closed.split("/")[0], StatCache(None))

    unprivileged(reader)
    (root / closed).chmod(0o700)


ODD = (
    "line\nbreak",
    "\x1b[2J\x1b]0;owned\x07",
    "tab\t",
    "\r",
    "\u202etxt.exe",
    " ",
    "-rf",
    "\u00e9",
    "e\u0301",
    "%s{0}$(x)`y`",
)


def test_names_of_all_kinds_come_back(root: Path, tree: MakeTree, objects: Objects) -> None:
    files = {name: str(i) for i, name in enumerate(ODD)} | {f"in {name}/{name}": "inner" for name in ODD}
    a = added(objects, root, tree(root / "d", files).name)
    objects.checkout(a, root / "back")
    assert texts(root / "back") == files
    for name in ODD:
        one = added(objects, root, f"d/{name}")
        objects.checkout(one, root / name)
        assert (root / name).read_text() == files[name]


def test_no_message_commands_a_terminal(root: Path, objects: Objects, tree: MakeTree, stats: StatCache) -> None:
    name = "\x1b[2J\nfake: all is well"
    tree(root / "d", {"a": "1"})
    (root / "d" / name).symlink_to("nowhere")
    (root / name).write_text("one")
    a = added(objects, root, name)
    os.mkfifo(root / "d2\x1b[2J")
    tree(root / "dir", {"x": "1"})
    (root / "way\x1b[2J").symlink_to(root.parent)

    actions: list[Callable[[], object]] = [
        lambda: artifact(root, "d", stats),
        lambda: artifact(root, "d2\x1b[2J", stats),
        lambda: objects.add(root / name, replace(a, digest="0" * 32)),
        lambda: objects.checkout(a, root / "way\x1b[2J" / "x"),
        lambda: objects.checkout(a, root / f"{name}/below"),
    ]
    for action in actions:
        with pytest.raises(FossmlError) as error:
            action()
        assert str(error.value).isprintable()


def test_a_damaged_object_is_noticed_by_has_where_it_was_known(root: Path) -> None:
    objects = Objects(root / ".dvc/cache", ("copy",), stats=StatCache(None, clock=lambda: 4 * 10**18))
    (root / "f").write_text("one")
    a = added(objects, root, "f")
    assert objects.has(a)
    damage(blob(root, a.digest), b"eno")
    assert not objects.has(a)
    objects.add(root / "f", a)
    assert objects.has(a) and blob(root, a.digest).read_text() == "one"
    assert leftovers(root) == []


def test_a_folder_nested_deeper_than_calls_may_be(root: Path) -> None:
    deep = root / "d" / "/".join("x" * 1200)
    subprocess.run(["mkdir", "-p", deep], check=True)
    (deep / "f").write_text("1")
    try:
        found = measured(root, "d")
        assert (found.nfiles, found.size) == (1, 1)
    finally:
        subprocess.run(["rm", "-rf", root / "d"], check=True)


def test_a_folder_of_a_hundred_thousand_files_goes_in_and_comes_back(root: Path) -> None:
    """A thousand contents under a hundred names each, in memory: it is the number of names that is tried."""
    code = """
import shutil
for i in range(1000):
    (root / "d" / str(i)).mkdir(parents=True)
    for j in range(100):
        with open(root / "d" / str(i) / str(j), "w") as file:
            file.write(str(i))
with StatCache(root / ".fossml" / "stat.db", clock=lambda: 4 * 10**18) as stats:
    objects = Objects(root / ".dvc/cache", ("hardlink",), stats=stats)
    a = artifact(root, "d", stats)
    assert (a.nfiles, a.size) == (100_000, sum(100 * len(str(i)) for i in range(1000)))
    objects.add(root / "d", a, linked=False)
    shutil.rmtree(root / "d")
    assert objects.has(a)
    objects.checkout(a, root / "d")
with StatCache(root / ".fossml" / "stat.db") as stats:
    again = artifact(root, "d", stats)
    assert again == a and again.sha256 == a.sha256 is not None
    assert (root / "d/999/99").read_text() == "999"
"""
    in_a_file_system(root, root, code, "size=500m,nr_inodes=300000")
