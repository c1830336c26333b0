"""The real tools that the tests talk to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
Dvc = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def dvc_path() -> Path:
    """The real dvc: FOSSML_DVC, or what `make setup` installed. A missing one is a failure, never a skip."""
    path = Path(os.environ.get("FOSSML_DVC") or REPOSITORY / ".tools" / "dvc" / "bin" / "dvc")
    assert path.exists(), "the real dvc is missing: `make setup` installs it"
    return path


@pytest.fixture
def dvc(dvc_path: Path) -> Dvc:
    """Call the real dvc in a folder; its exit code must be 0."""

    def call(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "DVC_NO_ANALYTICS": "1", "HOME": str(root), "DVC_SITE_CACHE_DIR": str(root / ".site")}
        done = subprocess.run([dvc_path, *args], cwd=root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return call


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    for args in (
        ["init", "-q"],
        ["config", "user.name", "A Tester"],
        ["config", "user.email", "tester@example.org"],
        ["commit", "-q", "--allow-empty", "-m", "start"],
    ):
        subprocess.run(["git", *args], cwd=root, check=True)
    return root
