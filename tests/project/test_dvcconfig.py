"""`.dvc/config` is read as dvc reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.project.dvcconfig import CacheConfig, ensure_dvc, read_cache_config
from tests.conftest import Dvc


def config(root: Path, text: str, name: str = "config") -> None:
    (root / ".dvc").mkdir(exist_ok=True)
    (root / ".dvc" / name).write_text(text)


def test_without_a_configuration_it_is_dvcs_default(tmp_path: Path) -> None:
    default = CacheConfig(tmp_path / ".dvc" / "cache", ("reflink", "copy"))
    assert read_cache_config(tmp_path) == default
    config(tmp_path, "[core]\n    analytics = false\n['remote \"x\"']\n    url = s3://b/%(x)s\n")
    assert read_cache_config(tmp_path) == default


def test_links_are_tried_in_the_order_given(tmp_path: Path) -> None:
    config(tmp_path, "[cache]\n    type = hardlink, symlink ,copy\n")
    assert read_cache_config(tmp_path).links == ("hardlink", "symlink", "copy")
    config(tmp_path, "[cache]\n    type = copy # slow\n    dir = 'a # b'  # odd\n")
    assert read_cache_config(tmp_path) == CacheConfig(tmp_path / ".dvc" / "a # b", ("copy",))
    config(tmp_path, "[cache]\n    type =\n")
    assert read_cache_config(tmp_path).links == ("reflink", "copy")


def test_a_relative_cache_folder_is_relative_to_the_folder_of_the_configuration(tmp_path: Path) -> None:
    config(tmp_path, "[cache]\n    dir = ../../shared\n")
    assert read_cache_config(tmp_path).folder == tmp_path.parent / "shared"
    config(tmp_path, "[cache]\n    dir = /elsewhere/cache\n")
    assert read_cache_config(tmp_path).folder == Path("/elsewhere/cache")


def test_what_dvc_writes_means_the_same_here(repository: Path, dvc: Dvc) -> None:
    dvc(repository, "init", "-q")
    dvc(repository, "cache", "dir", "store, it")
    dvc(repository, "config", "--local", "cache.type", "symlink,copy")
    assert read_cache_config(repository) == CacheConfig(repository / "store, it", ("symlink", "copy"))


def test_a_cache_in_the_home_folder_is_there_for_both(
    repository: Path, dvc: Dvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(repository))  # as for dvc here
    dvc(repository, "init", "-q")
    config(repository, "[cache]\n    dir = ~/store\n")
    assert read_cache_config(repository).folder == repository / "store"
    assert dvc(repository, "cache", "dir").stdout.strip() == str(repository / "store")


def test_config_local_stands_above_config_key_by_key(tmp_path: Path) -> None:
    config(tmp_path, "[cache]\n    type = copy\n    dir = one\n")
    config(tmp_path, "[cache]\n    dir = two\n", "config.local")
    assert read_cache_config(tmp_path) == CacheConfig(tmp_path / ".dvc" / "two", ("copy",))


@pytest.mark.parametrize("name", ["config", "config.local"])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("dir = x\n", 1),
        ("[cache]\ndir = x\ndir = y\n", 3),
        ("[cache]\n[cache]\n", 2),
        ("[cache]\n\nwithout a value\n", 3),
    ],
)
def test_a_broken_configuration_is_refused_with_its_line(name: str, text: str, line: int, tmp_path: Path) -> None:
    config(tmp_path, text, name)
    with pytest.raises(FossmlError, match="is not a configuration file") as caught:
        read_cache_config(tmp_path)
    assert caught.value.where == f".dvc/{name}:{line}"


@pytest.mark.parametrize("name", ["config", "config.local"])
def test_an_unknown_link_is_refused_and_the_file_named_that_says_it(name: str, tmp_path: Path) -> None:
    config(tmp_path, "[cache]\ntype = copy\n")
    config(tmp_path, "[cache]\ntype = softlink\n", name)
    with pytest.raises(FossmlError, match="unknown link type 'softlink'") as caught:
        read_cache_config(tmp_path)
    assert caught.value.where == f".dvc/{name}"


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    config(tmp_path, "[cache]\ndir = a\0b\n")
    with pytest.raises(FossmlError, match="cannot be one"):
        read_cache_config(tmp_path)
    (tmp_path / ".dvc" / "config").write_bytes(b"[cache]\ndir = \xff\n")
    with pytest.raises(FossmlError, match=r"config:2: is not UTF-8"):
        read_cache_config(tmp_path)
    (tmp_path / ".dvc" / "config").unlink()
    (tmp_path / ".dvc" / "config").mkdir()
    with pytest.raises(FossmlError, match="cannot be read"):
        read_cache_config(tmp_path)


def test_ensure_dvc_makes_a_repository_that_dvc_takes_for_one(repository: Path, dvc: Dvc) -> None:
    assert ensure_dvc(repository) == [".dvc/config", ".dvc/.gitignore", ".dvcignore"]
    assert dvc(repository, "root").stdout.strip() == "."
    assert ensure_dvc(repository) == []


def test_ensure_dvc_overwrites_nothing_and_restores_no_dvcignore_that_was_removed(tmp_path: Path) -> None:
    config(tmp_path, "[core]\n    autostage = true\n")
    assert ensure_dvc(tmp_path) == [".dvc/.gitignore"]
    assert (tmp_path / ".dvc" / "config").read_text() == "[core]\n    autostage = true\n"
