from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fossml.types import Claim, Reading, Verdict, VerdictName
from fossml.verify.claims.judge import answers, best_of_about, exit_code, judge, off_by_hundred, outcome, settled
from fossml.verify.claims.parse import claim_from_options, parse_claim
from fossml.verify.claims.samples import Samples

SPREAD = (0.9330, 0.9410, 0.9375, 0.9465, 0.9470, 0.9355, 0.9440, 0.9390)


def of(*scores: float, same_bytes: bool = False) -> Samples:
    return Samples(tuple({"acc": score} for score in scores), same_bytes)


def claim(text: str = "0.953", reading: str | None = None, **more: Any) -> Claim:
    return claim_from_options("m.json:acc", text, reading=reading, **more)


def names(claim: Claim, samples: Samples) -> list[VerdictName]:
    return [verdict.name for verdict in judge(claim, samples)]


def test_an_untyped_claim_is_answered_in_every_reading() -> None:
    verdicts = judge(claim(), of(*SPREAD))
    assert [(str(v.reading), v.name) for v in verdicts] == [("one", "consistent"), ("mean", "not reproduced")]
    assert {v.runs for v in verdicts} == {8}
    assert {v.rung for v in verdicts} == {"L4"}


def test_a_typed_claim_is_answered_in_its_reading() -> None:
    assert [v.reading for v in judge(claim(reading="mean:5"), of(*SPREAD))] == [Reading("mean", 5)]


def test_nothing_is_settled_before_the_third_run() -> None:
    assert not settled(claim(), of())
    assert not settled(claim(), of(0.94))
    assert not settled(claim(), of(0.94, 0.95))
    assert settled(claim("0.5"), of(0.94, 0.941, 0.939))


def test_the_same_number_and_the_same_bytes_are_one_result() -> None:
    assert not settled(claim(), of(0.9494, 0.9494, same_bytes=True)), "two are equal by chance"
    twice = replace(of(0.9494, 0.9494, same_bytes=True), alike=1)
    assert settled(claim(), twice) and settled(claim(), of(0.9494, 0.9494, 0.9494, same_bytes=True))
    assert [(v.name, v.reading, v.rung) for v in judge(claim(), twice)] == [("not reproduced", Reading("exact"), "L3")]
    assert names(claim("0.949"), twice) == ["numeric"]
    assert names(claim("0.949", "mean:5"), twice) == ["numeric"]
    assert names(claim(">= 0.90"), twice) == ["better"]


def test_the_same_number_with_other_bytes_is_not_yet_one_result() -> None:
    assert not settled(claim(), of(0.9494, 0.9494))
    assert not of(0.9494, same_bytes=True).fixed


def test_the_best_epoch_on_the_test_data_is_never_shown() -> None:
    assert names(claim("0.949", "best-epoch"), of(0.949, 0.949, 0.949, same_bytes=True)) == ["inconclusive"]
    assert names(claim("0.5", "best-epoch"), of(0.949, 0.949, 0.949, same_bytes=True)) == ["not reproduced"]


def test_an_exact_claim_needs_one_run() -> None:
    assert settled(claim("0.949", "exact"), of(0.9494))
    assert names(claim("0.949", "exact"), of(0.9494)) == ["numeric"]


@pytest.mark.parametrize(
    ("text", "score", "factor"),
    [
        ("95.3", 0.941, "100 times"),
        ("95.3%", 94.1, "a hundredth of"),
        ("0.953", 94.1, "a hundredth of"),
        ("95.3", 94.1, ""),
        ("95.3%", 0.941, ""),
        ("95.3", 0.2, ""),
        ("1.2", 0.012, ""),
        ("0.953", 0.0, ""),
    ],
)
def test_per_cent_against_a_fraction_is_no_verdict(text: str, score: float, factor: str) -> None:
    assert off_by_hundred(claim(text), of(score)) == factor
    assert (names(claim(text), of(score)) == ["not evaluable"]) is bool(factor)


def test_the_way_out_of_per_cent_is_named() -> None:
    assert judge(claim("95.3"), of(0.94))[0].reason.endswith("Then claim 95.3%")
    assert judge(claim("95.3%"), of(94.0))[0].reason.endswith("Then claim 95.3")
    assert judge(claim("0.953"), of(94.0))[0].reason.endswith("Then claim 95.3")


