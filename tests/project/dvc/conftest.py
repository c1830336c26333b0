from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dvc


class Refused(Exception):  # noqa: N818
    """DVC's own code raised."""


class Oracle:
    """DVC's own code in one process of its own Python."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, question: str, *args: Any) -> Any:
        """What DVC's code says; Refused where it raises."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([question, args]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["value"]


@pytest.fixture(scope="session")
def oracle(dvc_path: Path) -> Iterator[Oracle]:
    script = Path(__file__).with_name("oracle.py")
    env = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    with subprocess.Popen(
        [dvc_path.with_name("python"), str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    ) as process:
        yield Oracle(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def project(repository: Path, dvc: Dvc) -> Path:
    """A git and DVC repository."""
    dvc(repository, "init", "-q")
    return repository
