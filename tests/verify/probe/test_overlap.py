"""Rows in training and test data: copies are told from rows that are alike by chance, whatever they are called."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from fossml.verify.probe.files import Files
from fossml.verify.probe.overlap import Overlap, overlaps
from fossml.verify.probe.sides import same_rows


def measured(rng: random.Random) -> str:
    return f"{rng.gauss(2, 1):.3f},{rng.gauss(5, 1):.3f},{rng.randrange(2)}"


def coarse(rng: random.Random) -> str:
    return f"{rng.randrange(4)},{rng.randrange(3)},{rng.randrange(2)}"


def table(lines: list[str], name: str) -> str:
    return "\n".join(["who,a,b,label", *(f"{name}{place:04},{line}" for place, line in enumerate(lines))]) + "\n"


def found(folder: Path, train: str, test: str, ending: str = "csv") -> Overlap:
    (folder / f"train.{ending}").write_text(train)
    (folder / f"test.{ending}").write_text(test)
    return overlaps(folder, [f"train.{ending}", f"test.{ending}"])[0]


@pytest.mark.parametrize(("copies", "telling"), [(30, True), (0, False)])
def test_copies_under_other_names_are_told_from_other_rows(copies: int, telling: bool, tmp_path: Path) -> None:
    rng = random.Random(3)
    train = [measured(rng) for _ in range(100)]
    test = [measured(rng) for _ in range(60)] + train[:copies]
    one = found(tmp_path, table(train, "C"), table(test, "K"))
    assert (one.telling, one.same, one.named) == (telling, copies, 1)


def test_copies_are_told_where_training_rows_are_there_twice_too(tmp_path: Path) -> None:
    rng = random.Random(4)
    rows = [measured(rng) for _ in range(100)] * 2
    rng.shuffle(rows)
    assert found(tmp_path, table(rows[:120], "C"), table(rows[120:], "K")).telling


def test_rows_of_few_values_are_alike_by_chance_whatever_they_are_called(tmp_path: Path) -> None:
    rng = random.Random(5)
    rows = [coarse(rng) for _ in range(200)]
    one = found(tmp_path, table(rows[:120], "C"), table(rows[120:], "K"))
    assert (one.same > 50, one.telling) == (True, False)


def test_values_of_one_digit_that_recur_are_no_copies(tmp_path: Path) -> None:
    rng = random.Random(6)
    rows = [f"{rng.gauss(5, 0.5):.1f},{rng.gauss(3, 0.4):.1f},{rng.randrange(2)}" for _ in range(300)]
    assert not found(tmp_path, table(rows[:200], "C"), table(rows[200:], "K")).telling


@pytest.mark.parametrize("shared", [True, False])
def test_texts_that_stand_in_both_are_copies(shared: bool, tmp_path: Path) -> None:
    rng = random.Random(7)
    texts = [" ".join(f"word{rng.randrange(40)}" for _ in range(8)) for _ in range(90)]
    lines = [json.dumps({"id": place, "text": text, "label": rng.choice("ab")}) for place, text in enumerate(texts)]
    again = [json.dumps({**json.loads(line), "id": 1000 + place}) for place, line in enumerate(lines[:20])]
    train, test = "\n".join(lines[:60]), "\n".join([*lines[60:], *(again if shared else ())])
    assert found(tmp_path, train, test, "jsonl").telling == shared


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind,size\nyew,3\noak,2\n", "rows that do not come out alike by chance (trees.csv)"),
        (
            "a,b\n" + "".join(f"{n * 7919 % 9001},{n * 104729 % 9973}\n" for n in range(50)),
            "no row of trees.csv is there",
        ),
    ],
)
def test_what_keeps_rows_from_being_told_apart_is_said(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "trees.csv").write_text(text)
    (only,) = same_rows("acc", Files(tmp_path, ("trees.csv",), ()))
    assert said in only.message
