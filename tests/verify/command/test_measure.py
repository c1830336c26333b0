from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.env import Interpreter
from fossml.errors import FossmlError
from fossml.executors.limits import Limits
from fossml.verify.cleanroom.confine import confinement
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command.measure import CancelledError, Command, Setting, require_room, shelf_key
from fossml.verify.command.record import Record, Shelf
from fossml.verify.metrics.metric import parse_metric

ENV = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/data.csv").write_text("1\n")
    return tmp_path / "project"


def setting(root: Path, cmd: str, *metrics: str) -> Setting:
    return Setting(root, ".", Delivery(cmd), tuple(parse_metric(metric, "x") for metric in metrics), ENV)


def command(set_up: Setting, tmp_path: Path, say: Callable[[str], None] = print) -> Command:
    shelf = Shelf(tmp_path / "shelf")
    shelf.folder.mkdir(parents=True, exist_ok=True)
    return Command(set_up, shelf, shelf.places(), say)


def test_a_run_is_measured_and_recorded(root: Path, tmp_path: Path) -> None:
    cmd = "echo '{\"acc\": 0.{seed}}' > m.json; mkdir out; echo hi > out/a.txt; printf '\\000' > out/b.bin; echo acc 7"
    made = command(setting(root, cmd, "m.json:acc", "stdout:acc"), tmp_path).measure(5)
    assert [list(one.values.values()) for one in made.measured] == [[0.5], [7.0]]
    assert (made.seed, made.recorded, made.failure) == (5, False, "")
    (place,) = Shelf(tmp_path / "shelf").places()
    assert place.record is not None
    assert sorted(place.record.written) == ["m.json", "out/a.txt", "out/b.bin"]
    kept = sorted(path.relative_to(place.files).as_posix() for path in place.files.rglob("*") if path.is_file())
    assert kept == ["m.json", "out/a.txt"]
    assert not (place.folder / "room").exists()
    assert sorted(path.name for path in root.iterdir()) == ["data.csv"]
    again = command(setting(root, cmd, "stdout:acc"), tmp_path).measure(5)
    assert (again.recorded, list(again.measured[0].values.values())) == (True, [7.0])


def confined(root: Path, tmp_path: Path, cmd: str) -> Setting:
    limits = Limits(processes=60, memory=2**28, disk=2**24, output=2**20, seconds=20.0)
    closed = confinement(None, ENV, tmp_path / "home", (root,), limits=limits)
    return replace(setting(root, cmd, "m.json:acc"), confinement=closed)


def test_in_a_sandbox_a_command_sees_its_copy_and_no_other_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("0.9")
    cmd = f"cat data.csv {tmp_path}/secret; id -un >&2; echo '{{\"acc\": 0.{{seed}}}}' > m.json"
    made = command(confined(root, tmp_path, cmd), tmp_path).measure(5)
    assert made.measured[0].values == {"acc": 0.5}
    (place,) = Shelf(tmp_path / "shelf").places()
    assert place.record is not None
    assert list(place.record.written) == ["m.json"]  # a new owner is no write
    assert place.stdout.read_text() == "1\n"
    assert "reader" in place.stderr.read_text()


def test_a_run_that_comes_to_the_limit_of_its_sandbox_says_so(root: Path, tmp_path: Path) -> None:
    made = command(confined(root, tmp_path, "yes"), tmp_path).measure(5)
    assert made.failure == "it was stopped: it printed more than 1 MiB"


def test_a_run_in_a_sandbox_does_not_stand_for_one_without(root: Path, tmp_path: Path) -> None:
    closed = confined(root, tmp_path, "true")
    assert shelf_key(closed, "x") != shelf_key(replace(closed, confinement=None), "x")


def test_a_link_out_of_the_folder_is_told(root: Path, tmp_path: Path) -> None:
    (root / "data").symlink_to(tmp_path)
    said: list[str] = []
    command(confined(root, tmp_path, "test ! -e data"), tmp_path, said.append).measure(5)
    assert said == [f"not in the sandbox: data is a link to {tmp_path}"]


