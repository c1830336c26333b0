"""What a failed stage had asked for, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.types import Evidence
from fossml.verify.environment.asked import asked_for, place_in, reason_in

TRACE = """\
loading
Traceback (most recent call last):
  File "{folder}/train.py", line 2, in <module>
    read("x")
  File "{folder}/src/lib.py", line 1, in read
    open(path)
  File "/usr/lib/python3.11/site-packages/pandas/io.py", line 9, in open
    raise
FileNotFoundError: [Errno 2] No such file or directory: 'x'
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "train.py").write_text("import lib\nread('x')\n")
    (tmp_path / "src/lib.py").write_text("def read(p): open(p)\n")
    return tmp_path


def test_the_innermost_line_of_the_repository(folder: Path) -> None:
    assert place_in(TRACE.format(folder=folder), folder) == " (at src/lib.py:1)"


@pytest.mark.parametrize(
    "log",
    ["", "no traceback", 'File "train.py", line 1', 'Traceback (most recent call last)\n  File "<string>", line 1\n'],
)
def test_without_a_traceback_into_it_there_is_no_place(log: str, folder: Path) -> None:
    assert place_in(log, folder) == ""


@pytest.mark.parametrize(
    ("why", "code", "subject"),
    [
        ("ModuleNotFoundError: No module named 'six' (at train.py:2)", "ENV012", "six"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv' (at train.py:2)", "DAT005", "x.csv"),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/home/anna/x' (at train.py:2)",
            "DAT006",
            "/home/anna/x",
        ),
        ("No such file or directory: 'C:\\\\Users\\\\anna\\\\x' (at train.py:2)", "DAT006", "C:\\\\Users\\\\anna\\\\x"),
        ("No such file or directory: '/scratch/p7/x' (at train.py:2)", "DAT006", "/scratch/p7/x"),
    ],
)
def test_what_was_asked_for_is_named_with_the_line(why: str, code: str, subject: str, folder: Path) -> None:
    (found,) = asked_for({"train": f"its command ended with exit code 1; {why}"}, folder)
    assert (found.code, found.subject) == (code, subject)
    assert found.evidence == (Evidence("train.py", 2, "read('x')"),)


def test_the_reader_s_own_python_is_not_laid_to_the_project(folder: Path) -> None:
    (found,) = asked_for({"train": "ModuleNotFoundError: No module named 'six' (at train.py:2)"}, folder, made=False)
    assert (found.code, found.status, found.level) == ("ENV012", "unknown", "soft")
    assert "Python on PATH" in found.message


def test_what_a_shell_asked_for(folder: Path) -> None:
    (found,) = asked_for({"train": "exit code 1; cat: raw.txt: No such file or directory"}, folder)
    assert (found.code, found.evidence) == ("DAT005", ())


def test_another_failure_asked_for_nothing(folder: Path) -> None:
    assert list(asked_for({"train": "its command ended with exit code 1; needs a GPU"}, folder)) == []


def test_the_reason_is_what_was_raised_whatever_a_wrapper_prints_after_it() -> None:
    raised = "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    import b\nKeyError: 'b'\n"
    assert reason_in(raised + "make: *** [Makefile:4: scores] Error 1\n") == "KeyError: 'b'"
    assert reason_in("one\n\ntwo\n\n") == "two"
    assert reason_in("") == ""


def test_a_variable_that_a_shell_script_misses_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text('set -eu\n\npython fit.py "$POINTS"\n')
    for why in ("run.sh: 3: POINTS: parameter not set", "run.sh: line 3: POINTS: unbound variable"):
        (found,) = asked_for({"fit": why}, tmp_path)
        assert (found.code, found.subject, found.evidence[0].line) == ("ENV013", "POINTS", 3)
        assert found.evidence[0].text == 'python fit.py "$POINTS"'
    (elsewhere,) = asked_for({"fit": "/etc/passwd: line 1: HOME_X: unbound variable"}, tmp_path)
    assert elsewhere.evidence == ()
