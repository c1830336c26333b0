"""A repository to run scripts in, and the Trace of what they did."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from fossml.trace import collect, traced_env
from fossml.trace.strace import wrapped
from fossml.types import Trace


@dataclass(frozen=True)
class Lab:
    """`root` is the repository; `run` writes a script into it, runs it under the hook and collects the Trace."""

    root: Path
    folder: Path

    def write(self, path: str, text: str = "x") -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def call(
        self, code: str, *options: str, env: Mapping[str, str] | None = None, traced: bool = True
    ) -> subprocess.CompletedProcess[str]:
        self.write("main.py", code)
        variables = traced_env(_environ(env), self.folder, self.root) if traced else _environ(env)
        argv = [sys.executable, *options, "main.py"]
        return subprocess.run(argv, cwd=self.root, env=variables, capture_output=True, text=True, check=False)

    def shell(self, cmd: str, env: Mapping[str, str] | None = None) -> Trace:
        """The Trace by strace of a shell's text, in which $PYTHON is the interpreter."""
        argv = wrapped(["/bin/sh", "-c", cmd], self.folder)
        variables = {**_environ(env), "PYTHON": sys.executable}
        done = subprocess.run(argv, cwd=self.root, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return self.trace()

    def run(self, code: str, *options: str, env: Mapping[str, str] | None = None) -> Trace:
        done = self.call(code, *options, env=env)
        assert done.returncode == 0, done.stderr
        return self.trace()

    def trace(self) -> Trace:
        return collect(self.folder, self.root)


def _environ(env: Mapping[str, str] | None) -> dict[str, str]:
    variables = {**os.environ, **(env or {})}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    root, folder = tmp_path / "repo", tmp_path / "records"
    root.mkdir()
    folder.mkdir()
    return Lab(root, folder)