@pytest.mark.parametrize(
    ("values", "name", "words"),
    [
        ({"a": 1.0, "b": 0.99, "c": 1.0}, "underspecified", "2 of 3 settings give 1.000 (a; c)"),
        ({"a": 1.0, "b": 1.0}, "numeric", "each of 2"),
        ({"a": 0.98, "b": 0.99}, "not reproduced", "none of 2 settings gives 1.000; they give 0.98 to 0.99"),
    ],
)
def test_several_settings_are_counted(values: dict[str, float], name: str, words: str) -> None:
    (verdict,) = judge(claim("1.000"), Samples((values,)))
    assert verdict.name == name
    assert words in verdict.reason
    assert settled(claim("1.000"), Samples((values,)))


def test_without_runs_a_claim_is_not_evaluable_and_says_why() -> None:
    (verdict,) = judge(claim(), Samples(), missing="no data", not_checked=("hardware",))
    assert (verdict.name, verdict.rung, verdict.runs, verdict.reason) == ("not evaluable", None, 0, "no data")
    assert verdict.not_checked == ("hardware",)


def test_a_spread_of_unsaid_kind_is_not_used() -> None:
    said, unsaid = claim("0.953", "mean:5", spread="0.03:sd"), claim("0.953", "mean:5", spread="0.03")
    assert answers(unsaid, of(*SPREAD)) == answers(claim("0.953", "mean:5"), of(*SPREAD))
    assert answers(said, of(*SPREAD)) != answers(unsaid, of(*SPREAD))


def test_the_best_of_how_many_looks_at_the_good_side() -> None:
    high, low = claim("0.953"), claim("<= 0.928")
    assert (best_of_about(high, of(*SPREAD)) or 0) > 5
    assert (best_of_about(low, of(*SPREAD)) or 0) > 5
    assert best_of_about(claim("0.928"), of(*SPREAD)) is None
    assert best_of_about(claim("0.953", "best:10"), of(*SPREAD)) is None
    assert best_of_about(high, of(0.9, 0.9, same_bytes=True)) is None


def test_of_a_loss_less_is_the_good_side() -> None:
    loss = claim_from_options("m.json:val_loss", "0.928")
    assert (best_of_about(loss, of(*SPREAD)) or 0) > 5
    assert best_of_about(claim_from_options("m.json:val_loss", "0.953"), of(*SPREAD)) is None
    assert best_of_about(claim_from_options("m.json:glossary", "0.928"), of(*SPREAD)) is None


def said(*verdicts: VerdictName, hard: bool = True) -> tuple[Verdict, ...]:
    a = Claim("a", "m", 1.0, "1", hard=hard)
    return tuple(Verdict(a, name, None, None, 1, "") for name in verdicts)


@pytest.mark.parametrize(
    ("verdicts", "result"),
    [
        (("consistent", "reproduced"), "holds"),
        (("not reproduced", "not reproduced"), "fails"),
        (("consistent", "not reproduced"), "unknown"),
        (("consistent", "inconclusive"), "unknown"),
        (("not evaluable",), "unknown"),
        (("underspecified",), "unknown"),
        ((), "unknown"),
    ],
)
def test_readings_add_up(verdicts: tuple[VerdictName, ...], result: str) -> None:
    assert outcome(said(*verdicts)) == result


def test_the_exit_code_puts_not_before_could_not_tell() -> None:
    good, bad, open_ = said("numeric"), said("not reproduced"), said("inconclusive")
    assert exit_code([good, good]) == 0
    assert exit_code([good, bad, open_]) == 1
    assert exit_code([good, open_]) == 3
    assert exit_code([]) == 3
    assert exit_code([good, said("not reproduced", hard=False)]) == 0


def test_settings_that_all_keep_a_bound_meet_it() -> None:
    bound = parse_claim({"id": "a", "metric": "m:a.*", "value": ">= 0.9"}, "x:1")
    assert judge(bound, Samples(({"one": 0.95, "two": 0.99},)))[0].name == "numeric"
    assert judge(bound, Samples(({"one": 0.95, "two": 0.80},)))[0].name == "underspecified"
    assert judge(bound, Samples(({"one": 0.80, "two": 0.70},)))[0].name == "not reproduced"
