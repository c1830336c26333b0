from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fossml.checks import ITEMS
from fossml.cli.check import FORMS, command
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


def test_a_repository_without_a_hard_failure_exits_0_with_the_items_as_a_table_and_the_verdict_last(
    tmp_path: Path,
) -> None:
    committed(tmp_path, GOOD)
    result = check(tmp_path)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    table = lines[1 : lines.index("")]
    assert lines[0] == "ML Reproducibility Checklist v2.0:"
    assert [line.split()[0] for line in table] == [
        f"{g}{n}" for g, n in zip("AAABBCCCCCDDDDDEEEEEE", "123121234512345123456", strict=True)
    ]
    assert next(line for line in table if "D1" in line).endswith("requirements.txt:1  declared in requirements.txt")
    assert lines[-1].startswith("Failures: 0 hard, ")
    assert "100" not in lines[-1]


def test_only_rules_that_are_well_leave_one_line(tmp_path: Path) -> None:
    committed(tmp_path, GOOD)
    result = check(tmp_path, "--select", "DEP,DOC")
    assert result.output == "Failures: none. 5 rules applied to 3 files; nothing was run or loaded.\n"


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
        "::notice title=fossml check::Failures: 1 hard, 1 soft. 2 rules applied to 1 files; nothing was run or loaded.",
    ]


