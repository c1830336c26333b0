"""The claims of a project in a table: verdict first, then what it rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fossml.types import Claim, Finding, Reading, Verdict, VerdictName
from fossml.views.report import Outcome, Told
from fossml.views.sentence import Judged, sentence
from fossml.views.table import by_need, headline, rows, soft_note, tables

CLAIM = Claim("acc", "m.json:acc", 0.75, "0.75")


def judged(*verdicts: tuple[VerdictName, Reading | None], claim: Claim = CLAIM, rung: bool = True) -> Judged:
    made = (Verdict(claim, name, "L3" if rung else None, reading, 1, "no number") for name, reading in verdicts)
    return Judged(tuple(made), (0.75,) if rung else (), seeded=False)


def test_a_row_carries_the_verdict_the_rung_and_the_sentence() -> None:
    one = judged(("numeric", Reading("exact")))
    (row,) = rows([Told(one, "holds")])
    assert (row.id, row.verdict, row.rung, row.outcome, row.soft) == ("acc", "numeric", "L3", "holds", "")
    assert row.sentence == sentence(one)


def test_verdicts_that_differ_by_reading_are_all_named() -> None:
    two = judged(("consistent", Reading("one")), ("not reproduced", Reading("mean", 5)))
    assert rows([Told(two, "unknown")])[0].verdict == "one: consistent, mean: not reproduced"


def test_verdicts_that_agree_are_named_once() -> None:
    two = judged(("consistent", Reading("one")), ("consistent", Reading("mean")))
    assert rows([Told(two, "holds")])[0].verdict == "consistent"


def test_what_was_not_measured_stands_on_no_rung() -> None:
    assert rows([Told(judged(("not evaluable", None), rung=False), "unknown")])[0].rung == "--"


@pytest.mark.parametrize(
    ("reason", "said"), [("one setting of many", "one setting of many"), ("", "soft: no reason is given")]
)
def test_a_soft_claim_says_why_it_does_not_count(reason: str, said: str) -> None:
    soft = replace(CLAIM, hard=False, reason=reason)
    assert rows([Told(judged(("not reproduced", None), claim=soft), "fails")])[0].soft == said


def test_the_reason_of_a_hard_claim_is_not_taken_for_an_excuse() -> None:
    hard = replace(CLAIM, reason="see section 3")
    assert rows([Told(judged(("numeric", None), claim=hard), "holds")])[0].soft == ""


def test_rows_keep_the_order_of_the_claims() -> None:
    claims = [replace(CLAIM, id=name) for name in ("z", "a", "m")]
    outcomes: list[Outcome] = ["holds", "fails", "unknown"]
    told = [Told(judged(("numeric", None), claim=c), one) for c, one in zip(claims, outcomes, strict=True)]
    table = rows(told)
    assert [(row.id, row.outcome) for row in table] == [("z", "holds"), ("a", "fails"), ("m", "unknown")]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["holds"], "The claim holds"),
        (["fails"], "The claim does not hold"),
        (["unknown"], "The claim could not be told"),
        (["holds", "holds"], "2 of 2 claims hold"),
        (["holds", "fails"], "1 of 2 claims holds, 1 does not"),
        (["fails", "fails"], "0 of 2 claims hold, 2 do not"),
        (["holds", "unknown", "fails", "holds"], "2 of 4 claims hold, 1 does not, 1 could not be told"),
        (["unknown", "unknown"], "0 of 2 claims hold, 2 could not be told"),
    ],
)
def test_the_headline_counts_every_outcome(outcomes: list[Outcome], said: str) -> None:
    assert headline(outcomes) == said


@pytest.mark.parametrize(
    ("outcomes", "soft", "said"),
    [
        (["holds", "fails"], (), ""),
        (["holds", "fails"], (1,), "The other one is soft and does not count."),
        (["holds", "fails", "unknown"], (1, 2), "The 2 others are soft and do not count."),
        (["holds", "fails", "unknown"], (0, 2), "1 of the others is soft and does not count."),
        (["fails"], (0,), "It is soft and does not count."),
    ],
)
def test_it_is_said_how_many_of_those_that_do_not_hold_are_soft(
    outcomes: list[Outcome], soft: tuple[int, ...], said: str
) -> None:
    claims = [Claim(f"c{place}", "m:a", 1.0, "1", hard=place not in soft) for place in range(len(outcomes))]
    found = [
        (Verdict(claim, "numeric", "L3", None, 1, ""), outcome) for claim, outcome in zip(claims, outcomes, strict=True)
    ]
    assert soft_note([Told(Judged((one,)), outcome) for one, outcome in found]) == said


def test_each_table_has_an_answer_of_its_own() -> None:
    found: list[tuple[str, Outcome]] = [
        ("table 2", "holds"),
        ("table 2", "fails"),
        ("table 2", "unknown"),
        ("table 3", "holds"),
        ("", "holds"),
        ("", "holds"),
    ]
    one = judged(("consistent", None))
    cells = [
        Told(replace(one, verdicts=(replace(one.verdicts[0], claim=replace(CLAIM, table=table)),)), outcome)
        for table, outcome in found
    ]
    assert tables(cells) == ["table 2: 1 of 3 numbers holds, 1 does not, 1 could not be told"]


def test_what_asks_for_a_look_comes_with_failures_first() -> None:
    found = [Finding(status, status, "soft", "a", "b") for status in ("unknown", "pass", "fail", "not applicable")]
    shown, well = by_need(found)
    assert [one.status for one in (*shown, *well)] == ["fail", "unknown", "pass", "not applicable"]
