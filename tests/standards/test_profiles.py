"""Profiles are data: those that ship are whole, and what is wrong in one is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.checks import ITEMS, RULES
from fossml.errors import FossmlError
from fossml.standards import SHIPPED, find, named


@pytest.mark.parametrize("name", SHIPPED)
def test_a_profile_that_ships_names_only_rules_and_items_that_there_are(name: str) -> None:
    assert {code for code, _ in named(name).codes()} <= {*RULES, *ITEMS}


def test_the_default_profile_gives_each_rule_and_item_a_level_and_the_reason() -> None:
    profile = named("pineau")
    missing = {*RULES, *ITEMS} - {one.code for one in profile.requirements}
    assert missing == set(), "write a [[requirement]] for them into src/fossml/standards/pineau.toml, where it is worth"
    assert all(one.because for one in profile.requirements)


def test_the_levels_of_the_default_profile_are_those_of_the_rules() -> None:
    # A rule says by itself how much it counts; a profile that said otherwise would make two truths of one.
    levels = {one.code: one.level for one in named("pineau").requirements}
    assert {code: levels[code] for code in RULES} == {code: rule.level for code, rule in RULES.items()}


def test_what_harms_or_stops_a_reader_is_hard_and_comes_first() -> None:
    levels = [one.level for one in named("pineau").requirements]
    assert levels == sorted(levels)
    first = [one for one in named("pineau").requirements if one.level == "hard"]
    assert all(one.because.startswith(("privacy", "safety", "replication")) for one in first)


def test_pineau_asks_its_21_items_each_answered_by_itself() -> None:
    questions = named("pineau").questions
    assert [one.number for one in questions] == sorted(ITEMS)
    assert all(one.answered_by == (one.number,) and one.title and one.group and one.ask for one in questions)


def test_neurips_asks_its_16_questions_by_number_and_keeps_the_levels() -> None:
    profile = named("neurips")
    assert [one.number for one in profile.questions] == [str(number) for number in range(1, 17)]
    assert {one.code: one.level for one in profile.requirements} == {
        one.code: one.level for one in named("pineau").requirements
    }


LAB = 'title = "Lab"\nextends = "pineau"\n\n[[requirement]]\ncode = "D4"\nlevel = "hard"\nbecause = "we give models"\n'


def test_a_file_of_a_laboratory_changes_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(LAB)
    profile = find(str(tmp_path / "lab.toml"))
    found = profile.requirement("D4")
    assert found and (found.level, found.because, found.where) == ("hard", "we give models", f"{tmp_path}/lab.toml:4")
    assert profile.requirement("D1") == named("pineau").requirement("D1")
    assert profile.questions == named("pineau").questions


def test_a_profile_in_the_users_folder_goes_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "fossml" / "profiles"
    folder.mkdir(parents=True)
    (folder / "lab.toml").write_text(LAB)
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert named("lab", environ).title == "Lab"
    with pytest.raises(FossmlError, match="no profile 'lap'") as caught:
        named("lap", environ)
    assert caught.value.hint and "'lab'" in caught.value.hint
    with pytest.raises(FossmlError, match="no profile"):
        named("../lab", environ)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\n", 1, "unknown key 'x'"),
        ('title = "a"\nlevels = []\n', 2, "unknown key 'levels'"),
        ("title = 1\n", 1, "title must be"),
        ("requirement = 1\n", 1, "two brackets"),
        ('\n[[requirement]]\ncode = "D1"\nlevel = "soft"\n', 2, "has no because"),
        ('[[requirement]]\ncode = "D1"\nlevel = "loud"\nbecause = "x"\n', 3, "must be one of hard, soft"),
        ('[[question]]\nnumber = "1"\nask = "?"\nanswer = []\n', 4, "unknown key 'answer'"),
        ('extends = "lab"\n', None, "cannot extend 'lab'"),
        ("[[question]\n", 1, "is not TOML"),
        (LAB.partition("\n\n")[2] * 2, 5, "has a level already"),
    ],
)
def test_what_is_wrong_in_a_profile_is_told_with_its_line(
    text: str, line: int | None, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(text)
    with pytest.raises(FossmlError, match=message) as caught:
        find(str(file))
    assert caught.value.where == (f"{file}:{line}" if line else str(file))