def test_runs_that_write_the_same_have_the_same_digest(root: Path, tmp_path: Path) -> None:
    same = command(setting(root, "echo 1 > m.json; echo {seed}", "m.json:a"), tmp_path)
    assert same.measure(1).wrote == same.measure(2).wrote
    printed = command(setting(root, "echo {seed}", "stdout:(.*)"), tmp_path / "other")
    assert printed.measure(1).wrote != printed.measure(2).wrote


def test_a_failed_run_is_recorded_and_made_again(root: Path, tmp_path: Path) -> None:
    failing = setting(root, f"test -e {tmp_path}/mended && echo 1", "stdout:(.)")
    assert "exit code 1" in command(failing, tmp_path).measure(5).failure
    (tmp_path / "mended").touch()
    assert command(failing, tmp_path).measure(5).failure == ""
    assert [place.record.code for place in Shelf(tmp_path / "shelf").places() if place.record] == [0]


def test_a_cancelled_run_leaves_no_record_and_no_copy(root: Path, tmp_path: Path) -> None:
    under_way = command(setting(root, f"touch {tmp_path}/ready; sleep 300", "stdout:x"), tmp_path)
    raised: list[BaseException] = []

    def measure() -> None:
        try:
            under_way.measure(5)
        except CancelledError as error:
            raised.append(error)

    thread = threading.Thread(target=measure)
    thread.start()
    while not (tmp_path / "ready").exists():
        threading.Event().wait(0.01)
    under_way.cancel()
    thread.join()
    assert len(raised) == 1
    (place,) = Shelf(tmp_path / "shelf").places()
    assert place.record is None
    assert not (place.folder / "room").exists()
    with pytest.raises(CancelledError):
        under_way.measure(6)


def test_a_change_through_a_shared_file_is_reported(root: Path, tmp_path: Path) -> None:
    (root / ".venv").mkdir()
    (root / ".venv/pyvenv.cfg").touch()
    (root / ".venv/big.so").write_bytes(b"\0" * 200_000)
    said: list[str] = []
    command(setting(root, "echo x >> .venv/big.so", "stdout:x"), tmp_path, said.append).measure(1)
    assert said == [f"warning: {root}/.venv/big.so was changed in place while the run was under way"]


def test_everything_that_a_run_depends_on_is_in_its_key(root: Path) -> None:
    base = setting(root, "python t.py", "m.json:acc")
    python = Interpreter("/usr/bin/python", "3.11", ("a-1.dist-info",))
    variants = [
        base,
        replace(base, delivery=Delivery("python u.py")),
        replace(base, delivery=Delivery("python t.py", "--seed")),
        replace(base, delivery=Delivery("python t.py", env="SEED")),
        replace(base, delivery=Delivery("python t.py", param="p:seed")),
        replace(base, wdir="sub"),
        replace(base, interpreter=python),
        replace(base, interpreter=replace(python, version="3.12")),
        replace(base, interpreter=replace(python, distributions=("a-2.dist-info",))),
    ]
    keys = {shelf_key(variant, "digest") for variant in variants}
    assert len(keys | {shelf_key(base, "other")}) == len(variants) + 1
    other_metric = replace(base, metrics=(parse_metric("n.json:acc", "x"),), timeout=5, keep=True)
    assert shelf_key(other_metric, "digest") == shelf_key(base, "digest")


def test_a_copy_that_the_disk_cannot_take_is_refused(tmp_path: Path) -> None:
    require_room(tmp_path, tmp_path / "cache", 1, 1)
    with pytest.raises(FossmlError, match="are free") as error:
        require_room(tmp_path, tmp_path / "cache", 10**15, 4)
    assert "FOSSML_CACHE_DIR" in (error.value.hint or "")


def test_a_record_says_whether_it_can_be_used_again() -> None:
    assert Record(1, 0, 1.0).good
    assert not Record(1, 1, 1.0).good
    assert not Record(1, 0, 1.0, timeout=True).good
