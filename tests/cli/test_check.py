from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fossml.cli.check import command
from fossml.errors import FossmlError
from tests.checks.repository import committed, write

BAD = {"a.py": "import numpy\nx = '/home/anna/x.csv'\n"}
GOOD = {
    "a.py": "import numpy\nprint(numpy.zeros(3))\n",
    "README.md": "# A\n\n```\npython a.py\n```\n\nLicense: MIT\n",
    "requirements.txt": "numpy==1.26.4\n",
}


def check(*args: str | Path) -> Result:
    result = CliRunner().invoke(command, [str(one) for one in args])
    if isinstance(result.exception, FossmlError):
        raise result.exception
    return result


def test_a_good_repository_exits_0_with_one_line_of_verdict(tmp_path: Path) -> None:
    committed(tmp_path, GOOD)
    result = check(tmp_path)
    assert result.exit_code == 0
    assert result.output.startswith("Failures: none. ")
    assert result.output.count("\n") == 1


def test_a_hard_failure_exits_1_and_is_shown_with_place_source_and_hint(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    result = check(tmp_path, "--select", "PATH")
    assert result.exit_code == 1
    assert result.output.splitlines()[:3] == [
        "PATH001 a.py:2 /home/anna/x.csv exists on one machine only",
        "  2 | x = '/home/anna/x.csv'",
        "  hint: use a path relative to the repository, or a parameter",
    ]
    assert "Next:\n  1. a.py:2: use a path" in result.output
    assert result.output.splitlines()[-1].startswith("Failures: 1 hard, 0 soft.")
    assert "\x1b" not in result.output


def test_soft_failures_exit_0(tmp_path: Path) -> None:
    committed(tmp_path, GOOD | {"requirements.txt": "numpy\n"})
    result = check(tmp_path)
    assert result.exit_code == 0
    assert "DEP002 requirements.txt:1 numpy has no version [soft]" in result.output


def test_nothing_to_judge_exits_3(tmp_path: Path) -> None:
    assert check(tmp_path).exit_code == 3
    assert json.loads(check(tmp_path, "--json").output) == {"findings": []}


def test_json_has_every_finding_in_full(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    found = json.loads(check(tmp_path, "--json").output)["findings"]
    assert check(tmp_path, "--format", "json").output == check(tmp_path, "--json").output
    one = next(one for one in found if one["code"] == "PATH001")
    assert one == {
        "code": "PATH001",
        "status": "fail",
        "level": "hard",
        "subject": "/home/anna/x.csv",
        "message": "/home/anna/x.csv exists on one machine only",
        "evidence": [{"path": "a.py", "line": 2, "text": "x = '/home/anna/x.csv'"}],
        "hint": "use a path relative to the repository, or a parameter",
    }


def test_github_gets_one_annotation_a_failure(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    lines = check(tmp_path, "--format", "github", "--select", "PATH001,LIC001").output.splitlines()
    assert lines == [
        "::error file=a.py,line=2,title=PATH001::/home/anna/x.csv exists on one machine only",
        "::warning title=LIC001::there is no licence",
    ]


def test_rules_are_chosen_by_code_and_beginning(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    found = json.loads(check(tmp_path, "--json", "--select", "dep, PATH001", "--ignore", "DEP002").output)["findings"]
    assert {one["code"] for one in found} == {"DEP001", "DEP003", "PATH001"}


def test_an_unknown_code_is_an_error_that_names_the_rules(tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="there is no rule XYZ") as caught:
        check(tmp_path, "--select", "XYZ")
    assert caught.value.hint and "DEP001" in caught.value.hint
    with pytest.raises(FossmlError, match="there is no rule DEP01") as caught:
        check("--explain", "DEP01")
    assert caught.value.hint == "did you mean 'DEP001'?"


def test_explain_prints_the_page() -> None:
    result = check("--explain", "dep002")
    assert result.exit_code == 0
    assert result.output.startswith("DEP002: declared without a version (soft)\n")
    assert "How it is decided:" in result.output


def test_text_from_a_repository_cannot_steer_the_terminal(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = '/home/anna/\x1b[2Jx'\n"})
    assert "\x1b" not in check(tmp_path).output
