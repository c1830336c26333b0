from __future__ import annotations

import pytest

from fossml.errors import FossmlError
from fossml.types import Reading
from fossml.verify.claims.parse import claim_from_options, parse_claim, parse_reading, slack

METRIC = "m.json:acc"


def test_a_claim_is_read_as_it_is_printed() -> None:
    claim = claim_from_options(METRIC, "95.3 %")
    assert (claim.value, claim.text, claim.comparison, claim.reading) == (0.953, "95.3 %", "=", None)
    assert slack(claim) == pytest.approx(0.0005)


@pytest.mark.parametrize(("text", "sign"), [(">= 0.95", ">="), ("≤0.95", "<="), ("=0.95", "="), ("0.95", "=")])
def test_a_sign_in_front_is_the_comparison(text: str, sign: str) -> None:
    claim = claim_from_options(METRIC, text)
    assert (claim.value, claim.text, claim.comparison) == (0.95, "0.95", sign)


@pytest.mark.parametrize("text", ["0.953 ± 0.006", "0.953+-0.006", "0.953 +/- 0.006"])
def test_a_spread_behind_is_kept_and_its_kind_not_guessed(text: str) -> None:
    claim = claim_from_options(METRIC, text)
    assert (claim.value, claim.text, claim.spread, claim.spread_kind) == (0.953, "0.953", 0.006, None)


@pytest.mark.parametrize("text", ["81.0 ± 0.5 %", "(81.0 ± 0.5)%", "81.0% ± 0.5%", "81.0% ± 0.5", "81.0 +/- 0.5%"])
def test_one_percent_sign_is_of_the_number_and_of_its_spread(text: str) -> None:
    claim = claim_from_options(METRIC, text)
    assert (claim.value, claim.text) == (0.81, "81.0%")
    assert claim.spread == pytest.approx(0.005)


def test_a_spread_with_its_kind_counts() -> None:
    claim = claim_from_options(METRIC, "95.3%", spread="0.6%:sd")
    assert (claim.spread, claim.spread_kind) == (0.006, "sd")


@pytest.mark.parametrize("text", ["0,953", "good", ""])
def test_what_is_no_number_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(FossmlError) as error:
        claim_from_options(METRIC, text)
    assert "0.953" in (error.value.hint or "")


def test_an_unknown_kind_of_spread_is_refused() -> None:
    with pytest.raises(FossmlError, match="kind of spread"):
        claim_from_options(METRIC, "0.9", spread="0.1:iqr")


@pytest.mark.parametrize("text", ["one", "mean:5", "best:10", "best-epoch", "exact", "mean"])
def test_readings_are_read_and_written_alike(text: str) -> None:
    assert str(parse_reading(text, "x")) == text


@pytest.mark.parametrize("text", ["two", "mean:0", "mean:x", "one:3", "best", "best:", ""])
def test_other_readings_are_refused(text: str) -> None:
    with pytest.raises(FossmlError):
        parse_reading(text, "x")


def table(**more: object) -> dict[str, object]:
    return {"id": "lda", "metric": METRIC, "value": "98.9 %", **more}


def test_a_table_becomes_a_claim() -> None:
    claim = parse_claim(
        table(
            statement="LDA reaches 98.9 %",
            where="table 1",
            reading="mean:5",
            comparison=">=",
            margin=0.005,
            spread="1 %",
            spread_kind="se",
            level="soft",
            reason="other wine",
        ),
        "fossml.toml:12",
    )
    assert (claim.id, claim.value, claim.text, claim.reading) == ("lda", 0.989, "98.9 %", Reading("mean", 5))
    assert (claim.comparison, claim.margin, claim.spread, claim.spread_kind) == (">=", 0.005, 0.01, "se")
    assert (claim.hard, claim.reason, claim.where, claim.line) == (False, "other wine", "table 1", 12)


def test_a_number_in_toml_has_the_digits_that_it_shows() -> None:
    assert parse_claim(table(value=0.95), "f:1").text == "0.95"
    assert slack(parse_claim(table(value=12), "f:1")) == 0.5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metrik": "x"}, "metrik"),
        ({"id": ""}, "needs `id`"),
        ({"metric": 3}, "metric"),
        ({"value": True}, "value"),
        ({"value": None}, "value"),
        ({"comparison": ">"}, "comparison"),
        ({"spread_kind": "iqr"}, "spread_kind"),
        ({"level": "firm"}, "level"),
        ({"margin": -1}, "margin"),
        ({"reading": "twice"}, "twice"),
        ({"metric": "m.json"}, "m.json"),
    ],
)
def test_an_error_in_a_table_says_where(change: dict[str, object], said: str) -> None:
    with pytest.raises(FossmlError, match=said) as error:
        parse_claim(table(**change), "fossml.toml:12")
    assert error.value.where == "fossml.toml:12"


def test_a_misspelt_key_is_told_the_right_one() -> None:
    with pytest.raises(FossmlError) as error:
        parse_claim(table(metrics="x"), "f:1")
    assert error.value.hint == "did you mean `metric`?"


@pytest.mark.parametrize("more", [{"margin": float("nan")}, {"margin": float("inf")}, {"spread": float("nan")}])
def test_a_length_that_is_no_number_is_refused_before_anything_runs(more: dict[str, float]) -> None:
    with pytest.raises(FossmlError, match="not negative"):
        parse_claim({"id": "a", "metric": "m:a", "value": 0.9, **more}, "x:1")
    with pytest.raises(FossmlError, match="no margin"):
        claim_from_options("stdout:a", "0.9", margin=float("nan"))


def test_points_beside_a_percentage_are_not_taken_as_a_fraction() -> None:
    table = {"id": "a", "metric": "m:a", "value": "95.3 %"}
    for name in ("margin", "spread"):
        with pytest.raises(FossmlError, match=r"0\.5 beside 95\.3 %") as caught:
            parse_claim({**table, name: 0.5}, "x:1")
        assert "0.5 %" in (caught.value.hint or "")
    assert parse_claim({**table, "margin": "0.5 %"}, "x:1").margin == 0.005
    assert parse_claim({**table, "margin": 0.005}, "x:1").margin == 0.005
    with pytest.raises(FossmlError, match="beside"):
        claim_from_options("stdout:a", "95.3%", spread="0.6:sd")
