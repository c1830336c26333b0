"""The root is the repository around a folder, and reading it says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.project.declared import find_root, read_project


@pytest.mark.parametrize("mark", [".dvc", ".git", "fossml.toml", "dvc.yaml"])
def test_the_root_is_the_nearest_folder_with_a_mark(mark: str, tmp_path: Path) -> None:
    (tmp_path / mark).mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_root(tmp_path / "a" / "b") == tmp_path
    (tmp_path / "a" / mark).mkdir()
    assert find_root(tmp_path / "a" / "b") == tmp_path / "a"


def test_a_dvc_yaml_in_a_subfolder_does_not_hide_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "dvc.yaml").touch()
    assert find_root(tmp_path / "a") == tmp_path


def test_without_any_mark_it_is_the_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert find_root(tmp_path / "a") == tmp_path / "a"


def test_a_link_is_followed_to_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real" / ".git").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert find_root(tmp_path / "link") == tmp_path / "real"


def test_a_project_is_its_stages_its_data_and_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text("stages:\n  a:\n    cmd: touch b\n    deps: [data]\n    outs: [b]\n")
    (tmp_path / "data.dvc").write_text(f"outs:\n- md5: {'0a' * 16}\n  size: 3\n  path: data\n")
    (tmp_path / "fossml.toml").write_text('[project]\ntitle = "T"\n')
    project = read_project(tmp_path)
    assert [stage.name for stage in project.stages] == ["a"]
    assert [artifact.path for artifact in project.tracked] == ["data"]
    assert project.config.project == {"title": "T"}


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="is not a folder"):
        read_project(tmp_path / "missing")
