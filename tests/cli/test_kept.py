"""`fossml verify --keep` leaves a copy that `fossml diff lock` looks into."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verify.projects import CLAIM, FILES, Paper
from tests.verify.rebuild.test_released import FILES as WEIGHTS

DRAWS = 'import json, time\njson.dump({"acc": 0.75, "at": time.time()}, open("m.json", "w"))\n'


@pytest.fixture
def built(repository: Path, tmp_path: Path) -> Paper:
    """Built by its author, whose metrics file holds the time; the lock is committed, results lie in the cache alone."""
    paper = Paper(repository, tmp_path / "records")
    paper.save(FILES)
    stages = (paper.root / "dvc.yaml").read_text().replace("cache: false", "cache: true")
    paper.save({"dvc.yaml": stages, "train.py": DRAWS, "fossml.toml": CLAIM})
    assert fossml(paper, "build", "-q").returncode == 0
    paper.save({})
    (paper.root / "m.json").unlink()
    return paper


def fossml(paper: Paper, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FOSSML_CACHE_DIR": str(paper.cache / "own"), "COUNT": "/dev/null"}
    command = [sys.executable, "-m", "fossml", *words]
    return subprocess.run(command, cwd=paper.root, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [(), ("--worktree",), ("--trust",)], ids=["commit", "worktree", "as you"])
def test_the_kept_rebuild_is_compared_with_the_lock(words: tuple[str, ...], built: Paper) -> None:
    told = fossml(built, "verify", "--no-controls", "--keep", *words)
    assert told.returncode == 0, told.stderr
    assert "`fossml diff lock` looks into it" in told.stderr
    found = fossml(built, "diff", "lock")
    assert found.returncode == 1, found.stderr
    assert "m.json" in found.stdout
    assert "same inputs, other outputs" in found.stdout
    assert "unknown" not in found.stdout


def test_the_author_s_bytes_are_found_in_the_folder_s_own_cache(built: Paper) -> None:
    told = fossml(built, "verify", "--no-controls", "--verbose")
    assert "m.json" in told.stdout
    assert "author's bytes are not" not in told.stdout


def test_without_a_kept_copy_it_says_how_to_get_one(built: Paper) -> None:
    assert fossml(built, "verify", "--no-controls").returncode == 0
    found = fossml(built, "diff", "lock")
    assert (found.returncode, "fossml verify --keep" in found.stderr) == (3, True), found


def test_released_weights_come_out_of_the_author_s_cache(repository: Path, tmp_path: Path) -> None:
    paper = Paper(repository, tmp_path / "records")
    paper.save(WEIGHTS)
    assert fossml(paper, "build", "-q").returncode == 0
    paper.save({})
    (paper.root / "net.pt").unlink()
    told = fossml(paper, "verify", "--no-controls", "--trust")
    assert "beside it, L1: numeric" in told.stdout, told


def test_what_is_on_record_leaves_no_copy_and_says_so(built: Paper) -> None:
    fossml(built, "verify", "--no-controls")
    told = fossml(built, "verify", "--no-controls", "--keep")
    assert "--fresh --keep makes it again" in told.stderr
