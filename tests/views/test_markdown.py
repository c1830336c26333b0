"""Markdown for a pull request: one row a claim, the rest folded, and no text of others that does anything."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from fossml.views.markdown import code, inert, markdown
from tests.views.reports import hostile, report


def test_the_table_has_a_row_for_each_claim() -> None:
    lines = markdown(report()).splitlines()
    assert lines[0] == "### ❌ 2 of 6 claims hold, 2 do not, 2 could not be told"
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 1 + 6
    assert rows[1] == "| ❌ | forest | 0.953 | 0.9419 | 0.9381 to 0.9458 | not reproduced | L4 | 5 |"
    assert rows[6] == "| ❔ | large | 0.99 |  |  | not evaluable (soft) |  | 0 |"


def test_details_open_and_close() -> None:
    said = markdown(report())
    assert said.count("<details>") == said.count("</details>") >= 5
    for word in ("other hardware and other versions", "requirements.txt:3", "fossml verify --runs 10", "11, 23, 35"):
        assert word in said, word


def test_a_hostile_text_adds_no_cell_no_html_no_mention_and_no_link() -> None:
    said = markdown(hostile())
    rows = [line for line in said.splitlines() if line.startswith("| ✅")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [9]
    outside = re.sub(r"(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\[`<>|\[\]*_$&#~\\]", "", said))
    assert re.findall(r"<(?!!-- -->|/?details>|/?summary>)", outside) == []
    assert re.findall(r"@(?!<!-- -->)|[\[\]*_$]|:(?=//)|(?<![\w-])www(?=\.)", outside.replace("**", "")) == []


@given(st.text())
def test_inert_text_loses_nothing(text: str) -> None:
    back = re.sub(r"\\([\\`*_\[\]<>|~&#$])", r"\1", inert(text).replace("<!-- -->", ""))
    assert unescape(back) is not None
    if text.isprintable() and "<!-- -->" not in text:
        assert back == text


@given(st.text("a` \\", min_size=1))
def test_code_is_fenced_by_more_backticks_than_are_in_it(text: str) -> None:
    found = re.fullmatch(r"(`+)([^`].*[^`]|[^`])\1", code(text), re.S)
    assert found is not None
    assert found[1] not in re.findall("`+", found[2])
