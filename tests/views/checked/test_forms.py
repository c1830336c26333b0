"""Each form of a check says all that it should, and lets no text of a stranger steer what reads it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt
from sarif_pydantic import Sarif

from fossml.types import Evidence
from fossml.views.checked import document, github, markdown, sarif, terminal
from tests.views.checked.cases import checked, finding, hostile

KINDS = {"pass", "open", "informational", "notApplicable", "review", "fail"}


def results(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["runs"][0]["results"]
    return found


@pytest.mark.parametrize("made", [checked, hostile])
def test_sarif_is_read_by_a_model_of_the_standard(made: Any) -> None:
    log = Sarif.model_validate_json(sarif.text(made()))
    assert log.version == "2.1.0"
    assert log.runs[0].tool.driver.name == "fossml"
    assert len(log.runs[0].results or []) == 27


def test_sarif_keeps_what_the_standard_asks_between_kind_level_and_index() -> None:
    run = json.loads(sarif.text(checked()))["runs"][0]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    for one in run["results"]:
        assert one["kind"] in KINDS
        assert (one["kind"] == "fail") == (one["level"] != "none")  # 3.27.10
        assert rules[one["ruleIndex"]] == one["ruleId"] if "ruleIndex" in one else one["ruleId"] not in rules
        assert all(seen["physicalLocation"]["artifactLocation"]["uri"] == "src/a%20b.py" for seen in one["locations"])
    assert {one["baselineState"] for one in run["results"]} == {"new", "unchanged"}


def test_sarif_names_each_place_of_a_result_once() -> None:
    twice = Evidence("m.pkl", None, "imports os"), Evidence("m.pkl", None, "imports sys"), Evidence("a.py", 1, "x")
    one = replace(checked(), findings=(replace(finding("PKL001", "fail"), evidence=twice * 2),), items=(), known=())
    [result] = results(sarif.text(one))
    assert (len(result["locations"]), len(result["relatedLocations"])) == (1, 1)


def test_a_fingerprint_stays_when_a_line_moves() -> None:
    moved = replace(checked(), findings=(finding("DEP001", "fail", line=40),))
    before, after = (results(sarif.text(one))[0]["partialFingerprints"] for one in (checked(), moved))
    assert before == after


def test_json_has_the_findings_in_full_and_what_they_come_to() -> None:
    found = json.loads(document.text(checked()))
    assert len(found["findings"]) == 26
    assert found["findings"][0]["evidence"] == [{"path": "src/a b.py", "line": 3, "text": "x = 1"}]
    assert found["waived"] == [{"code": "PATH001", "because": "it is shown", "where": "fossml.toml:3", "count": 1}]
    assert (found["next"], found["exit_code"]) == (["do this", "then that"], 1)


def test_github_gets_one_command_a_line_whatever_the_text() -> None:
    for line in github.text(hostile()).splitlines():
        assert re.match(r"::(error|warning|notice) ", line)
        assert line.count("::error ") <= 1
    assert "::warning file=src/a b.py,title=DEP002::DEP002 is so" in github.text(checked())


def test_markdown_is_a_table_with_the_rest_folded_and_lets_nothing_through() -> None:
    text = markdown.text(checked())
    assert text.startswith("### ❌ Failures: 1 hard, 1 soft.\n")
    assert "| ✅ | A1 | what A1 asks | pass | `src/a b.py:3` A1 is so |" in text
    assert "- PATH001 (fossml.toml:3): it is shown" in text
    page = MarkdownIt("commonmark").enable("table").render(markdown.text(hostile()))
    assert not re.search(r"<script|<a href|@anna", re.sub(r"<code>.*?</code>", "", page))
    assert page.count("<tr>") == 22


def test_the_terminal_shows_what_fails_first_then_the_items_then_the_verdict() -> None:
    lines = re.sub(r"\x1b\[[\d;]*m", "", terminal.text(checked(), 80)).splitlines()
    assert lines[:3] == ["DEP001 src/a b.py:3 DEP001 is so", "  3 | x = 1", "  hint: mend it"]
    start = lines.index("A Standard:")
    assert lines[start + 1] == "  A1  pass            what A1 asks  src/a b.py:3  A1 is so"
    assert all(len(line) <= 80 for line in lines[start : start + 22])
    assert lines[-2:] == ["Open: code MIT.", "Failures: 1 hard, 1 soft."]
    assert "  PATH001 (fossml.toml:3, 1 finding): it is shown" in lines
    assert not any(line.startswith("DOC001") for line in lines)


def test_no_text_steers_the_terminal() -> None:
    shown = re.sub(r"\x1b\[[\d;]*m", "", terminal.text(hostile()))  # its own colours
    assert all(line.isprintable() for line in shown.split("\n"))
