from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.files import compared

LINES = st.lists(st.text(alphabet="ab 12.\t", max_size=6), max_size=12)


@given(LINES)
def test_a_text_beside_itself_is_the_same_bytes_and_line_ends_do_not_count(lines: list[str]) -> None:
    text = "".join(line + "\n" for line in lines)
    assert compared("log.txt", text, text).level == "bytes"
    assert compared("log.txt", text, text.replace("\n", "\r\n")).level == ("normalised" if lines else "bytes")


@pytest.mark.parametrize(
    ("left", "right", "note"),
    [
        ("2024-01-02 03:04:05,123 start", "2025-11-30 13:14:15,999 start", "timestamps"),
        ("2024-01-02T03:04:05.1Z start", "2025-11-30T13:14:15+01:00 start", "timestamps"),
        ("[12:00:01] start", "[13:59:01] start", "timestamps"),
        ("Tue Jan  2 03:04:05 2024 x", "Wed Jan  3 13:04:05 2024 x", "timestamps"),
        ("took 12.5 s", "took 99 s", "durations"),
        ("epoch 1: 3.2s/it", "epoch 1: 4.2s/it", "durations"),
        ("100%|###| 10/10 [00:01<00:00, 9.5it/s]", "100%|###| 10/10 [00:03<00:00, 3.1it/s]", "durations"),
        ("read /home/a/work/x.csv", "read /srv/b/x.csv", "absolute paths"),
        ("<Model object at 0x7f0011223344>", "<Model object at 0x7faabbccdde0>", "addresses in memory"),
        ("worker pid=123 ready", "worker pid=9 ready", "process numbers"),
    ],
)
def test_what_belongs_to_the_moment_and_the_machine_is_left_aside(left: str, right: str, note: str) -> None:
    found = compared("log.txt", left, right)
    assert (found.level, found.normalised) == ("normalised", (note,))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("accuracy 0.95", "accuracy 0.94"),
        ("read /a/b/x.csv", "read /a/b/y.csv"),
        ("12 rows", "13 rows"),
        ("version 1.2.3", "version 1.2.4"),
        ("ratio 1/2", "ratio 1/3"),
        ("acc 0.95 at 2024-01-02", "acc 0.90 at 2025-01-02"),
    ],
)
def test_what_is_a_result_is_different(left: str, right: str) -> None:
    found = compared("log.txt", left, right)
    assert (found.level, found.parts[0].where) == ("different", "line 1")


def test_numbers_in_a_line_are_compared_as_printed() -> None:
    found = compared("log.txt", "loss 0.123 acc 0.95\n", "loss 0.1234 acc 0.95\n")
    assert found.level == "precision"


def test_an_added_line_does_not_move_the_others() -> None:
    lines = [f"line {word}" for word in "abcdefgh"]
    found = compared("log.txt", "\n".join(lines), "\n".join([*lines[:2], "warning: new", *lines[2:]]))
    assert found.count == 1
    assert found.parts[0].right == "warning: new"


def test_no_control_character_of_a_file_gets_into_what_is_told() -> None:
    found = compared("log.txt", "a\x1b[2Jb", "a\x1b[2Jc")
    assert all((part.left or "").isprintable() for part in found.parts)


def test_bytes_of_no_known_form_are_told_by_the_first_that_differs() -> None:
    found = compared("x.bin", b"\0\1\2\3", b"\0\1\7\3")
    assert (found.level, found.form, found.parts[0].where) == ("different", "bytes", "byte 2")
