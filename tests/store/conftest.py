from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from fossml.store.digest import StatCache
from fossml.store.objects import Objects

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")
"""A machine that is busy with something else is no failure."""


@pytest.fixture
def stats() -> Iterator[StatCache]:
    with StatCache(None) as cache:
        yield cache


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository's folder with an empty cache."""
    root = tmp_path / "repo"
    (root / ".dvc" / "cache").mkdir(parents=True)
    return root


@pytest.fixture
def objects(root: Path, stats: StatCache) -> Objects:
    return Objects(root / ".dvc" / "cache", ("copy",), stats=stats)


MakeTree = Callable[[Path, dict[str, str]], Path]


@pytest.fixture
def tree() -> MakeTree:
    """Write files: relative path -> text."""

    def make(folder: Path, files: dict[str, str]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    return make
