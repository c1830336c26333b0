"""The project that begins in an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fossml.begin.change import apply
from fossml.begin.setup import setup
from fossml.begin.start import is_empty, template
from fossml.project.config import read_config
from tests.begin.conftest import Write
from tests.conftest import Dvc


@pytest.mark.parametrize(
    ("files", "empty"),
    [
        ({}, True),
        ({"README.md": "", "LICENSE": "", ".gitignore": "", ".git/HEAD": ""}, True),
        ({"train.py": ""}, False),
        ({"docs/README.md": ""}, False),
        ({"data.csv": ""}, False),
    ],
)
def test_empty_is_what_has_nothing_of_its_own(write: Write, files: dict[str, str], empty: bool) -> None:
    assert is_empty(write(files)) is empty


def test_what_is_there_stays(write: Write) -> None:
    root = write({"README.md": "mine", ".gitignore": "*.swp\n"})
    names = {change.path for change in template(root)}
    assert names.isdisjoint({"README.md", ".gitignore"})
    assert {"dvc.yaml", "fossml.toml", "train.py"} <= names


def test_it_builds_with_the_real_dvc_and_the_claim_holds(
    repository: Path, dvc: Dvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    changes = template(repository)
    present = {change.path for change in changes}
    apply(repository, [*changes, *(change for change in setup(repository) if change.path not in present)])
    dvc(repository, "repro")
    assert "up to date" in dvc(repository, "status").stdout
    accuracy = json.loads((repository / "metrics.json").read_text())["accuracy"]
    [claim] = read_config(repository).claims
    assert round(accuracy, 2) in (0.85, 0.86), claim
    ignored = subprocess.run(["git", "check-ignore", "data", "model.json", ".fossml/x"], cwd=repository, check=False)
    assert ignored.returncode == 0


def test_the_claim_holds_on_most_seeds(write: Write) -> None:
    root = write({})
    apply(root, template(root))
    _python(root, "prepare.py", "--points", "1000", "--overlap", "1.2", "--seed", "7")
    scores = []
    for seed in range(2, 7):
        _python(root, "train.py", "--epochs", "20", "--rate", "0.05", "--seed", str(seed))
        scores.append(json.loads((root / "metrics.json").read_text())["accuracy"])
    assert abs(sum(scores) / 5 - 0.85) < 0.005
    assert len(set(scores)) > 1


def test_the_same_seed_gives_the_same_model(write: Write) -> None:
    root = write({})
    apply(root, template(root))
    _python(root, "prepare.py", "--points", "200", "--overlap", "1.2", "--seed", "7")
    models = set()
    for _ in range(2):
        _python(root, "train.py", "--epochs", "2", "--rate", "0.05", "--seed", "1")
        models.add((root / "model.json").read_bytes())
    assert len(models) == 1


def _python(root: Path, *args: str) -> None:
    subprocess.run([sys.executable, *args], cwd=root, check=True)
