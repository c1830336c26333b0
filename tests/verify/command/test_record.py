from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fossml.errors import UNKNOWN, FossmlError
from fossml.verify.command.record import Record, Shelf, note_pid


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "shelf").mkdir()
    return Shelf(tmp_path / "shelf")


def test_a_finished_run_is_read_again_as_it_was(shelf: Shelf) -> None:
    record = Record(7, 0, 1.25, {"m.json": "abc"})
    shelf.finish(shelf.begin(7), record)
    assert [(place.number, place.seed, place.record) for place in shelf.places()] == [(1, 7, record)]


def test_runs_keep_the_order_in_which_they_were_begun(shelf: Shelf) -> None:
    for seed in (9, 3, None, 5, None):
        shelf.finish(shelf.begin(seed), Record(seed, 0, 1.0))
    assert [place.seed for place in shelf.places()] == [9, 3, None, 5, None]


@pytest.mark.parametrize("record", [None, Record(7, 1, 1.0), Record(7, -9, 1.0), Record(7, 0, 1.0, timeout=True)])
def test_a_run_that_is_not_good_is_begun_again_in_its_place(shelf: Shelf, record: Record | None) -> None:
    first = shelf.begin(7, chosen=True)
    (first.folder / "rest").touch()
    shelf.begin(8)
    if record:
        shelf.finish(first, record)
    again = shelf.begin(7)
    assert (again.number, again.record, again.chosen) == (1, None, True)
    assert not (again.folder / "rest").exists()


def test_a_good_run_is_never_overwritten(shelf: Shelf) -> None:
    shelf.finish(shelf.begin(None), Record(None, 0, 1.0))
    assert shelf.begin(None).number == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"seed": 7, "code": 0, "seconds": 1.0}'])
def test_a_torn_record_is_no_record(shelf: Shelf, damage: str) -> None:
    place = shelf.finish(shelf.begin(7), Record(7, 0, 1.0))
    (place.folder / "run.json").write_text(damage)
    assert shelf.places()[0].record is None


def test_a_changed_record_is_no_record(shelf: Shelf) -> None:
    place = shelf.finish(shelf.begin(7), Record(7, 1, 1.0))
    fields = json.loads((place.folder / "run.json").read_text())
    (place.folder / "run.json").write_text(json.dumps({**fields, "code": 0}))
    assert shelf.places()[0].record is None


def test_a_second_user_of_the_same_records_is_refused(shelf: Shelf) -> None:
    with shelf.locked(), pytest.raises(FossmlError, match="another") as error, Shelf(shelf.folder).locked():
        pass
    assert error.value.code == UNKNOWN
    with shelf.locked():
        pass


def test_forgetting_removes_every_run(shelf: Shelf) -> None:
    shelf.finish(shelf.begin(7), Record(7, 0, 1.0))
    shelf.forget()
    assert shelf.places() == []


def test_what_a_killed_one_left_is_swept_up(shelf: Shelf) -> None:
    place = shelf.begin(7)
    (place.folder / "room/p").mkdir(parents=True)
    orphan = subprocess.Popen(["sleep", "300"], start_new_session=True)
    note_pid(place, orphan.pid)
    with shelf.locked():
        assert not (place.folder / "room").exists()
    assert orphan.wait() == -9


def test_another_process_with_the_same_number_is_left_alone(shelf: Shelf) -> None:
    place = shelf.begin(7)
    other = subprocess.Popen(["sleep", "300"], start_new_session=True)
    (place.folder / "pid").write_text(f"{other.pid} 1")
    with shelf.locked(), pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.3)
    os.kill(other.pid, 9)
    other.wait()
