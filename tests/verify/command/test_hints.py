from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from fossml.env import Interpreter
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command.hints import explain
from fossml.verify.command.record import Record

USAGE = "usage: t.py [-h] [--lr LR] [--random-seed S]\nt.py: error: unrecognized arguments: --seed 5\n"


FLAG = Delivery("python t.py", "--seed")
PYTHON = Interpreter("/usr/bin/python3", "3.11.2", ())


@dataclass(frozen=True)
class Around:
    root: Path = Path("/nowhere")
    wdir: str = "."
    delivery: Delivery = FLAG
    interpreter: Interpreter | None = PYTHON
    made: bool = False
    timeout: float | None = 60


@pytest.mark.parametrize(
    ("code", "stderr", "failure", "hint"),
    [
        (2, USAGE, "exit code 2: t.py: error: unrecognized", "does not know --seed; it knows --random-seed."),
        (1, "Could not override 'seed'.\n", "exit code 1", "does not know --seed"),
        (1, "ModuleNotFoundError: No module named 'torch'\n", "'torch'", "/usr/bin/python3 (3.11.2): activate"),
        (1, "FileNotFoundError: No such file or directory: '../data/x.csv'\n", "exit code 1", "--folder"),
        (
            1,
            "FileNotFoundError: [Errno 2] No such file or directory: 'data/x.csv'\n",
            "exit code 1",
            "data/x.csv is not",
        ),
        (1, "FileNotFoundError: ../data/x.content not found.\n", "exit code 1", "../data/x.content lies outside"),
        (1, "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?\n", "'print'", "Python 2"),
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


def test_in_an_environment_that_was_made_there_is_none_to_activate() -> None:
    missing = "ModuleNotFoundError: No module named 'torch'"
    hint = explain(Record(5, 1, 1.0), "", missing, Around(made=True)).hint
    assert "activate" not in hint
    assert "--environment path" in hint


def test_a_file_above_the_command_but_inside_the_folder_is_not_outside(tmp_path: Path) -> None:
    missing = "FileNotFoundError: ../data/x.content not found."
    told = explain(Record(5, 1, 1.0), "", missing, Around(tmp_path, "package"))
    assert told.failure.endswith("not found")
    assert told.hint == "../data/x.content is not in the folder: is it to be downloaded or made first?"


def test_a_module_of_the_repository_is_no_missing_package(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "net").mkdir()
    missing = "ModuleNotFoundError: No module named 'net.layers'"

    def hint(root: Path, wdir: str) -> str:
        return explain(Record(5, 1, 1.0), "", missing, Around(root, wdir)).hint

    assert hint(tmp_path, ".").endswith("write PYTHONPATH=. in front of the command")
    assert hint(tmp_path, "net").endswith("write PYTHONPATH=.. in front of the command")
    assert hint(tmp_path / "net", ".").endswith("and name that folder with --folder ..")


def test_a_module_above_the_repository_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "code" / ".git").mkdir(parents=True)
    (tmp_path / "torch").mkdir()
    told = explain(Record(5, 1, 1.0), "", "ModuleNotFoundError: No module named 'torch'", Around(tmp_path / "code"))
    assert "activate the environment" in told.hint


def test_a_script_in_another_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "train.py").touch()
    stderr = "python: can't open file 'train.py': [Errno 2] No such file or directory\n"
    assert "there is net/train.py" in explain(Record(5, 2, 1.0), "", stderr, Around(tmp_path)).hint
    assert "there is no" in explain(Record(5, 2, 1.0), "", stderr.replace("train", "fit"), Around(tmp_path)).hint
