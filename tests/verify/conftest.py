from __future__ import annotations

from pathlib import Path

import pytest

from tests.verify.projects import FILES, Paper


@pytest.fixture
def paper(repository: Path, tmp_path: Path) -> Paper:
    """Two stages, one metric of 0.75, one claim about it, all in git, nothing built."""
    paper = Paper(repository, tmp_path / "records")
    paper.save(FILES)
    return paper
