"""The report on a terminal: everything is on it, and nothing of it drives the terminal."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest

from fossml.views.plain import cells
from fossml.views.report import duration
from fossml.views.terminal import lines
from tests.views.reports import hostile, report


def plain(said: list[str]) -> list[str]:
    return click.unstyle("\n".join(said)).split("\n")


def test_each_claim_what_it_rests_on_what_was_left_out_and_what_was_not_checked() -> None:
    said = plain(lines(report()))
    assert said[0] == "forest   L4  not reproduced"
    assert said[-1] == "2 of 6 claims hold, 2 do not, 2 could not be told; 1 of these is soft."
    for line in (
        "Rungs: L3 rebuilt from nothing with what the author recorded; L4 rebuilt with fresh seeds; -- not measured.",
        "Outputs: 2 of 3 rebuilt with the same bytes as in dvc.lock.",
        "Seeds: 11, 23, 35, 47, 59. Stopped: no further run would change the answer.",
        "Price: 8 min 15 s in 6 runs, 8 min 02 s of it now.",
        "  train_large (large): about 24 h 00 min; left out: it does not fit into the budget",
        "ENV002  fail  requirements.txt: scikit-learn has no version",
        "  - other hardware and other versions of the packages",
    ):
        assert line in said, line


def test_sentences_are_wrapped_to_the_terminal() -> None:
    said = plain(lines(report(), 60))
    about = said[: said.index("")]
    assert max(cells(line) for line in about) < 60


@pytest.mark.parametrize("command", ["", "python train.py"])
def test_no_text_of_others_reaches_the_terminal_raw(command: str) -> None:
    said = "\n".join(plain(lines(replace(hostile(), command=command))))
    assert all(char.isprintable() or char == "\n" for char in said)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_a_time_is_as_precise_as_it_matters(seconds: float, said: str) -> None:
    assert duration(seconds) == said
