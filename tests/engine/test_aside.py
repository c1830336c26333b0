"""What is put aside comes back, whatever happened between."""

from pathlib import Path

import pytest

from fossml.engine.aside import put_aside, recover


def test_restore_brings_back_files_and_folders_over_what_was_left_there(tmp_path: Path) -> None:
    model, data = tmp_path / "model", tmp_path / "data"
    model.write_text("old")
    data.mkdir()
    (data / "x").write_text("old")
    aside = put_aside(tmp_path / "aside", [model, data, tmp_path / "missing"])
    assert not model.exists()
    model.write_text("half of the n")
    aside.restore()
    assert (model.read_text(), (data / "x").read_text()) == ("old", "old")
    assert not list((tmp_path / "aside").iterdir())


def test_discard_lets_the_old_go_and_keeps_the_new(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_text("old")
    aside = put_aside(tmp_path / "aside", [model])
    model.write_text("new")
    aside.discard()
    assert model.read_text() == "new"
    assert not list((tmp_path / "aside").iterdir())


def test_after_a_kill_recover_brings_everything_back(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_text("old")
    put_aside(tmp_path / "aside", [model])
    recover(tmp_path / "aside", lambda _mark: None)
    assert model.read_text() == "old"


def test_recover_names_the_mark_of_what_may_still_write(tmp_path: Path) -> None:
    name, value = put_aside(tmp_path / "aside", []).mark
    marks: list[str] = []
    recover(tmp_path / "aside", marks.append)
    assert marks == [f"{name}={value}"]


def test_a_kill_while_old_outputs_were_let_go_does_not_bring_half_of_them_back(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_text("old")
    aside = put_aside(tmp_path / "aside", [model])
    model.write_text("new")
    (aside.folder / "places.json").unlink()  # the first step of discard
    recover(tmp_path / "aside", lambda _mark: None)
    assert model.read_text() == "new"
    assert not list((tmp_path / "aside").iterdir())


def test_what_cannot_be_moved_leaves_all_in_place(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_text("old")
    with pytest.raises(OSError, match="aside"):
        put_aside(tmp_path / "aside", [model, tmp_path])
    assert model.read_text() == "old"
    assert not list((tmp_path / "aside").iterdir())


def test_a_folder_that_cannot_be_written_goes_and_comes(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "deep").mkdir(parents=True)
    (model / "deep" / "x").write_text("old")
    for folder in (model / "deep", model):
        folder.chmod(0o555)
    aside = put_aside(tmp_path / "aside", [model])
    model.mkdir(mode=0o555)
    aside.restore()
    assert (model / "deep" / "x").read_text() == "old"
    put_aside(tmp_path / "aside", [model]).discard()
    assert not list((tmp_path / "aside").iterdir())


def test_a_kill_while_the_list_of_places_was_written_loses_nothing(tmp_path: Path) -> None:
    torn = tmp_path / "aside" / "x"
    torn.mkdir(parents=True)
    (torn / "places.json").write_text('["/so')
    recover(tmp_path / "aside", lambda _mark: None)
    assert not torn.exists()
