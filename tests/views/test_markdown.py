"""Markdown for a pull request: one row a claim, the rest folded, and no text of others that does anything."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from fossml.types import Claim, Finding, Reading, Verdict
from fossml.views.markdown import code, inert, markdown
from fossml.views.report import Told
from fossml.views.sentence import Judged
from tests.views.reports import hostile, report


def test_the_table_has_a_row_for_each_claim() -> None:
    lines = markdown(report()).splitlines()
    assert lines[0] == "### ❌ 3 of 7 claims hold, 2 do not, 2 could not be told"
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 1 + 7
    assert rows[1] == "| ❌ | forest | 0.953 | 0.9419 | 0.9381 to 0.9458 | not reproduced | L4 | 5 |"
    assert rows[7] == "| ✅ | ours | ours better than forest by 0.01 |  |  | reproduced | L4 | 5 |"
    assert rows[6] == "| ❔ | large | 0.99 |  |  | not evaluable (soft) |  | 0 |"


def test_details_open_and_close() -> None:
    said = markdown(report())
    assert said.count("<details>") == said.count("</details>") >= 5
    for word in ("other hardware and other versions", "requirements.txt:3", "fossml verify --runs 10", "11, 23, 35"):
        assert word in said, word


def test_why_is_said_once_and_what_asks_for_a_look_stands_first() -> None:
    one, mean = Claim("c", "m:a", 0.95, "0.95", table="table 2"), "3 runs gave 0.94 ± 0.01"
    verdicts = tuple(
        Verdict(one, "consistent", "L4", Reading(kind), 3, f"{mean}; 0.95 as {kind} lies inside")
        for kind in ("one", "mean")
    )
    other = replace(one, id="d", better_than="c")
    lead = Verdict(other, "reproduced", "L4", None, 3, "d is better than c in 3 of 3 pairs of runs")
    claims = (Told(Judged(verdicts, (0.93, 0.94, 0.95)), "holds"), Told(Judged((lead,)), "holds"))
    found = [Finding(status, status, "soft", "a", "said", (), "a hint") for status in ("pass", "unknown", "fail")]
    said = markdown(replace(report(), claims=claims, findings=tuple(found)))
    assert (said.count(mean), said.count("3 of 3 pairs")) == (1, 1)
    assert "table 2: 2 of 2 numbers hold." in said
    assert re.findall(r"^- (\w+) \w+, a: said(\. a hint)?", said, re.MULTILINE) == [
        ("fail", ". a hint"),
        ("unknown", ". a hint"),
        ("pass", ""),
    ]


def test_a_hostile_text_adds_no_cell_no_html_no_mention_and_no_link() -> None:
    said = markdown(hostile())
    rows = [line for line in said.splitlines() if line.startswith("| ✅")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [9]
    outside = re.sub(r"(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\[`<>|\[\]*_$&#~\\]", "", said))
    assert re.findall(r"<(?!!-- -->|/?details>|/?summary>)", outside) == []
    assert re.findall(r"@(?!<!-- -->)|[\[\]*_$]|:(?=//)|(?<![\w-])www(?=\.)", outside.replace("**", "")) == []


@settings(deadline=None)
@given(st.text())
def test_inert_text_loses_nothing(text: str) -> None:
    back = re.sub(r"\\([\\`*_\[\]<>|~&#$])", r"\1", inert(text).replace("<!-- -->", ""))
    assert unescape(back) is not None
    if text.isprintable() and "<!-- -->" not in text:
        assert back == text


@settings(deadline=None)
@given(st.text("a` \\", min_size=1))
def test_code_is_fenced_by_more_backticks_than_are_in_it(text: str) -> None:
    found = re.fullmatch(r"(`+)([^`].*[^`]|[^`])\1", code(text), re.S)
    assert found is not None
    assert found[1] not in re.findall("`+", found[2])
