from __future__ import annotations

from typing import Any, Literal

import pytest

from fossml.types import Claim, Estimate, Reading, Verdict, VerdictName
from fossml.views.sentence import Judged, outcomes, sentence

FIVE = (0.9330, 0.9410, 0.9365, 0.9462, 0.9473)
ONE = Estimate(0.9408, 0.922, 0.960, 5, "95 % interval of one run", 0.0063)


def claim(text: str = "0.953", value: float = 0.953, comparison: Literal["=", ">=", "<="] = "=") -> Claim:
    return Claim("acc", "m.json:acc", value, text, comparison=comparison)


def verdict(name: VerdictName, reading: Reading | None, of: Claim | None = None, **more: Any) -> Verdict:
    return Verdict(of or claim(), name, "L4", reading, 5, more.pop("reason", ""), more.pop("estimate", ONE), **more)


def test_the_sentence_people_quote() -> None:
    scores = (0.933, 0.941, 0.9375, 0.9465, 0.947)
    two = (verdict("consistent", Reading("one")), verdict("not reproduced", Reading("mean")))
    assert sentence(Judged(two, scores, best_of=25)) == (
        "5 seeds: 0.941 ± 0.006 (95 % interval of one run 0.922-0.960). 0.953 as one run: consistent. "
        "As a mean: not reproduced. It is what the best of about 25 seeds gives."
    )


def test_percent_stays_percent() -> None:
    of = claim("95.3 %", 0.953)
    two = (verdict("consistent", Reading("one"), of), verdict("inconclusive", Reading("mean"), of))
    assert sentence(Judged(two, FIVE)) == (
        "5 seeds: 94.1 ± 0.61 % (95 % interval of one run 92.2-96.0 %). 95.3 % as one run: consistent. "
        "As a mean: inconclusive."
    )


def test_without_a_seed_it_speaks_of_runs() -> None:
    said = sentence(Judged((verdict("consistent", Reading("one")),), FIVE, seeded=False, best_of=25))
    assert said.startswith("5 runs: 0.941")
    assert said.endswith("the best of about 25 runs gives.")


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading("mean", 5), "0.953 as the mean of 5: consistent."),
        (Reading("best", 10), "0.953 as the best of 10: consistent."),
        (Reading("best-epoch"), "0.953 as the best epoch: consistent."),
        (Reading("exact"), "0.953: consistent."),
    ],
)
def test_a_reading_that_was_said_is_named(reading: Reading, words: str) -> None:
    assert words in sentence(Judged((verdict("consistent", reading),), FIVE))


def test_the_interval_of_a_mean_is_called_so() -> None:
    assert "interval of the mean 0.922-0.960" in sentence(Judged((verdict("consistent", Reading("mean", 3)),), FIVE))


def test_a_seed_that_changes_nothing_is_said() -> None:
    fixed = (verdict("not reproduced", Reading("exact")),)
    assert sentence(Judged(fixed, (0.9494, 0.9494), same_bytes=True)) == (
        "2 seeds, one result: 0.9494 (the seed changes nothing: it is not used, or the result is deterministic). "
        "0.953: not reproduced."
    )
    assert "other bytes differ" in sentence(Judged(fixed, (0.9494, 0.9494)))
    assert "the result is deterministic)" in sentence(Judged(fixed, (0.9494, 0.9494), seeded=False, same_bytes=True))


def test_a_number_that_is_nearly_the_claim_does_not_look_equal() -> None:
    said = sentence(Judged((verdict("not reproduced", Reading("exact")),), (0.95361, 0.95361), same_bytes=True))
    assert "0.9536 (" in said


def test_one_or_two_runs_are_listed() -> None:
    none = (verdict("inconclusive", Reading("one"), estimate=None),)
    assert sentence(Judged(none, (0.94,))) == "1 seed: 0.940. 0.953 as one run: inconclusive."
    assert sentence(Judged(none, (0.94, 0.951))).startswith("2 seeds: 0.940, 0.951.")


def test_a_bound_is_not_rounded_across_the_claim() -> None:
    near = Estimate(0.96, 0.95304, 0.967, 5, "95 % interval of one run", 0.006)
    assert "0.95304-0.96700)" in sentence(Judged((verdict("consistent", Reading("one"), estimate=near),), FIVE))


def test_a_negative_bound_is_not_taken_for_a_range() -> None:
    wide = Estimate(0.0, -0.1, 0.1, 3, "95 % interval of one run", 0.04)
    assert "-0.100 to 0.100" in sentence(
        Judged((verdict("consistent", Reading("one"), estimate=wide),), (0.0, 0.04, -0.04))
    )


def test_at_least_is_said() -> None:
    of = claim("0.95", 0.95, ">=")
    assert "at least 0.95 as one run: better." in sentence(Judged((verdict("better", Reading("one"), of),), FIVE))


def test_what_could_not_be_evaluated_says_why() -> None:
    gone = (verdict("not evaluable", None, reason="m.json has no `acc`", estimate=None),)
    assert sentence(Judged(gone)) == "0.953: not evaluable: m.json has no `acc`."
    some = (verdict("underspecified", Reading("exact"), reason="2 of 9 settings give 0.953"),)
    assert sentence(Judged(some, FIVE)) == "0.953: underspecified: 2 of 9 settings give 0.953."


def test_a_number_beyond_the_best_of_very_many_is_said_so() -> None:
    said = sentence(Judged((verdict("not reproduced", Reading("one")),), FIVE, best_of=1000))
    assert said.endswith("It is beyond what the best of 1,000 seeds gives.")


def test_of_a_number_that_was_reproduced_it_is_not_asked_whose_best_it_is() -> None:
    assert "best of" not in sentence(Judged((verdict("reproduced", Reading("mean", 5)),), FIVE, best_of=4))


def test_a_best_of_two_is_not_worth_a_word() -> None:
    assert "best of" not in sentence(Judged((verdict("consistent", Reading("one")),), FIVE, best_of=2))


def test_several_claims_are_named() -> None:
    one = Judged((verdict("consistent", Reading("one")),), FIVE)
    assert outcomes([one])[0].startswith("5 seeds")
    assert [line[:5] for line in outcomes([one, one])] == ["acc: ", "acc: "]
