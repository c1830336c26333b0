from __future__ import annotations

import re

import pytest

from fossml.scan.prose import Prose


def kinds(text: str, path: str = "README.md") -> list[str]:
    return [line.kind for line in Prose(path, text).lines]


def test_headings_of_markdown_rst_html_and_bold_lines() -> None:
    text = "# A\none\n## B\ntwo\nC\n===\nthree\nD\n---\nfour\n<h2 align='center'>E</h2>\nfive\n**Fee**\nsix\n"
    found = {line.text: line.section for line in Prose("README.md", text).lines if line.kind == "text"}
    assert found["one"] == "A"
    assert found["two"] == "A / B"
    assert found["three"] == "C"
    assert found["four"] == "C / D"
    assert found["five"] == "C / E"
    assert found["six"] == "C / E / Fee"


def test_an_org_heading_begins_with_stars_and_a_markdown_item_does_not() -> None:
    assert kinds("* One\ntext\n", "README.org")[:2] == ["heading", "text"]
    assert kinds("* One\ntext\n")[:2] == ["text", "text"]


@pytest.mark.parametrize(
    "text",
    ["```\n# no heading\n```", "~~~\n# no heading\n~~~", "    # no heading", "#+BEGIN_SRC sh\n# no heading\n#+END_SRC"],
)
def test_code_is_code(text: str) -> None:
    assert set(kinds(text)) == {"code"}


def test_a_fence_on_one_line_opens_nothing() -> None:
    assert kinds("```pip install a```\nwords") == ["code", "text"]


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b\n--- | ---\n1 | 2",
        "<table>\n<tr>\n<td>1</td>\n</tr>\n</table>",
        "+---+---+\n| a | b |\n+---+---+",
        "===== =====\na     b\n===== =====",
    ],
)
def test_tables_end_where_they_end(text: str) -> None:
    found = kinds(f"{text}\n\nwords\n")
    number = text.count("\n") + 1
    assert set(found[:number]) == {"table"}
    assert found[number : number + 2] == ["blank", "text"]


def test_find_gives_each_line_once_with_its_number_and_only_of_the_kinds_asked_for() -> None:
    prose = Prose("README.md", "# bird bird\n\nbird and bird\n\n```\nbird\n```\n")
    bird = re.compile("bird")
    assert [one.line for one in prose.find(bird)] == [1, 3, 6]
    assert [(one.line, one.text) for one in prose.find(bird, "text")] == [(3, "bird and bird")]


def test_a_long_text_is_read_to_a_bound_and_lines_after_it_are_not_named() -> None:
    prose = Prose("README.md", "a\n" * 30_000 + "bird\n")
    assert len(prose.lines) == 20_000
    assert [one.text for one in prose.find(re.compile("bird"))] == []
