from __future__ import annotations

from dataclasses import dataclass

import pytest

from fossml.env import Interpreter
from fossml.verify.hints import explain
from fossml.verify.record import Record
from fossml.verify.seeds import Delivery

USAGE = "usage: t.py [-h] [--lr LR] [--random-seed S]\nt.py: error: unrecognized arguments: --seed 5\n"


FLAG = Delivery("python t.py", "--seed")
PYTHON = Interpreter("/usr/bin/python3", "3.11.2", ())


@dataclass(frozen=True)
class Around:
    delivery: Delivery = FLAG
    interpreter: Interpreter | None = PYTHON
    timeout: float | None = 60


@pytest.mark.parametrize(
    ("code", "stderr", "failure", "hint"),
    [
        (2, USAGE, "exit code 2: t.py: error: unrecognized", "does not know --seed; it knows --random-seed."),
        (1, "Could not override 'seed'.\n", "exit code 1", "does not know --seed"),
        (1, "ModuleNotFoundError: No module named 'torch'\n", "'torch'", "/usr/bin/python3 (3.11.2): activate"),
        (1, "FileNotFoundError: No such file or directory: '../data/x.csv'\n", "exit code 1", "--folder"),
        (127, "/bin/sh: 1: trian: not found\n", "exit code 127", "not found"),
        (-9, "", "killed by SIGKILL", "memory"),
        (-15, "", "killed by SIGTERM", ""),
        (1, "boom\n\n", "exit code 1: boom", ""),
        (1, "", "exit code 1: printed", ""),
    ],
)
def test_a_failure_is_told_with_what_to_try(code: int, stderr: str, failure: str, hint: str) -> None:
    told = explain(Record(5, code, 1.0), "printed\n", stderr, Around())
    assert failure in told.failure
    assert hint in told.hint
    assert bool(hint) == bool(told.hint)


def test_a_timeout_is_told() -> None:
    told = explain(Record(5, -15, 60.0, timeout=True), "", "", Around())
    assert told.failure == "it was still running after 60 s"
    assert "--timeout" in told.hint


def test_without_a_python_that_is_said() -> None:
    told = explain(Record(5, 1, 1.0), "", "ModuleNotFoundError: No module named 'torch'", Around(interpreter=None))
    assert "no python was found" in told.hint
