"""Text of others, harmless: names, output with escape sequences, progress bars, wide characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.views.plain import cells, cut, harmless, last_line, newest, visible

ANY = st.text(st.characters(exclude_categories=[]))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name", "plain name"),
        ("日本語 ü", "日本語 ü"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("two\nlines\ttab\r", "two\\nlines\\ttab\\r"),
        ("\u202eexe.txt", "\\u202eexe.txt"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\\xe9"),
        ("\x9b5A", "\\x9b5A"),
        ("a\u00a0b\u2028c", "a b c"),
    ],
)
def test_a_name_shows_what_cannot_be_printed(name: str, shown: str) -> None:
    assert visible(name) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;ZXZpbA==", ""),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1b(Bascii\x1bM\x1b7", "ascii"),
        ("\x9b2Jgone", "gone"),
        ("half\x1b[3", "half"),
        ("half\x1b", "half"),
        ("12\b\b34\a", "1234"),
        ("a\tb", "a       b"),
        ("nul\x00", "nul\\x00"),
    ],
)
def test_output_loses_its_escape_sequences(line: str, shown: str) -> None:
    assert harmless(line) == shown


@given(ANY)
def test_nothing_that_drives_a_terminal_comes_through(text: str) -> None:
    for made in (visible(text), harmless(text), newest(text), last_line(text)):
        assert made.isprintable()


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("one\ntwo\n", "two"),
        ("one\n\n  \n", "one"),
        ("one\r\n", "one"),
        ("\r  0%|     | 0/9\r 50%|##   | 4/9", "50%|##   | 4/9"),
        ("done\r100%|#####| 9/9\n\r        \r", "100%|#####| 9/9"),
        ("bar 1\n\rbar 2\x1b[A\rbar 1 again", "bar 1 again"),
        ("", ""),
    ],
)
def test_the_last_line_is_the_newest_segment_that_is_not_blank(output: str, shown: str) -> None:
    assert last_line(output) == shown


@pytest.mark.parametrize(
    ("text", "width", "middle", "shown"),
    [
        ("abcdef", 6, False, "abcdef"),
        ("abcdef", 5, False, "abcd…"),
        ("abcdef", 5, True, "ab…ef"),
        ("日本語", 4, False, "日…"),
        ("日本語", 5, True, "日…語"),
        ("e\u0301" * 4, 4, False, "e\u0301" * 4),
        ("abc", 1, True, "…"),
        ("abc", 0, False, ""),
    ],
)
def test_a_text_is_cut_to_columns(text: str, width: int, middle: bool, shown: str) -> None:
    assert cut(text, width, middle=middle) == shown


@given(ANY.map(visible), st.integers(-1, 20), st.booleans())
def test_what_was_cut_fits(text: str, width: int, middle: bool) -> None:
    assert cells(cut(text, width, middle=middle)) <= max(0, width)
