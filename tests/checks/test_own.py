"""A laboratory's own rules: run for the reader who brings them, never for the repository that is checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fossml.checks import RULES
from fossml.cli.check import command
from fossml.errors import FossmlError
from tests.checks.repository import committed, write

RULE = '''
from pathlib import Path

from fossml.checks.rule import failed, passed, rule
from fossml.types import Evidence

Path(__file__).with_name("ran").touch()


@rule("LAB001", "no notes", level="hard", item=None)
def notes(facts):
    """There is a NOTES.md.

    Why: we said so.
    """
    if "NOTES.md" in facts.files:
        yield passed("notes", "there are notes", [Evidence("NOTES.md")])
    else:
        yield failed("notes", "there are no notes", hint="write NOTES.md")
'''
PROFILE = """
title = "Lab"
extends = "pineau"
rules = ["own.py"]

[[requirement]]
code = "LAB001"
level = "hard"
because = "x"
"""


def check(*args: str | Path) -> Result:
    result = CliRunner().invoke(command, [str(one) for one in args])
    if isinstance(result.exception, FossmlError):
        raise result.exception
    return result


def test_the_rules_of_a_profile_that_the_reader_gives_are_run_and_explained(tmp_path: Path) -> None:
    committed(tmp_path / "repo", {"a.py": ""})
    write(tmp_path / "lab", {"lab.toml": PROFILE, "own.py": RULE})
    result = check(tmp_path / "repo", "--profile", tmp_path / "lab" / "lab.toml", "--json", "--select", "LAB")
    assert result.exit_code == 1
    assert [one["message"] for one in json.loads(result.output)["findings"]] == ["there are no notes"]
    page = check(tmp_path / "repo", "--profile", tmp_path / "lab" / "lab.toml", "--explain", "LAB001").output
    assert page.startswith("LAB001: no notes (hard)\n\nThere is a NOTES.md.")
    assert "LAB001" not in RULES


def test_rules_that_lie_in_the_checked_repository_are_not_run_by_whatever_way_they_are_named(tmp_path: Path) -> None:
    files = {"lab.toml": PROFILE, "own.py": RULE, "fossml.toml": '[requirements]\nprofile = "lab.toml"\n'}
    committed(tmp_path / "repo", files)
    (tmp_path / "link.toml").symlink_to(tmp_path / "repo" / "lab.toml")
    away = PROFILE.replace("own.py", "repo/own.py")
    (tmp_path / "away.toml").write_text(away)
    ways: list[list[str | Path]] = [
        [],
        ["--profile", tmp_path / "repo" / "lab.toml"],
        ["--profile", tmp_path / "away.toml"],
    ]
    for args in ways:
        with pytest.raises(FossmlError, match=r"rules of its own|nothing of which is run"):
            check(tmp_path / "repo", *args)
    with pytest.raises(FossmlError):
        check(tmp_path / "repo", "--profile", tmp_path / "link.toml")
    assert not (tmp_path / "repo" / "ran").exists()


def test_a_repository_cannot_name_a_profile_outside_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"lab.toml": PROFILE, "own.py": RULE})
    committed(tmp_path / "repo", {"fossml.toml": '[requirements]\nprofile = "../lab.toml"\n'})
    monkeypatch.chdir(tmp_path / "repo")
    with pytest.raises(FossmlError, match="there is no profile"):
        check(".")
    assert not (tmp_path / "ran").exists()


def test_a_profile_of_the_repository_without_rules_is_data_and_counts(tmp_path: Path) -> None:
    profile = 'extends = "pineau"\n[[requirement]]\ncode = "LIC001"\nlevel = "hard"\nbecause = "we publish"\n'
    committed(tmp_path, {"a.py": "", "own.toml": profile, "fossml.toml": '[requirements]\nprofile = "own.toml"\n'})
    assert check(tmp_path, "--select", "LIC001").exit_code == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = (\n", "cannot be used: SyntaxError"),
        ("\nraise ValueError('no')\n", "cannot be used: ValueError: no"),
        (RULE.replace("LAB001", "DEP001"), "the code DEP001 is taken"),
        (RULE.replace('"""There is', 'x = """There is'), "has no docstring"),
        (RULE.replace("in facts.files", "in facts.nothing"), "the rule LAB001 failed: AttributeError"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_file(source: str, message: str, tmp_path: Path) -> None:
    committed(tmp_path / "repo", {"a.py": ""})
    write(tmp_path / "lab", {"lab.toml": PROFILE, "own.py": source})
    with pytest.raises(FossmlError, match=message) as caught:
        check(tmp_path / "repo", "--profile", tmp_path / "lab" / "lab.toml")
    assert caught.value.where and str(tmp_path / "lab" / "own.py") in caught.value.where
    assert "DEP001" in RULES
