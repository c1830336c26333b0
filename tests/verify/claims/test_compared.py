"""Claims about several methods, from their tables to a verdict on a project."""

from __future__ import annotations

from typing import Any

import pytest

from fossml.cli import main
from fossml.errors import FossmlError
from fossml.types import Claim, Reading
from fossml.verify.claims.compared import resolve
from fossml.verify.claims.judge import judge
from fossml.verify.claims.parse import parse_claim
from fossml.verify.claims.samples import Samples, less_is_better
from fossml.views.forest import forest
from fossml.views.report import Told
from fossml.views.sentence import Judged, sentence
from fossml.views.verdicts import claim_json
from tests.verify.projects import COUNTED, Paper, names

FAR = (0.95, 0.961, 0.953, 0.948, 0.957, 0.95)
LOW = (0.90, 0.911, 0.905, 0.894, 0.902, 0.901)


def claims(*tables: dict[str, Any]) -> tuple[Claim, ...]:
    return resolve([parse_claim(table, f"c.toml:{10 * place}") for place, table in enumerate(tables, 1)], "c.toml")


A: dict[str, Any] = {"id": "a", "metric": "m.json:a"}
B: dict[str, Any] = {"id": "b", "metric": "m.json:b", "value": "0.90"}


def of(scores: tuple[float, ...], *others: tuple[float, ...], same_bytes: bool = False) -> Samples:
    return Samples(tuple({"a": score} for score in scores), same_bytes, others)


def test_how_many_runs_are_behind_a_number_may_stand_on_its_own() -> None:
    assert [claims({**B, "reading": kind, "n": 5})[0].reading for kind in ("mean", "best", "mean:5")] == [
        Reading("mean", 5),
        Reading("best", 5),
        Reading("mean", 5),
    ]


@pytest.mark.parametrize(
    ("tables", "place", "message"),
    [
        ([{**B, "n": 5}], 1, "n = 5 does not go with no reading"),
        ([{**B, "n": 5, "reading": "one"}], 1, 'n = 5 does not go with reading = "one"'),
        ([{**B, "n": 5, "reading": "mean:3"}], 1, 'n = 5 does not go with reading = "mean:3"'),
        ([{**B, "n": 0, "reading": "mean"}], 1, "`n` of a claim must be a number of runs"),
        ([B, B], 2, "two claims have the id 'b'"),
        ([{**A, "better_than": "bb"}, B], 1, "'a' names a claim 'bb' that there is not"),
        ([{**A, "better_than": "a"}], 1, "'a' is compared with itself"),
        ([{"id": "o", "order": ["b", "a"]}, B, {**A, "better_than": "o"}], 3, "'o' is an order, with which nothing"),
        ([{"id": "o", "order": ["b"]}, B], 1, "`order` of a claim must be a list of two ids or more, none twice"),
        ([{"id": "o", "order": ["b", "b"]}, B], 1, "`order` of a claim must be a list of two ids or more, none twice"),
        ([{"id": "o", "order": ["b", "a"], "value": 1}, B], 1, "a claim about an order has no `value`"),
        ([{**A, "better_than": "b", "order": ["a", "b"]}, B], 1, "a claim takes one of `better_than` and `order`"),
        ([{**A, "value": 1, "by": "1"}], 1, "`by` goes with `better_than`"),
        ([{**A, "better_than": "b", "by": "a lot"}, B], 1, "`by` must be a difference as printed"),
        ([{**A, "better_than": "b", "by": "-1"}, B], 1, "`by` must be a difference as printed"),
        ([{**A, "better_than": 3}, B], 1, "`better_than` of a claim must be the id of another claim"),
        ([{**B, "better": "yes"}], 1, "`better` of a claim cannot be 'yes'"),
    ],
)
def test_what_cannot_be_compared_is_an_error_with_its_line(
    tables: list[dict[str, Any]], place: int, message: str
) -> None:
    with pytest.raises(FossmlError) as caught:
        claims(*tables)
    assert message in caught.value.message
    assert caught.value.where == f"c.toml:{10 * place}"


def test_the_nearest_id_is_named() -> None:
    with pytest.raises(FossmlError) as caught:
        claims({**A, "better_than": "baselin"}, {**B, "id": "baseline"})
    assert caught.value.hint == "did you mean 'baseline'?"


def test_an_order_is_measured_by_what_it_names_and_cells_are_counted() -> None:
    order, b, a = claims({"id": "o", "order": ["a", "b"]}, {**B, "table": "t"}, {**A, "value": 1, "table": "t"})
    assert (order.metric, order.others, b.cells, a.cells, order.cells) == ("m.json:a", ("a", "b"), 2, 2, 1)


def test_which_side_is_good_is_said_or_known_by_name() -> None:
    assert less_is_better(claims({**B, "metric": "m.json:val_loss"})[0])
    assert not less_is_better(claims({**B, "metric": "m.json:val_loss", "better": "more"})[0])
    assert less_is_better(claims({**B, "better": "less"})[0])


def test_better_than_another_is_judged_by_pairs() -> None:
    a, _ = claims({**A, "better_than": "b"}, B)
    (verdict,) = judge(a, of(FAR, LOW))
    assert (verdict.name, verdict.runs) == ("reproduced", 6)
    assert verdict.estimate is not None
    assert verdict.estimate.value == 1
    assert "a is better than b in 6 of 6 pairs of runs" in verdict.reason
    assert "Wilcoxon" in verdict.reason
    assert judge(a, of(LOW, FAR))[0].name == "not reproduced"


