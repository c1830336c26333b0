"""A disk that is full, a repository or cache that cannot be written, a cached object that is damaged."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fossml.engine.build import Summary
from fossml.project.dvc import read_lock
from tests.conftest import Dvc
from tests.engine.test_build import run, stages, times_run

FOSSML = (sys.executable, "-m", "fossml", "build")
GROWS = """
a: {cmd: cat in > o, deps: [in], outs: [o]}
b: {cmd: 'mkdir -p d && head -c ${size} /dev/zero > d/big && cat in > d/in', deps: [in, o], params: [size], outs: [d]}
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path, left: int) -> Path:
    """Leave `left` bytes."""
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    hog = place / "hog"
    with hog.open("wb") as file:
        file.write(b"x" * max(0, free - left))
    return hog


def locks(root: Path) -> dict[str, bytes]:
    return {name: (root / name).read_bytes() for name in ("dvc.lock", "fossml.lock", "o", "d/big", "d/in")}


@pytest.mark.parametrize("left", [0, 8192, 65536, 300_000, 1_200_000])
def test_a_full_disk_is_told_and_what_was_there_stays_whole(small: Path, left: int) -> None:
    root = small / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    stages(root, GROWS)
    (root / "params.yaml").write_text("size: 100000\n")
    assert run(root)[0] == Summary(ran=2)
    before = locks(root)
    (root / "in").write_text("2\n")
    (root / "params.yaml").write_text("size: 900000\n")
    hog = fill(small, left)
    done = subprocess.run([*FOSSML], cwd=root, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if left == 1_200_000 and done.returncode == 0:
        pytest.fail("the disk was to be too small")
    assert done.returncode in (1, 2), said
    assert "Traceback" not in said
    assert re.search(r"No space left on device|disk .*is full", said), said
    after = locks(root)
    assert after["d/big"] == before["d/big"] and after["d/in"] == before["d/in"]
    read_lock(root)
    json.loads(after["fossml.lock"])
    hog.unlink()
    summary, _ = run(root)
    assert summary.failed == 0
    assert (root / "d/in").read_text() == "2\n"
    assert run(root)[0] == Summary(current=2)


def test_a_stage_that_leaves_no_room_for_its_result_fails(small: Path) -> None:
    root = small / "repository"
    root.mkdir()
    code = f"from pathlib import Path; from tests.engine.test_disk import fill; fill(Path({str(small)!r}), 0)"
    (root / "hog.py").write_text(f"import sys; sys.path[:] = {sys.path!r}; {code}")
    stages(
        root, f"a: {{cmd: cat in > o && if test -e full; then {sys.executable} -I hog.py; fi, deps: [in], outs: [o]}}"
    )
    assert run(root)[0] == Summary(ran=1)
    before = (root / "dvc.lock").read_bytes()
    (root / "in").write_text("2\n")
    (root / "full").touch()
    done = subprocess.run([*FOSSML], cwd=root, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2) and "No space left on device" in done.stderr, done.stderr
    assert (root / "dvc.lock").read_bytes() == before
    (small / "hog").unlink()
    (root / "full").unlink()
    assert run(root)[0].failed == 0
    assert (root / "o").read_text() == "2\n"
    assert run(root)[0] == Summary(current=1)


AS_NOBODY = """
import importlib, os, pkgutil, sys
import fossml
for module in pkgutil.walk_packages(fossml.__path__, "fossml."):  # nobody may not be let into the folder of Python
    if "example" not in module.name and "site" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import pathspec, ruamel.yaml
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
from fossml.cli import main
main(["build", *sys.argv[1:]])
"""


@pytest.fixture
def open_repository() -> Iterator[Path]:
    """A repository that everybody is let into; the folders of pytest are for one user only."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder, "repository")
        root.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        yield root


def as_nobody(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """`fossml build` without the rights of root."""
    return subprocess.run([sys.executable, "-c", AS_NOBODY, *args], cwd=root, capture_output=True, text=True)


def everything(root: Path, mode: Callable[[int], int]) -> None:
    for folder, _, names in os.walk(root):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            if not path.is_symlink():
                path.chmod(mode(path.stat().st_mode))


def read_only(mode: int) -> int:
    return mode & ~0o222 | 0o444


def anybody(mode: int) -> int:
    return mode | 0o666 | (0o111 if mode & 0o40000 else 0)


def test_a_read_only_repository_is_told_and_left_alone(open_repository: Path) -> None:
    stages(open_repository, "a: {cmd: cat in > o, deps: [in], outs: [o]}")
    run(open_repository)
    (open_repository / "in").write_text("2\n")
    everything(open_repository, read_only)
    everything(open_repository / ".git", anybody)
    done = as_nobody(open_repository)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "Permission denied" in done.stderr
    assert (open_repository / "o").read_text() == "1\n"


def test_a_read_only_cache_fails_the_stage_and_keeps_the_old_output(open_repository: Path) -> None:
    stages(open_repository, "a: {cmd: cat in > o, deps: [in], outs: [o]}")
    run(open_repository)
    before = (open_repository / "dvc.lock").read_bytes()
    everything(open_repository, anybody)
    everything(open_repository / ".dvc/cache", read_only)
    assert as_nobody(open_repository).returncode == 0
    (open_repository / "in").write_text("2\n")
    done = as_nobody(open_repository)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "Permission denied" in done.stderr and ".dvc/cache" in done.stderr
    assert (open_repository / "o").read_text() == "1\n"
    assert (open_repository / "dvc.lock").read_bytes() == before


def test_an_input_that_must_not_be_read_is_told(open_repository: Path) -> None:
    stages(open_repository, "a: {cmd: cat in > o, deps: [in], outs: [o]}\nb: {cmd: echo 1 > p, outs: [p]}")
    everything(open_repository, anybody)
    (open_repository / "in").chmod(0o600)
    done = as_nobody(open_repository, "--keep-going")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "cannot read in: Permission denied" in done.stderr.replace(f"{open_repository}/", "")
    assert (open_repository / "p").read_text() == "1\n"


def test_a_damaged_object_is_named_and_the_stage_runs_again(repository: Path, dvc: Dvc) -> None:
    """What is needed back out of the cache is damaged: nothing wrong is linked, and it can be made again."""
    stages(repository, "a: {cmd: cat in > o; echo x >> ran, deps: [in], outs: [o]}")
    run(repository)
    digest = read_lock(repository)["a"].outs[0].digest
    object_ = repository / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    (repository / "o").unlink()
    object_.chmod(0o644)
    object_.write_bytes(b"9\n")
    object_.chmod(0o444)
    summary, events = run(repository)
    assert summary == Summary(ran=1)
    assert (repository / "o").read_text() == "1\n"
    assert any(digest in text and "damaged" in text for event in events for text in (*event.reasons, *event.notes))
    assert object_.read_bytes() == b"1\n"
    assert "up to date" in dvc(repository, "status").stdout
    assert times_run(repository) == 2


@pytest.mark.parametrize("how", ["gone", "damaged"])
@pytest.mark.parametrize("kind", ["hardlink", "symlink", "copy"])
def test_one_bad_object_of_a_folder_is_named_and_the_stage_runs_again(repository: Path, how: str, kind: str) -> None:
    """The files of a folder are looked at while they are linked: what was linked before the bad one is no output."""
    (repository / ".dvc").mkdir()
    (repository / ".dvc/config").write_text(f"[cache]\n    type = {kind}\n")
    make = "mkdir d && for i in $(seq 200); do echo $i > d/$i; done; echo x >> ran"
    stages(repository, f"a: {{cmd: '{make}', deps: [in], outs: [d]}}")
    run(repository)
    digest = hashlib.md5(b"150\n").hexdigest()
    object_ = repository / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    subprocess.run(["rm", "-r", repository / "d"], check=True)
    object_.chmod(0o644)
    object_.unlink() if how == "gone" else object_.write_bytes(b"15x\n")
    summary, events = run(repository)
    assert summary == Summary(ran=1)
    assert {path.name: path.read_text() for path in (repository / "d").iterdir()} == {
        str(i): f"{i}\n" for i in range(1, 201)
    }
    assert any(digest in text for event in events for text in event.notes)
    assert object_.read_bytes() == b"150\n"
    assert times_run(repository) == 2
    assert run(repository)[0] == Summary(current=1)
