"""The report on a terminal: everything is on it, and nothing of it drives the terminal."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest

from fossml.types import Claim, Reading, Verdict
from fossml.views.plain import cells
from fossml.views.report import Told, duration
from fossml.views.sentence import Judged
from fossml.views.terminal import lines
from tests.views.reports import hostile, report


def plain(said: list[str]) -> list[str]:
    return click.unstyle("\n".join(said)).split("\n")


def test_each_claim_what_it_rests_on_what_was_left_out_and_what_was_not_checked() -> None:
    said = plain(lines(report()))
    assert said[0] == "3 of 7 claims hold, 2 do not, 2 could not be told. 1 of the others is soft and does not count."
    assert said[2] == "forest   L4  not reproduced"
    for line in (
        "Rungs: L3 rebuilt from nothing with what the author recorded; L4 rebuilt with fresh seeds; -- not measured.",
        "Outputs: 2 of 3 rebuilt with the same bytes as in dvc.lock.",
        "Seeds: 11, 23, 35, 47, 59. Stopped: no further run would change the answer.",
        "Price: 8 min 15 s in 6 runs, 8 min 02 s of it now.",
        "  train_large (large): about 24 h 00 min; left out: it does not fit into the budget",
        "ENV002  fail  requirements.txt",
        "      scikit-learn has no version",
        "      requirements.txt:3",
        "1 check found nothing wrong (CTL001): --verbose prints it.",
        "  - other hardware and other versions of the packages",
    ):
        assert line in said, line


def test_sentences_are_wrapped_to_the_terminal() -> None:
    said = plain(lines(report(), 60))
    about = said[: said.index("Not checked:")]
    texts = [line for line in about if not line.startswith(("Outputs", "Seeds", "  "))]
    assert len(texts) > 9
    assert max(cells(line) for line in texts) < 60


def test_no_line_ends_between_a_number_and_its_per_cent() -> None:
    for width in range(40, 100):
        assert not any(line.lstrip().startswith("%") for line in plain(lines(report(), width)))


def test_failures_come_before_what_could_not_be_told_and_what_is_well_is_told_on_request() -> None:
    said, whole = plain(lines(report())), plain(lines(report(), verbose=True))
    status = [line.split("  ")[1] for line in whole if line[:3] in ("ENV", "CTL", "DAT")]
    assert status == ["fail", "unknown", "pass"]
    assert "CTL001  pass  train" in whole and "CTL001  pass  train" not in said
    assert not any("--verbose" in line for line in whole)


def test_what_the_runs_gave_is_said_once_where_there_are_two_readings() -> None:
    one, mean = Claim("c", "m:a", 0.95, "0.95"), "3 runs gave 0.94 ± 0.01"
    verdicts = tuple(
        Verdict(one, "consistent", "L4", reading, 3, f"{mean}; 0.95 as {reading.kind} lies inside")
        for reading in (Reading("one"), Reading("mean"))
    )
    told = Told(Judged(verdicts, (0.93, 0.94, 0.95)), "holds")
    said = "\n".join(plain(lines(replace(report(), command="python train.py", claims=(told,)))))
    assert said.count(mean) == 1
    assert "  0.95 as mean lies inside" in said


def test_a_command_that_gave_no_number_is_told_without_what_else_was_not_checked() -> None:
    missing = Verdict(Claim("c", "m:a", 0.95, "0.95"), "not evaluable", None, None, 0, "it failed", not_checked=("x",))
    said = plain(lines(replace(report(), command="python train.py", claims=(Told(Judged((missing,)), "unknown"),))))
    assert "Not checked:" not in said


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
