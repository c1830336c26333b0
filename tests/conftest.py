"""The real tools that the tests talk to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
Dvc = Callable[..., subprocess.CompletedProcess[str]]
T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: knows a long version of itself, which `make soak` runs")


def soak(short: T, long: T) -> T:
    """`long` in `make soak` (FOSSML_SOAK=1), else `short`; for the size of a test that is marked with `soak`."""
    return long if os.environ.get("FOSSML_SOAK") == "1" else short


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded with `record_property("summary", line)`."""
    reports = [report for group in ("passed", "failed") for report in terminalreporter.stats.get(group, [])]
    lines = [line for report in reports for name, line in report.user_properties if name == "summary"]
    if lines:
        terminalreporter.section("what was counted")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def dvc_path() -> Path:
    """The real dvc: FOSSML_DVC, or what `make setup` installed. A missing one is a failure, never a skip."""
    path = Path(os.environ.get("FOSSML_DVC") or REPOSITORY / ".tools" / "dvc" / "bin" / "dvc")
    assert path.exists(), "the real dvc is missing: `make setup` installs it"
    return path


@pytest.fixture(scope="session")
def trackers() -> Path:
    """A Python with MLflow, DVCLive and W&B: FOSSML_TRACKERS, or what `make setup` installed."""
    path = Path(os.environ.get("FOSSML_TRACKERS") or REPOSITORY / ".tools" / "trackers" / "bin" / "python")
    assert path.exists(), "the trackers are missing: `make setup` installs them"
    return path


@pytest.fixture(scope="session")
def dvc_tests() -> Path:
    """The folder in which the `tests` of DVC lie: FOSSML_DVC_TESTS, or what `make setup` downloaded."""
    path = Path(os.environ.get("FOSSML_DVC_TESTS") or REPOSITORY / ".tools" / "dvc-tests")
    assert (path / "tests").is_dir(), "DVC's own tests are missing: `make setup` downloads them"
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
