"""Numbers in the sentence that gives the reason: as many digits as tell, never a contradiction."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.stats import wording
from fossml.stats.intervals import ClaimedMean
from fossml.stats.sequential import decide
from fossml.stats.target import Target, claimed_mean, claimed_sd
from fossml.types import Reading


def test_bounds_get_digits_until_they_do_not_contradict() -> None:
    assert wording.bounds(0.9294, 0.95264, Target(0.953, 0.0005), 3) == "0.9294 to 0.9526"
    assert wording.bounds(0.9294, 0.95264, Target(0.95, 0.0005), 3) == "0.929 to 0.953"
    assert wording.bounds(0.9294, 0.95264, Target(0.953, 0.0005, percent=True), 3) == "92.94 to 95.26 %"


@given(st.floats(-10, 10), st.floats(0, 5), st.integers(-9999, 9999))
def test_bounds_say_on_which_side_the_claim_lies(low: float, width: float, thousandths: int) -> None:
    high, value = low + width, thousandths / 1000
    first, last = (float(part) for part in wording.bounds(low, high, Target(value, 0.0005), 3).split(" to "))
    assert (first <= value <= last) == (low <= value <= high)


@pytest.mark.parametrize(
    ("slack", "sd", "digits"), [(0.0005, 0.006, 3), (0.5, 0.006, 3), (0.005, 0.3, 2), (0.0, 0.0, 6)]
)
def test_digits_follow_the_claim_and_the_spread(slack: float, sd: float, digits: int) -> None:
    assert wording.digits(Target(1.0, slack), sd) == digits


def test_the_claim_is_shown_as_it_is_printed() -> None:
    assert wording.claimed(Target(0.95, 0.0005)) == "0.950"
    assert wording.claimed(Target(0.951234, 0.0)) == "0.951234"
    assert wording.claimed(Target(120.0, 0.5)) == "120"
    assert wording.claimed(Target(0.953, 0.0005, percent=True)) == "95.3 %"


@pytest.mark.parametrize(
    ("scores", "reading", "said"),
    [
        (
            (0.941, 0.952, 0.947),
            Reading("mean", 5),
            "3 runs gave 94.7 ± 0.6 %; 95.3 % as the mean of 5 runs lies inside 89.3 to 100.0 %, where it is expected",
        ),
        ((0.9521,), Reading("exact"), "The run gave 95.21 %: not the claimed 95.3 %."),
        ((0.9534,), Reading("exact"), "The run gave the claimed 95.3 %, at its printed precision."),
    ],
)
def test_what_is_claimed_in_per_cent_is_told_in_per_cent(
    scores: tuple[float, ...], reading: Reading, said: str
) -> None:
    assert decide(scores, Target(0.953, 0.0005, percent=True), reading).reason.startswith(said)


@pytest.mark.parametrize(("kind", "size"), [("sd", 0.01 * math.sqrt(10)), ("se", 0.01), ("ci95", 0.0226215716)])
def test_each_kind_of_spread_gives_the_standard_error_of_the_claim(kind: str, size: float) -> None:
    target = Target(0.95, 0.0, spread=size, spread_kind=kind)  # type: ignore[arg-type]
    claim = claimed_mean(target, Reading("mean", 10))
    assert claim.se == pytest.approx(0.01)
    assert (claim.n, claim.df) == (10, 9)
    assert claimed_sd(target, Reading("mean", 10)) == pytest.approx(0.01 * math.sqrt(10))


def test_a_spread_whose_meaning_is_not_known_is_not_guessed() -> None:
    assert claimed_mean(Target(0.95, 0.0, spread=0.01), Reading("mean", 10)) == ClaimedMean(10)
    se = Target(0.95, 0.0, spread=0.01, spread_kind="se")
    assert claimed_mean(se, Reading("mean")) == ClaimedMean(math.inf, 0.01, math.inf)
    assert claimed_sd(se, Reading("mean")) is None
    sd = Target(0.95, 0.0, spread=0.01, spread_kind="sd")
    assert claimed_mean(sd, Reading("mean")) == ClaimedMean()
    assert claimed_mean(sd, Reading("one")) == ClaimedMean(1)