def test_rules_are_chosen_by_code_and_beginning(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    found = json.loads(check(tmp_path, "--json", "--select", "dep, PATH001", "--ignore", "DEP002").output)["findings"]
    assert {one["code"] for one in found} == {"DEP001", "DEP003", "PATH001"}


def test_an_unknown_code_is_an_error_that_names_the_rules(tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="there is no rule or item XYZ") as caught:
        check(tmp_path, "--select", "XYZ")
    assert caught.value.hint and "DEP001" in caught.value.hint
    with pytest.raises(FossmlError, match="DEPS002") as caught:
        check(tmp_path, "--ignore", "DEPS002")
    assert caught.value.hint == "did you mean 'DEP002'?"
    with pytest.raises(FossmlError, match="there is no rule or item DEP01") as caught:
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


def test_json_has_exactly_one_finding_for_each_item(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    found = json.loads(check(tmp_path, "--json").output)["findings"]
    items = [one["code"] for one in found if one["code"] in ITEMS]
    assert sorted(items) == sorted(ITEMS) and len(items) == 21


def test_a_letter_selects_a_group_of_items_and_no_rules(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    found = json.loads(check(tmp_path, "--json", "--select", "D,SEED", "--ignore", "D4").output)["findings"]
    assert {one["code"] for one in found} == {"D1", "D2", "D3", "D5", "SEED001"}


def test_explain_of_an_item_has_its_question_level_reason_and_rules() -> None:
    page = check("--explain", "D1").output
    assert page.startswith("D1: dependencies (soft)\n\nAre the dependencies declared?\n")
    assert "Why it is soft: replication stops without it" in page
    assert "Rules that look at it: DEP001, DEP002, DEP003" in page


LEVELS = '[requirements]\nPATH001 = "soft"\nLIC001 = "hard"\n'


def test_the_author_sets_levels_and_a_hard_one_decides_the_exit_code(tmp_path: Path) -> None:
    committed(tmp_path, BAD | {"fossml.toml": LEVELS})
    soft = check(tmp_path, "--select", "PATH")
    assert soft.exit_code == 0 and "[soft]" in soft.output
    assert "Levels set by the author: PATH001 is soft (fossml.toml:2)\n" in soft.output
    assert check(tmp_path, "--select", "LIC").exit_code == 1
    assert (
        check(tmp_path, "--select", "PATH", "--profile", "pineau").exit_code == 1
    )  # what the reader names goes before


WAIVE = """
[[requirements.waive]]
code = "PATH001"
paths = ["a.py"]
because = "the path is the subject of the study"
"""


def test_a_waiver_is_printed_with_its_reason_and_does_not_fail(tmp_path: Path) -> None:
    committed(tmp_path, BAD | {"b.py": BAD["a.py"], "fossml.toml": WAIVE})
    result = check(tmp_path, "--select", "PATH")
    assert result.exit_code == 1
    assert "PATH001 b.py:2" in result.output
    line = "  PATH001 (fossml.toml:2, 1 finding): the path is the subject of the study"
    assert f"Waived by the author:\n{line}" in result.output
    assert check(tmp_path, "--select", "PATH", "--profile", "pineau").output.count(line) == 1
    (tmp_path / "fossml.toml").write_text(WAIVE.replace('["a.py"]', '["?.py"]'))
    assert check(tmp_path, "--select", "PATH").exit_code == 0


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ('[requirements]\nPATHS001 = "soft"\n', "fossml.toml:2", "no rule or item 'PATHS001'", "'PATH001'"),
        ('[requirements]\nPATH001 = "loud"\n', "fossml.toml:2", "must be one of hard, soft", None),
        ('[requirements]\nlevel = "soft"\n', "fossml.toml:2", "unknown key 'level'", "D4"),
        ('[requirements]\nprofile = "pinau"\n', "fossml.toml:2", "no profile 'pinau'", "'pineau'"),
        ('[[requirements.waive]]\ncode = "D1"\n', "fossml.toml:1", "has no reason", "because"),
        ('[[requirements.waive]]\ncode = "D9"\nbecause = "x"\n', "fossml.toml:1", "no rule or item 'D9'", None),
        ('[requirements]\nwaive = "D1"\n', "fossml.toml:2", "two brackets", None),
        ('[requirement]\nD1 = "soft"\n', "fossml.toml:1", "unknown table", "'requirements'"),
    ],
)
def test_what_is_wrong_with_requirements_is_told_with_file_line_and_the_nearest_right_name(
    text: str, where: str, message: str, hint: str | None, tmp_path: Path
) -> None:
    committed(tmp_path, BAD | {"fossml.toml": text})
    with pytest.raises(FossmlError, match=message) as caught:
        check(tmp_path)
    assert caught.value.where == where
    assert hint is None or hint in (caught.value.hint or "")


def test_known_failures_of_a_baseline_are_counted_and_do_not_fail_and_new_ones_do(tmp_path: Path) -> None:
    committed(tmp_path / "r", BAD)
    file = tmp_path / "known.json"
    assert check(tmp_path / "r", "--baseline", file, "--write-baseline").exit_code == 0
    write(tmp_path / "r", {"a.py": "# moved down\n" + BAD["a.py"]})
    result = check(tmp_path / "r", "--baseline", file)
    assert result.exit_code == 0
    assert re.search(r"Failures: none.*; \d+ known from the baseline\.", result.output)
    write(tmp_path / "r", {"b.py": "y = '/home/anna/y.csv'\n"})
    result = check(tmp_path / "r", "--baseline", file)
    assert result.exit_code == 1 and "PATH001 b.py:1" in result.output and "a.py:3" not in result.output
    assert re.search(r"^  D5  known +results", result.output, re.M)
    found = json.loads(check(tmp_path / "r", "--baseline", file, "--json").output)["findings"]
    assert sum(one["code"] in ITEMS for one in found) == 21
    annotated = check(tmp_path / "r", "--baseline", file, "--format", "github").output
    assert re.findall(r"title=(\w+)::", annotated) == ["PATH001"]


def test_what_is_no_baseline_is_told(tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    (tmp_path / "known.json").write_text("[1]")
    with pytest.raises(FossmlError, match="is no baseline"):
        check(tmp_path, "--baseline", tmp_path / "known.json")
    with pytest.raises(FossmlError, match="No such file"):
        check(tmp_path, "--baseline", tmp_path / "none.json")


@pytest.mark.parametrize("name", FORMS)
def test_every_form_tells_the_verdict_or_the_results(name: str, tmp_path: Path) -> None:
    committed(tmp_path, BAD)
    result = check(tmp_path, "--format", name)
    assert result.exit_code == 1
    assert "PATH001" in result.output
    assert name == "sarif" or "nothing was run or loaded" in result.output


def test_the_steps_are_those_worth_most(tmp_path: Path) -> None:
    committed(tmp_path, BAD | {"key": "-----BEGIN RSA PRIVATE KEY-----\nx"})
    steps = check(tmp_path).output.partition("Next:\n")[2].splitlines()[:4]
    assert [step.split(":")[0] for step in steps[:2]] == ["  1. key", "  2. a.py"]
    assert "write requirements.txt" in steps[1]
    assert steps[3] == ""


def test_a_checklist_is_filled_in_as_markdown(tmp_path: Path) -> None:
    committed(tmp_path, GOOD)
    form = check(tmp_path, "--form", "pineau").output
    assert form.startswith("# ML Reproducibility Checklist v2.0\n")
    assert "**D1.** dependencies. Are the dependencies declared?\n\n- Answer: **yes**" in form
    assert check(tmp_path, "--form", "neurips").output.count("- Answer: ") == 16
    with pytest.raises(FossmlError, match="no profile 'icml'"):
        check(tmp_path, "--form", "icml")


def test_a_url_or_a_revision_is_checked_as_it_was_committed_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    committed(tmp_path / "repo", GOOD, BAD)
    for target in ((tmp_path / "repo").as_uri(), f"{tmp_path / 'repo'}@HEAD"):
        found = json.loads(check(target, "--json", "--select", "PATH,DATA,DEP001").stdout)["findings"]
        assert {one["code"]: one["status"] for one in found} == {
            "PATH001": "pass",
            "DEP001": "pass",
            "DATA001": "not applicable",
        }
        assert list((tmp_path / "cache" / "checkouts").glob("*/*")) == []
    with pytest.raises(FossmlError, match="a folder of yours"):
        check((tmp_path / "repo").as_uri(), "--fix", "--yes")
    with pytest.raises(FossmlError, match="is no folder here and no URL"):
        check(tmp_path / "none")


def test_what_is_no_file_under_the_name_of_the_configuration_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, BAD)
    os.mkfifo(tmp_path / "fossml.toml")  # reading it would never end
    assert check(tmp_path, "--select", "PATH").exit_code == 1
    (tmp_path / "fossml.toml").unlink()
    (tmp_path / "fossml.toml").write_text("#" * 2**21)
    with pytest.raises(FossmlError, match="too large") as caught:
        check(tmp_path)
    assert caught.value.where == "fossml.toml"


def test_what_belongs_to_a_repair_is_refused_without_one(tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="belong to --fix"):
        check(tmp_path, "--yes")


def test_pyproject_may_say_it_too(tmp_path: Path) -> None:
    text = WAIVE.replace("requirements", "tool.fossml.requirements")
    committed(tmp_path, BAD | {"pyproject.toml": '[tool.fossml.requirements]\nPATH001 = "soft"\n' + text})
    result = check(tmp_path, "--select", "PATH")
    assert result.exit_code == 0
    assert "PATH001 (pyproject.toml:4, 1 finding): the path is the subject of the study" in result.output
    (tmp_path / "pyproject.toml").write_text('[tool.fossml.requirements]\nPATHS1 = "soft"\n')
    with pytest.raises(FossmlError) as caught:
        check(tmp_path)
    assert caught.value.where == "pyproject.toml:2"
