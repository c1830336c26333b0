"""The example, built from nothing by the real dvc with the interpreter that runs the tests."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fossml.example import PROJECT, write

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command in a folder, with this interpreter as `python`; its exit code must be 0."""
    home = tmp_path_factory.mktemp("home")
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "site"),
    }

    def call(root: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return call


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, dvc_path: Path, run: Run) -> Path:
    """The folder of the project after `git init` and `dvc repro`, once for all test processes. For reading only."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    root = shared / "example"
    with (shared / "example.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "dvc.lock").exists():
            write(root)
            run(root, "git", "init", "-q")
            run(root, dvc_path, "repro")
    return root


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The project's scripts can be imported, as they import each other."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(PROJECT / "src"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and PROJECT in Path(str(sys.modules[name].__file__)).parents:
            del sys.modules[name]
