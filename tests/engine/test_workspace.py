"""Each path is digested once, until it is said to have changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.engine.workspace import Workspace
from fossml.store.digest import StatCache
from fossml.types import Stage


@pytest.mark.parametrize("changed", ["d/e", "d/e/f", "d", "."])
def test_what_changed_is_forgotten_with_what_is_around_and_in_it(tmp_path: Path, changed: str) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "f").write_text("one")
    (tmp_path / "other").write_text("one")
    workspace = Workspace(tmp_path, StatCache(None))
    stage = Stage("a", "x")
    names = ("d", "d/e", "d/e/f", "other")
    before = {name: workspace.artifact(stage, name) for name in names}
    (tmp_path / "d" / "e" / "f").write_text("two")
    assert {name: workspace.artifact(stage, name) for name in names} == before
    workspace.forget([changed])
    after = {name: workspace.artifact(stage, name) for name in names}
    assert [name for name in names if after[name] != before[name]] == ["d", "d/e", "d/e/f"]
