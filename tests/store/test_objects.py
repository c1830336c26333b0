from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.store import links, manifest
from fossml.store.digest import Digests, StatCache, artifact
from fossml.store.objects import Objects
from fossml.types import Artifact
from tests.store.conftest import MakeTree
from tests.store.test_digest import fits, paths

MD5 = "0" * 32


def measured(root: Path, path: str) -> Artifact:
    found = artifact(root, path, StatCache(None))
    assert found is not None
    return found


def blob(root: Path, digest: str) -> Path:
    return root / ".dvc/cache/files/md5" / digest[:2] / digest[2:]


def added(objects: Objects, root: Path, path: str) -> Artifact:
    a = measured(root, path)
    objects.add(root / path, a)
    return a


def texts(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def leftovers(root: Path) -> list[Path]:
    return list(root.rglob(".fossml-tmp-*"))


def damage(path: Path, data: bytes) -> None:
    """Other bytes under the same name, mode and time."""
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def unprivileged(work: Callable[[], None]) -> None:
    """Run `work` in a child that has no rights of root."""
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            work()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.fixture(autouse=True)
def whole(root: Path) -> object:
    """Whatever happened, no temporary file is left."""
    yield
    assert leftovers(root) == []


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink", "reflink,copy"])
def test_what_was_added_comes_back(root: Path, tree: MakeTree, stats: StatCache, kind: str) -> None:
    objects = Objects(root / ".dvc/cache", kind.split(","), stats=stats)
    tree(root / "d", {"a": "1", "b/c": "2", "b/same": "1"})
    (root / "f").write_text("one")
    folder, file = added(objects, root, "d"), added(objects, root, "f")
    assert texts(root / "d") == {"a": "1", "b/c": "2", "b/same": "1"}
    objects.checkout(folder, root / "new/d2")
    objects.checkout(file, root / "new/f2")
    assert texts(root / "new/d2") == texts(root / "d")
    assert (root / "new/f2").read_text() == "one"
    assert measured(root, "new/d2").digest == folder.digest
    assert objects.has(folder) and objects.has(file)


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_links_are_made_and_the_file_is_read_only(root: Path, stats: StatCache, kind: str) -> None:
    (root / "f").write_text("one")
    a = added(Objects(root / ".dvc/cache", (kind,), stats=stats), root, "f")
    Objects(root / ".dvc/cache", (kind,), stats=stats).checkout(a, root / "g")
    for path in (root / "f", root / "g"):
        assert path.is_symlink() is (kind == "symlink")
        assert path.samefile(blob(root, a.digest))
        assert path.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_what_is_not_to_be_linked_stays_a_file_of_its_own(root: Path, stats: StatCache, kind: str) -> None:
    (root / "f").write_text("one")
    objects = Objects(root / ".dvc/cache", (kind,), stats=stats)
    a = measured(root, "f")
    objects.add(root / "f", a, linked=False)
    objects.checkout(a, root / "g", linked=False)
    for path in (root / "f", root / "g"):
        assert not path.is_symlink() and not path.samefile(blob(root, a.digest))
        assert path.stat().st_mode & 0o200


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_what_was_released_can_be_changed_and_its_object_does_not(
    root: Path, tree: MakeTree, stats: StatCache, kind: str
) -> None:
    objects = Objects(root / ".dvc/cache", (kind,), stats=stats)
    a = added(objects, root, tree(root / "d", {"a/b": "1"}).name)
    for path in ("d", "missing"):
        objects.release(root / path)
    (root / "d/a/b").write_text("2")
    objects.checkout(a, root / "again")
    assert texts(root / "again") == {"a/b": "1"}


def test_a_copy_stays_the_author_s_file(objects: Objects, root: Path) -> None:
    (root / "f").write_text("one")
    (root / "f").chmod(0o640)
    before = (root / "f").stat()
    added(objects, root, "f")
    after = (root / "f").stat()
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (before.st_ino, before.st_mode, before.st_mtime_ns)


def test_a_hard_link_becomes_a_copy_when_copies_are_configured(root: Path, objects: Objects) -> None:
    (root / "f").write_text("one")
    added(Objects(root / ".dvc/cache", ("hardlink",)), root, "f")
    a = added(objects, root, "f")
    (root / "f").write_text("two")
    assert objects.has(a) and blob(root, a.digest).read_text() == "one"


def test_a_link_elsewhere_becomes_a_file_of_its_own(root: Path, objects: Objects) -> None:
    (root / "real").write_text("one")
    (root / "f").symlink_to("real")
    added(objects, root, "f")
    assert not (root / "f").is_symlink() and (root / "f").read_text() == "one"


def test_other_names_of_a_file_do_not_become_read_only(root: Path) -> None:
    (root / "f").write_text("one")
    (root / "other").hardlink_to(root / "f")
    added(Objects(root / ".dvc/cache", ("hardlink",)), root, "f")
    assert (root / "other").stat().st_mode & 0o200


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_an_executable_comes_back_executable_and_its_object_does_not(root: Path, kind: str) -> None:
    objects = Objects(root / ".dvc/cache", (kind,))
    (root / "run").write_text("x")
    (root / "run").chmod(0o755)
    a = added(objects, root, "run")
    (root / "run").unlink()
    objects.checkout(a, root / "run")
    assert measured(root, "run") == a and a.isexec
    assert blob(root, a.digest).stat().st_mode & 0o777 == 0o444


def test_adding_twice_changes_nothing(objects: Objects, root: Path, tree: MakeTree) -> None:
    tree(root / "d", {"a": "1", "b": "2"})
    added(objects, root, "d")
    before = {p: p.stat().st_mtime_ns for p in (root / ".dvc/cache/files").rglob("*")}
    added(objects, root, "d")
    assert {p: p.stat().st_mtime_ns for p in (root / ".dvc/cache/files").rglob("*")} == before


def test_a_file_that_is_not_what_it_was_measured_to_be_is_not_stored(objects: Objects, root: Path) -> None:
    (root / "f").write_text("one")
    a = measured(root, "f")
    (root / "f").write_text("two")
    with pytest.raises(FossmlError, match="changed"):
        objects.add(root / "f", a)
    assert not objects.has(a) and not list((root / ".dvc/cache").rglob("*.*"))


@pytest.mark.parametrize("data", [b"", b"short", b"eno"], ids=["emptied", "longer", "same size"])
def test_a_damaged_object_is_noticed_named_not_used_and_replaced(root: Path, stats: StatCache, data: bytes) -> None:
    objects = Objects(root / ".dvc/cache", ("hardlink", "copy"), stats=stats)
    (root / "f").write_text("one")
    (root / "f").chmod(0o755)  # so that it is a copy and stays as it is
    a = replace(added(objects, root, "f"), isexec=False)
    damage(blob(root, a.digest), data)
    (root / "g").write_text("before")
    with pytest.raises(FossmlError, match=a.digest):
        objects.checkout(a, root / "g")
    assert (root / "g").read_text() == "before"
    assert not objects.has(a)
    objects.add(root / "f", replace(a, isexec=True))
    objects.checkout(a, root / "g")
    assert (root / "g").read_text() == "one"


@pytest.mark.parametrize("kind", links.KINDS)
def test_a_damaged_object_that_nobody_has_read_is_not_checked_out(root: Path, kind: str) -> None:
    (root / "f").write_text("one")
    a = added(Objects(root / ".dvc/cache", ("copy",)), root, "f")
    damage(blob(root, a.digest), b"eno")
    stranger = Objects(root / ".dvc/cache", (kind,))
    with pytest.raises(FossmlError, match=f"{a.digest} is damaged"):
        stranger.checkout(a, root / "g")
    assert not (root / "g").exists() and not stranger.has(a)


def test_a_damaged_or_missing_part_of_a_folder_leaves_the_folder_that_is_there(
    objects: Objects, root: Path, tree: MakeTree
) -> None:
    a = added(objects, root, tree(root / "d", {"a": "1", "b": "2"}).name)
    tree(root / "d", {"a": "new"})
    part = blob(root, measured(root, "d/b").digest)
    part.unlink()
    assert not objects.has(a)
    with pytest.raises(FossmlError, match="not in the cache"):
        objects.checkout(a, root / "d")
    assert texts(root / "d") == {"a": "new", "b": "2"}
    blob(root, a.digest).unlink()
    with pytest.raises(FossmlError, match=a.digest):
        objects.checkout(a, root / "d")


def test_an_object_that_is_a_link_is_no_object(objects: Objects, root: Path, tmp_path: Path) -> None:
    (root / "f").write_text("one")
    a = added(objects, root, "f")
    blob(root, a.digest).unlink()
    (tmp_path / "secret").write_text("one")
    blob(root, a.digest).symlink_to(tmp_path / "secret")
    assert not objects.has(a)
    with pytest.raises(FossmlError, match="not in the cache"):
        objects.checkout(a, root / "g")


@pytest.mark.parametrize("before", ["file", "folder", "link to a file", "link to a folder"])
@pytest.mark.parametrize("after", ["f", "d"])
def test_whatever_stood_there_is_replaced(
    objects: Objects, root: Path, tree: MakeTree, before: str, after: str
) -> None:
    tree(root / "d", {"a": "1"})
    tree(root / "elsewhere", {"kept": "k"})
    (root / "f").write_text("one")
    a, target = added(objects, root, after), root / "out"
    match before:
        case "file":
            target.write_text("old")
        case "folder":
            tree(target, {"a": "old", "extra": "old"})
        case "link to a file":
            target.symlink_to("elsewhere/kept")
        case _:
            target.symlink_to("elsewhere")
    objects.checkout(a, target)
    assert measured(root, "out").digest == a.digest and not target.is_symlink()
    assert texts(root / "elsewhere") == {"kept": "k"}


def test_ignored_files_of_a_replaced_folder_are_kept(root: Path, tree: MakeTree) -> None:
    objects = Objects(root / ".dvc/cache", ("copy",), ignored=lambda path, _: path.endswith(".log"))
    tree(root / "d", {"a": "1", "s/b": "2"})
    a = added(objects, root, "d")
    tree(root / "d", {"gone": "x", "s/run.log": "mine", ".git/HEAD": "h"})
    objects.checkout(a, root / "d")
    assert texts(root / "d") == {"a": "1", "s/run.log": "mine", "s/b": "2", ".git/HEAD": "h"}


def test_the_fallback_for_systems_without_exchange_swaps_too(
    objects: Objects, root: Path, tree: MakeTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fossml.store.durable._renameat2", lambda _one, _other: False)
    a = added(objects, root, tree(root / "d", {"a": "1"}).name)
    tree(root / "d", {"b": "2"})
    objects.checkout(a, root / "d")
    assert texts(root / "d") == {"a": "1"}


@pytest.mark.parametrize(
    "target", ["../out", "way/out", ".git/hooks/post-commit", ".dvc/config", ".fossml", "sub/.GIT/config", "."]
)
def test_nothing_is_written_outside_or_among_the_files_of_git_and_dvc(
    objects: Objects, root: Path, tmp_path: Path, target: str
) -> None:
    (root / "f").write_text("one")
    a = added(objects, root, "f")
    (root / "way").symlink_to(tmp_path)
    with pytest.raises(FossmlError, match=r"outside|git, dvc or fossml"):
        objects.checkout(a, root / target)
    assert not (tmp_path / "out").exists() and not (root / ".git").exists()


def test_a_folder_reached_through_a_link_out_of_the_repository_is_not_relinked(
    objects: Objects, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("one")
    (root / "way").symlink_to(tmp_path)
    with pytest.raises(FossmlError, match="outside"):
        objects.add(root / "way/f", measured(root, "way/f"))


@pytest.mark.parametrize("digest", ["../../../../etc/passwd", "", "A" * 32, MD5 + ".dirx", MD5 + "\n"])
def test_a_digest_that_is_none_never_becomes_a_path(objects: Objects, root: Path, digest: str) -> None:
    a = Artifact("f", digest, 1)
    for call in (lambda: objects.has(a), lambda: objects.checkout(a, root / "f")):
        with pytest.raises(FossmlError, match="not an MD5"):
            call()


def test_a_manifest_that_leads_out_writes_nothing(objects: Objects, root: Path, tmp_path: Path) -> None:
    (root / "f").write_text("evil")
    text = manifest.dump({"../../evil": added(objects, root, "f").digest})
    path = blob(root, manifest.digest(text))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text)
    a = Artifact("d", manifest.digest(text), 4, 1)
    assert not objects.has(a)
    with pytest.raises(FossmlError, match="outside its folder"):
        objects.checkout(a, root / "d")
    assert not (tmp_path / "evil").exists() and not (root / "d").exists()


def test_when_no_kind_of_link_works_the_error_says_what_does(
    root: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(errno.EXDEV, "another file system")

    (root / "f").write_text("one")
    a = added(objects, root, "f")
    monkeypatch.setitem(links._LINKS, "hardlink", refuse)
    with pytest.raises(FossmlError, match="none of these") as error:
        Objects(root / ".dvc/cache", ("hardlink",)).checkout(a, root / "g")
    assert "cache.type copy" in str(error.value.hint)
    Objects(root / ".dvc/cache", ("hardlink", "copy")).checkout(a, root / "g")
    assert (root / "g").read_text() == "one"


@pytest.mark.parametrize("kinds", [(), ("reflnk",)])
def test_an_unknown_kind_of_link_is_an_error(root: Path, kinds: tuple[str, ...]) -> None:
    with pytest.raises(FossmlError, match=r"cache\.type"):
        Objects(root / ".dvc/cache", kinds)


def test_a_read_only_cache_gives_what_it_has_and_says_what_it_cannot_take(root: Path, tmp_path: Path) -> None:
    for folder in (*reversed(tmp_path.parents), tmp_path):
        if folder.stat().st_uid == os.getuid() and "pytest" in str(folder):
            folder.chmod(0o755)
    objects = Objects(root / ".dvc/cache", ("hardlink", "copy"))
    (root / "f").write_text("one")
    a = added(objects, root, "f")
    work = root / "work"
    work.mkdir()
    (work / "other").write_text("two")
    work.chmod(0o777)
    for name, _, _ in os.walk(root / ".dvc"):
        Path(name).chmod(0o555)

    def reader() -> None:
        fresh = Objects(root / ".dvc/cache", ("hardlink", "copy"))
        fresh.checkout(a, work / "mine")
        assert (work / "mine").read_text() == "one"
        fresh.add(work / "mine", replace(a, path="work/mine"))
        with pytest.raises(FossmlError, match="Permission denied"):
            fresh.add(work / "other", measured(root, "work/other"))

    unprivileged(reader)


def test_nothing_is_read_twice_once_it_is_known(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stats = StatCache(None, clock=lambda: 4 * 10**18)
    objects = Objects(root / ".dvc/cache", ("symlink",), stats=stats)
    (root / "f").write_text("one")
    a = artifact(root, "f", stats)
    assert a is not None
    objects.add(root / "f", a)
    monkeypatch.setattr("fossml.store.reading.read", lambda *_: pytest.fail("a known file was read again"))
    assert artifact(root, "f", stats) == a and objects.has(a)
    objects.checkout(a, root / "g")
    assert artifact(root, "g", stats) == replace(a, path="g")


CODE = """
import sys; from pathlib import Path
from fossml.store.digest import Digests, StatCache, artifact; from fossml.store.objects import Objects
root = Path(sys.argv[1])
with StatCache(root / ".fossml" / "stat.db") as stats:
    a = artifact(root, sys.argv[2], stats); assert a
    Objects(root / ".dvc/cache", (sys.argv[3],), stats=stats).add(root / sys.argv[2], a)
"""


def test_two_writers_of_the_same_and_of_other_files_do_not_disturb_each_other(root: Path, tree: MakeTree) -> None:
    files = {f"f{i}": str(i) * 1000 for i in range(40)}
    for name in ("one", "two"):
        tree(root / name, files | {"own": name})
    writers = [subprocess.Popen([sys.executable, "-c", CODE, root, name, "hardlink"]) for name in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    objects = Objects(root / ".dvc/cache", ("copy",))
    for name in ("one", "two"):
        assert objects.has(measured(root, name))
        objects.checkout(measured(root, name), root / f"{name}-back")
        assert texts(root / f"{name}-back") == files | {"own": name}


KILL = """
import os, signal, sys
left = int(sys.argv[4])
def count(event, _args):
    global left
    if event in ("open", "os.rename", "os.chmod", "os.link", "os.symlink", "os.mkdir", "os.remove"):
        left -= 1
        if left == 0: os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
"""
START = CODE.index("root =")


def added_and_killed(root: Path, kind: str, point: int) -> tuple[int, int]:
    """Add the folder d in a process that is killed at its `point`th change to a file; its exit code, what was left."""
    code = CODE[:START] + KILL + CODE[START:] + "\nprint(left)"
    done = subprocess.run([sys.executable, "-c", code, root, "d", kind, str(point)], capture_output=True, check=False)
    return done.returncode, int(done.stdout or 0)


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_a_kill_at_any_point_of_adding_loses_nothing(root: Path, tmp_path: Path, tree: MakeTree, kind: str) -> None:
    files = {"a": "1" * 5000, "b/c": "2", "d": "3"}
    for repo in (root, tmp_path / "twin"):
        tree(repo / "d", files)
    code, left = added_and_killed(tmp_path / "twin", kind, 10**6)
    assert code == 0
    end = 10**6 - left
    codes = []
    for before_end in (36, 28, 21, 15, 10, 6, 3):
        codes.append(added_and_killed(root, kind, end - before_end)[0])
        assert texts(root / "d") == files
        for path in (root / ".dvc/cache/files").rglob("*"):
            assert path.is_dir() or hashlib.md5(path.read_bytes()).hexdigest() == path.parent.name + path.stem
        for path in leftovers(root):
            assert path.parent.name in ("tmp", "d", "b")
            path.unlink()
    assert codes[:2] == [-9, -9]  # later ones may have too little left to do
    assert added_and_killed(root, kind, 10**6)[0] == 0
    assert Objects(root / ".dvc/cache", ("copy",)).has(measured(root, "d")) and texts(root / "d") == files


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(paths.map("/".join), st.binary(max_size=20), max_size=5))
def test_any_folder_comes_back_byte_for_byte(objects: Objects, root: Path, contents: dict[str, bytes]) -> None:
    names = dict.fromkeys(contents, "")
    folder = root / "any"
    if not fits(names) or any(".dvc" in name or len(name.encode()) > 200 for name in names):
        return
    folder.mkdir(exist_ok=True)
    for name, data in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    a = added(objects, root, "any")
    assert a.nfiles == len(contents)
    objects.checkout(a, root / "back")
    found = {p.relative_to(root / "back").as_posix(): p.read_bytes() for p in (root / "back").rglob("*") if p.is_file()}
    assert found == contents
    shutil.rmtree(folder)
    shutil.rmtree(root / "back")


def test_leftovers_of_a_killed_process_go_after_a_day(objects: Objects, root: Path) -> None:
    (root / "f").write_text("one")
    a = added(objects, root, "f")
    old, young = root / ".fossml-tmp-old", root / ".fossml-tmp-young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (1, 1))
    objects.checkout(a, root / "g")
    assert not old.exists() and young.exists()
    young.rmdir()


def test_a_damaged_manifest_is_not_believed(objects: Objects, root: Path, tree: MakeTree) -> None:
    tree(root / "d", {"a": "1"})
    a = added(objects, root, "d")
    damage(blob(root, a.digest), manifest.dump({"b": measured(root, "d/a").digest}))
    assert not Objects(root / ".dvc/cache").has(a)
    with pytest.raises(FossmlError, match=f"{a.digest} is damaged"):
        Objects(root / ".dvc/cache").checkout(a, root / "d")
    assert texts(root / "d") == {"a": "1"}


def test_a_file_that_changes_between_measuring_and_copying_is_not_stored(root: Path) -> None:
    stats = StatCache(None, clock=lambda: 4 * 10**18)
    (root / "f").write_text("two")
    a = Artifact("f", hashlib.md5(b"one").hexdigest(), 3)
    stats.put((root / "f").stat(), Digests(a.digest), 4 * 10**18)  # as if it had been "one" when it was measured
    objects = Objects(root / ".dvc/cache", ("copy",), stats=stats)
    with pytest.raises(FossmlError, match="changed"):
        objects.add(root / "f", a)
    assert not objects.has(a)