def test_of_a_loss_less_leads() -> None:
    a, _ = claims({**A, "better_than": "b", "better": "less"}, B)
    assert judge(a, of(LOW, FAR))[0].name == "reproduced"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"by": "0.05"}, "reproduced"),
        ({"by": "5 %"}, "reproduced"),
        ({"by": "0.020"}, "reproduced"),
        ({"by": "0.090"}, "direction only"),
        ({"value": "0.954"}, "reproduced"),
        ({"value": "0.990"}, "direction only"),
    ],
)
def test_a_lead_whose_numbers_do_not_hold_is_the_direction_only(more: dict[str, str], name: str) -> None:
    a, _ = claims({**A, "better_than": "b", "reading": "mean", **more}, B)
    assert judge(a, of(FAR, LOW))[0].name == name


def test_one_result_of_each_is_compared_as_it_is() -> None:
    a, _, order = claims({**A, "better_than": "b", "by": "0.05"}, B, {"id": "o", "order": ["a", "b"]})
    fixed = of((0.951,) * 3, (0.90,) * 3, same_bytes=True)
    assert judge(a, fixed)[0].name == "numeric"
    assert judge(a, of((0.96,) * 3, (0.90,) * 3, same_bytes=True))[0].name == "direction only"
    a, _ = claims({**A, "better_than": "b", "by": "5 %"}, B)
    assert judge(a, of((0.96,) * 3, (0.90,) * 3, same_bytes=True))[0].reason.startswith(
        "one result of each: 96 %, 90 %"
    )
    assert judge(a, of((0.90,) * 3, (0.90,) * 3, same_bytes=True))[0].name == "not reproduced"
    assert judge(order, of((0.95,) * 3, (0.95,) * 3, (0.90,) * 3, same_bytes=True))[0].name == "numeric"


def test_an_order_says_its_tau_and_its_first() -> None:
    order, *_ = claims({"id": "o", "order": ["a", "b"]}, {**A, "value": 1}, B)
    (verdict,) = judge(order, of(FAR, FAR, LOW))
    assert verdict.name == "reproduced"
    assert "Kendall's tau to the claimed order 1.00" in verdict.reason
    judged = Judged((verdict,), FAR)
    assert sentence(judged).startswith("a > b: reproduced: 6 runs of each put them a > b on average")
    claimed = claim_json(Told(judged, "holds"))["claimed"]
    assert (claimed["text"], claimed["value"], claimed["order"]) == ("a > b", None, ["a", "b"])
    assert "Claimed: a &gt; b." in forest(judged)


# A whole project: the baseline knows no seed, the method does.
TRAIN = COUNTED + (
    "seed = int(os.environ.get('SEED', 0))\n"
    "json.dump({'a': random.Random(seed).gauss(0.9, 0.01)}, open('m.json', 'w'))\n"
)
BASE = COUNTED + "json.dump({'b': 0.7}, open('b.json', 'w'))\n"
PIPELINE = """\
stages:
  train:
    cmd: python3 train.py
    deps: [train.py]
    metrics: [m.json]
  base:
    cmd: python3 base.py
    deps: [base.py]
    metrics: [b.json]
"""
TOML = """\
[seed]
env = "SEED"

[[claim]]
id = "ours"
metric = "m.json:a"
better_than = "base"

[[claim]]
id = "base"
metric = "b.json:b"
value = "0.7"

[[claim]]
id = "ranking"
order = ["ours", "base"]
"""


def test_a_project_is_compared_with_a_baseline_that_no_seed_reaches(paper: Paper) -> None:
    paper.save({"dvc.yaml": PIPELINE, "train.py": TRAIN, "base.py": BASE, "fossml.toml": TOML})
    verified = paper.verify("ranking", runs=4)
    assert [one.claim.id for one in verified.judged] == ["ours", "base", "ranking"]
    assert [names(one) for one in verified.judged] == [["reproduced"], ["numeric"], ["reproduced"]]
    assert verified.judged[0].verdicts[0].rung == "L4"


def test_the_table_in_the_terminal_shows_comparisons(
    paper: Paper, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paper.save({"dvc.yaml": PIPELINE, "train.py": TRAIN, "base.py": BASE, "fossml.toml": TOML})
    monkeypatch.chdir(paper.root)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(paper.cache / "home"))
    monkeypatch.setenv("COUNT", str(paper.cache / "count"))
    paper.cache.mkdir(exist_ok=True)
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--trust", "--runs", "4", "-q"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0, shown
    assert "ours better than base: reproduced: ours is better than base in" in shown


def test_one_result_on_the_good_side_of_a_bound_misses_nothing() -> None:
    bound, _ = claims({"id": "a", "metric": "m:a", "better_than": "b", "value": ">= 0.90"}, B)
    assert judge(bound, of((0.95,) * 3, (0.80,) * 3, same_bytes=True))[0].name == "numeric"
    assert judge(bound, of((0.85,) * 3, (0.80,) * 3, same_bytes=True))[0].name == "direction only"
