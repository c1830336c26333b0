"""A repository with a history that a test writes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Commit = Callable[[dict[str, str]], str]

DVC_YAML = """
stages:
  prepare:
    cmd: python src/prepare.py
    deps: [src/prepare.py, data.csv]
    outs: [prepared]
  train:
    cmd: python src/train.py
    deps: [src/train.py, prepared]
    params: [train.rate]
    outs: [model.json]
"""
FIRST = {
    "dvc.yaml": DVC_YAML,
    "data.csv.dvc": "outs:\n- md5: 11111111111111111111111111111111\n  path: data.csv\n",
    "params.yaml": "train:\n  rate: 0.1\nother: 1\n",
    "src/prepare.py": "import helper\n\nprint(helper.NUMBER)\n",
    "src/helper.py": "NUMBER = 1\n",
    "src/train.py": "print('train')\n",
    "README.md": "A model.\n",
}


@pytest.fixture
def commit(repository: Path) -> Commit:
    """Write files (path -> text) and commit them; gives the commit's name."""

    def commit(files: dict[str, str]) -> str:
        for path, text in files.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_text(text)
        subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
        subprocess.run(["git", "commit", "-q", "-m", "next"], cwd=repository, check=True)
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return commit
