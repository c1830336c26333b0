"""A project's folder, and what is made of what it declares."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fossml.types import Finding
from fossml.verify.cleanroom.source import Source
from fossml.verify.environment.made import Environment
from fossml.verify.environment.surroundings import Mode, Surroundings, surroundings

DAY = "2021-01-01T00:00:00Z"


@dataclass
class Lab:
    """A project's folder, and the folder where environments are kept."""

    root: Path
    cache: Path
    env: dict[str, str]
    said: list[str] = field(default_factory=list)

    def place(self, files: Mapping[str, str | bytes], date: str = DAY, mode: Mode = "auto") -> Surroundings:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        source = Source(self.root, self.root, "commit", commit="0" * 40, date=date)
        return surroundings(self.root, source, self.env, self.cache, mode, say=self.said.append)

    def make(self, files: Mapping[str, str | bytes], date: str = DAY) -> Environment:
        return self.place(files, date).environment

    def runs(self, made: Environment, program: str) -> str:
        done = subprocess.run([made.python, "-c", program], capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """An empty project, with the Python that runs the tests on PATH."""
    root = tmp_path / "project"
    root.mkdir()
    own = str(Path(sys.prefix) / "bin")
    env = {**os.environ, "PATH": f"{own}{os.pathsep}{os.environ['PATH']}", "UV_PYTHON_DOWNLOADS": "never"}
    return Lab(root, tmp_path / "cache", env)


def by_code(made: Environment, code: str) -> Finding:
    (found,) = (one for one in made.findings if one.code == code)
    return found


def codes(made: Environment) -> list[str]:
    return [one.code for one in made.findings]
