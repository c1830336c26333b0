from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.compare.tables import _MATCHED
from tests.compare.files import compared

CELLS = st.text(alphabet="abc,\"' 19.", max_size=5)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12)


def table(rows: Sequence[tuple[str, ...]], header: tuple[str, ...] = ("x", "y", "z"), end: str = "\n") -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


@given(ROWS)
def test_a_table_beside_itself_is_the_same_bytes(rows: list[tuple[str, ...]]) -> None:
    assert compared("a.csv", table(rows), table(rows)).level == "bytes"


@given(ROWS, st.randoms(use_true_random=False))
def test_rows_in_another_order_are_normalised(rows: list[tuple[str, ...]], rng: random.Random) -> None:
    other = rng.sample(rows, len(rows))
    found = compared("a.csv", table(rows), table(other))
    assert found.level == ("bytes" if other == rows else "normalised")


@given(ROWS)
def test_columns_in_another_order_are_normalised(rows: list[tuple[str, ...]]) -> None:
    found = compared("a.csv", table(rows), table([row[::-1] for row in rows], ("z", "y", "x")))
    assert (found.level, "order of columns" in found.normalised) == ("normalised", True)


def test_line_ends_and_quotes_are_normalised() -> None:
    assert compared("a.csv", "x,y\n1,2\n", '"x","y"\r\n"1","2"\r\n').level == "normalised"


def test_the_row_the_column_and_the_distance_are_told() -> None:
    found = compared("a.csv", "id,score\na,0.5\nb,0.25\n", "id,score\na,0.5\nb,0.75\n")
    assert (found.level, found.count, found.of) == ("different", 1, 4)
    assert found.parts[0].where == "row 2, column score"
    assert found.gap is not None
    assert found.gap.absolute == 0.5


def test_rows_in_another_order_with_other_digits_are_matched_by_their_names() -> None:
    found = compared("a.csv", "id,s\na,0.5000000000000001\nb,0.25\n", "id,s\nb,0.25\na,0.5\n")
    assert found.level == "precision"
    assert found.normalised == ("order of rows (matched by id)",)
    assert found.parts[0].where == "row id=a, column s"


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("x\n0.95\n", "x\n0.951\n", "precision"),
        ("x\n0.951\n", "x\n0.952\n", "different"),
        ("x\n1.0\n", "x\n1\n", "normalised"),
        ("when\n2024-01-01\n", "when\n2025-02-02\n", "normalised"),
        ("fit_time\n1.5\n", "fit_time\n2.5\n", "normalised"),
        ("time\n1.5\n", "time\n2.5\n", "different"),
        ("x\n1\n", "x,y\n1,2\n", "different"),
        ("x\n1\n2\n", "x\n1\n", "different"),
        ("1,2\n3,4\n", "3,4\n1,2\n", "normalised"),
        ("1,2\n3,4\n", "3,4\n1,9\n", "different"),
    ],
)
def test_how_two_tables_compare(left: str, right: str, level: str) -> None:
    assert compared("a.csv", left, right).level == level


def test_added_rows_are_named_and_not_all_rows_after_them() -> None:
    rows = [(str(i), "a", "b") for i in range(20)]
    found = compared("a.csv", table(rows), table([*rows[:5], ("new", "a", "b"), *rows[5:]]))
    assert [part.where for part in found.parts] == ["rows", "row 6"]
    assert found.count == 2


def test_a_table_of_many_rows_is_compared_in_its_order() -> None:
    rows = [(str(i), str(i % 7), "b") for i in range(_MATCHED + 5)]
    other = [*rows[:-1], ("0", "0", "0")]
    found = compared("a.csv", table(rows), table(other))
    assert found.parts[0].where == f"row {len(rows)}, column x"
