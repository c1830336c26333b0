"""The claims of a project, rebuilt from nothing and, where a seed reaches them, with fresh seeds."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from fossml.cli import main
from fossml.errors import FossmlError
from fossml.project.declared import read_project
from fossml.verify.claims.judge import exit_code
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.command.record import alone
from fossml.verify.project.done import Done
from fossml.verify.project.flow import verify_project
from fossml.verify.project.verified import Verified
from fossml.verify.rebuild.budget import Check, Plan
from fossml.verify.rebuild.targets import read_targets
from tests.verify.projects import CLAIM, COUNTED, PIPELINE, TRAIN, Paper, names

DRAWN = COUNTED + (
    "seed = {seed}\n"
    "accuracy = random.Random(seed).gauss(0.75, 0.01) if seed else 0.75\n"
    'json.dump({{"acc": accuracy, "fixed": 0.5}}, open("m.json", "w"))\n'
)
TWO = (
    PIPELINE
    + """\
  other:
    cmd: python3 other.py
    deps: [other.py]
    metrics:
    - other.json:
        cache: false
"""
)
OTHER = COUNTED + 'json.dump({"n": 3}, open("other.json", "w"))\n'
OTHER_CLAIM = '[[claim]]\nid = "other"\nmetric = "other.json:n"\nvalue = 3\nreading = "exact"\n'


def verdict(verified: Verified, place: int = 0) -> list[str]:
    return names(verified.judged[place])


def code(verified: Verified) -> int:
    return exit_code([one.verdicts for one in verified.judged])


def claim(**keys: str) -> str:
    return "[[claim]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())


@pytest.mark.parametrize(
    ("value", "said", "exits"), [("0.75", "numeric", 0), ("0.8", "numeric", 0), ("0.76", "not reproduced", 1)]
)
def test_a_number_is_equal_at_its_printed_precision_or_not(value: str, said: str, exits: int, paper: Paper) -> None:
    paper.save({"fossml.toml": CLAIM.replace("0.75", value)})
    verified = paper.verify()
    assert (verdict(verified), code(verified)) == ([said], exits)
    only = verified.judged[0].verdicts[0]
    assert (only.rung, only.runs, verified.measurement) == ("L3", 1, None)


@pytest.mark.parametrize(
    ("value", "exits"), [("75 %", 0), ("74 %", 1), (">= 0.7", 0), (">= 0.80", 1), ("<= 0.80", 0), ("0.750", 0)]
)
def test_a_claim_is_read_as_it_is_printed(value: str, exits: int, paper: Paper) -> None:
    paper.save({"fossml.toml": CLAIM.replace("0.75", value)})
    assert code(paper.verify()) == exits


def test_a_soft_claim_does_not_decide(paper: Paper) -> None:
    paper.save({"fossml.toml": CLAIM.replace("0.75", "0.9") + 'level = "soft"\n'})
    verified = paper.verify()
    assert (verdict(verified), code(verified)) == (["not reproduced"], 0)


@pytest.mark.parametrize(("value", "said", "exits"), [("0.75", "underspecified", 3), ("0.9", "not reproduced", 1)])
def test_a_claim_about_one_of_many_settings_does_not_say_which(value: str, said: str, exits: int, paper: Paper) -> None:
    train = TRAIN.replace('{"acc": float(open("data.txt").read())}', '{"by": {"a": 0.75, "b": 0.5}}')
    toml = claim(id="best", metric="m.json:by.*", value=value, reading="exact")
    paper.save({"train.py": train, "fossml.toml": toml})
    verified = paper.verify()
    assert (verdict(verified), code(verified)) == ([said], exits)


def test_a_metric_that_the_stage_does_not_write_is_not_evaluable(paper: Paper) -> None:
    paper.save({"fossml.toml": CLAIM.replace("m.json:acc", "m.json:accuracy")})
    verified = paper.verify()
    assert (verdict(verified), code(verified)) == (["not evaluable"], 3)
    assert "accuracy" in verified.judged[0].verdicts[0].reason


def test_a_failed_stage_is_not_evaluable_with_its_last_words(paper: Paper) -> None:
    paper.save({"train.py": COUNTED + "raise SystemExit('needs a GPU')"})
    verified = paper.verify()
    assert (verdict(verified), code(verified)) == (["not evaluable"], 3)
    assert verified.judged[0].verdicts[0].reason == (
        "stage train failed: its command ended with exit code 1; needs a GPU"
    )


# How a seed gets into train.py -> what its script says, what fossml.toml says.
ROUTES = {
    "param": ('int(open("params.yaml").read().split()[1])', 'param = "params.yaml:seed"'),
    "env": ('int(os.environ.get("SEED", 0))', 'env = "SEED"'),
    "flag": ("int(sys.argv[2]) if len(sys.argv) > 2 else 0", 'flag = "--seed"'),
}


def seeded(paper: Paper, route: str, *, reaches: bool = True, reading: str = "mean") -> None:
    """One stage whose number moves with a seed that comes by `route`, or does not."""
    said, how = ROUTES[route]
    params = "    params: [seed]\n" if route == "param" and reaches else ""
    pipeline = f"stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n{params}    metrics: [m.json]\n"
    script = DRAWN.format(seed=said if reaches else "0").replace("import json", "import sys, json")
    toml = f"[seed]\n{how}\n\n{claim(id='acc', metric='m.json:acc', value='0.75', reading=reading)}margin = 0.1\n"
    paper.save({"dvc.yaml": pipeline, "train.py": script, "params.yaml": "seed: 0\n", "fossml.toml": toml})


@pytest.mark.parametrize("route", ROUTES)
def test_a_seed_that_reaches_the_number_is_drawn_afresh(route: str, paper: Paper) -> None:
    seeded(paper, route)
    verified = paper.verify()
    assert verified.measurement is not None
    drawn = [one.seed for one in verified.measurement.outcomes]
    scores = verified.judged[0].scores
    assert len(set(drawn)) == len(drawn) == len(set(scores)) >= 2
    assert 0.75 not in scores
    assert verified.judged[0].verdicts[0].rung == "L4"
    assert code(verified) in (0, 3)
    assert (paper.root / "params.yaml").read_text() == "seed: 0\n"


def test_a_parameter_that_no_stage_reads_does_not_reach(paper: Paper) -> None:
    seeded(paper, "param", reaches=False)
    verified = paper.verify()
    assert (verdict(verified), verified.measurement, paper.count) == (["numeric"], None, ["train.py"])


@pytest.mark.parametrize("route", ["env", "flag"])
def test_a_seed_that_changes_nothing_is_noticed_and_no_more_runs_are_made(route: str, paper: Paper) -> None:
    seeded(paper, route, reaches=False)
    verified = paper.verify(runs=10)
    only = verified.judged[0].verdicts[0]
    assert (verdict(verified), only.rung, len(paper.count)) == (["numeric"], "L3", 3)


def test_a_parameter_reaches_through_the_stages_before(paper: Paper) -> None:
    pipeline = PIPELINE.replace("cat raw.txt", "tail -c 2 params.yaml").replace(
        "[raw.txt]", "[raw.txt]\n    params: [seed]"
    )
    toml = '[seed]\nparam = "params.yaml:seed"\n\n' + claim(id="acc", metric="m.json:acc", value="0.75")
    paper.save({"dvc.yaml": pipeline, "params.yaml": "seed: 0\n", "fossml.toml": toml})
    verified = paper.verify(runs=2)
    assert verified.measurement is not None
    assert len(verified.measurement.outcomes) == 2


def test_a_claim_read_as_exact_is_about_the_recorded_seed(paper: Paper) -> None:
    seeded(paper, "env", reading="exact")
    verified = paper.verify()
    assert (verdict(verified), verified.measurement, paper.count) == (["numeric"], None, ["train.py"])


def test_without_a_seed_the_build_is_repeated_and_that_is_said(paper: Paper) -> None:
    paper.save({"fossml.toml": CLAIM.replace('reading = "exact"\n', "")})
    verified = paper.verify()
    assert verified.measurement is not None
    assert [one.seed for one in verified.measurement.outcomes] == [None, None]
    assert (verdict(verified), verified.judged[0].same_bytes) == (["numeric"], True)
    assert any(said.startswith("other seeds: none was given") for said in verified.judged[0].verdicts[0].not_checked)


def test_a_result_that_differs_by_itself_is_not_refuted_by_one_rebuild(paper: Paper) -> None:
    # Another number each time, by how often it ran: around the claim, and never the same twice in a row.
    script = COUNTED + (
        "n = len(open(os.environ['COUNT']).readlines())\n"
        "json.dump({'acc': 0.75 + (0.01, -0.01, 0.006, -0.006)[n % 4]}, open('m.json', 'w'))\n"
    )
    paper.save({"train.py": script, "fossml.toml": CLAIM.replace('reading = "exact"', 'reading = "one"')})
    verified = paper.verify()
    assert len(verified.judged[0].scores) >= 3
    assert verdict(verified) == ["consistent"]


def test_a_stage_that_fails_does_not_change_the_verdict_on_another(paper: Paper) -> None:
    seeded(paper, "env")
    alone = paper.verify()
    toml = (paper.root / "fossml.toml").read_text() + OTHER_CLAIM
    pipeline = (paper.root / "dvc.yaml").read_text() + TWO.removeprefix(PIPELINE)
    paper.save({"dvc.yaml": pipeline, "other.py": "raise SystemExit('no')", "fossml.toml": toml})
    verified = paper.verify()
    assert verdict(verified, 1) == ["not evaluable"]
    assert (verdict(verified), verified.judged[0].verdicts[0].rung) == (verdict(alone), "L4")


def test_a_claim_that_the_seed_does_not_reach_is_numeric_beside_one_that_it_does(paper: Paper) -> None:
    seeded(paper, "env")
    toml = (paper.root / "fossml.toml").read_text() + OTHER_CLAIM.replace('reading = "exact"\n', "")
    pipeline = (paper.root / "dvc.yaml").read_text() + TWO.removeprefix(PIPELINE)
    paper.save({"dvc.yaml": pipeline, "other.py": OTHER, "fossml.toml": toml})
    verified = paper.verify()
    assert set(verdict(verified, 1)) == {"numeric"}


def test_a_seed_that_breaks_a_stage_is_told(paper: Paper) -> None:
    seeded(paper, "env")
    paper.save({"train.py": DRAWN.format(seed='int(os.environ.get("SEED", 0))') + "raise SystemExit(bool(seed))"})
    verified = paper.verify()
    assert (verdict(verified), code(verified)) == (["not evaluable"], 3)
    assert "stage train: its command ended with exit code 1" in verified.judged[0].verdicts[0].reason


def test_a_repeat_runs_nothing_again(paper: Paper) -> None:
    seeded(paper, "env")
    first = paper.verify()
    ran = len(paper.count)
    again = paper.verify()
    assert len(paper.count) == ran
    assert again.judged[0].scores == first.judged[0].scores
    assert again.measurement is not None
    assert all(one.recorded for one in again.measurement.outcomes)


def test_an_interrupted_measurement_goes_on_where_it_stopped(paper: Paper) -> None:
    seeded(paper, "env")
    targets, rebuilder = paper.rebuilder()
    stopped = 0

    def stop(_targets: object, _one: Outcome) -> None:
        nonlocal stopped
        stopped += 1
        raise KeyboardInterrupt

    first = verify_project(targets, rebuilder, Limits(3), rng=random.Random(1), say=paper.said.append, report=stop)
    rebuilder.close()
    assert first.measurement is not None
    assert (first.measurement.interrupted, stopped) == (True, 1)
    kept = first.measurement.outcomes[0].seed
    verified = paper.verify()
    assert verified.measurement is not None
    outcomes = verified.measurement.outcomes
    assert outcomes[0].seed == kept
    assert [one.recorded for one in outcomes[:2]] == [True, False]


def test_another_metric_of_the_same_files_is_measured_though_a_build_is_on_record(paper: Paper) -> None:
    paper.verify()
    paper.save({"fossml.toml": CLAIM.replace("m.json:acc", "m.json:zzz")})
    assert verdict(paper.verify()) == ["not evaluable"]
    paper.save({"fossml.toml": CLAIM})
    assert verdict(paper.verify()) == ["numeric"]


LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: cat raw.txt > data.txt
    outs:
    - path: data.txt
      hash: md5
      md5: {data}
      size: 5
"""


@pytest.mark.parametrize(
    ("data", "same", "different"),
    [("912a0e1d1f0137d3da67d4021451c0f2", ("data.txt",), ()), ("0a" * 16, (), ("data.txt",))],
)
def test_outputs_are_held_against_dvc_lock(
    data: str, same: tuple[str, ...], different: tuple[str, ...], paper: Paper
) -> None:
    paper.save({"dvc.lock": LOCK.format(data=data)})
    compared = paper.verify().compared
    assert (compared.same, compared.different, compared.unrecorded) == (same, different, ("m.json",))


@pytest.mark.parametrize(
    ("toml", "place", "message"),
    [
        ("", "fossml.toml", "there is no [[claim]] to verify"),
        (CLAIM + CLAIM, "fossml.toml:6", "two claims have the id 'acc'"),
        (CLAIM + CLAIM.replace("acc", "b").replace("m.json:", "n.json:"), "fossml.toml:6", "no stage makes n.json"),
        (CLAIM.replace("m.json:acc", "stdout:acc"), "fossml.toml:1", "no stage makes stdout"),
        (CLAIM.replace('"exact"', '"often"'), "fossml.toml:1", "unknown reading `often`"),
        (CLAIM.replace('"0.75"', '"high"'), "fossml.toml:1", "'high' is not a number as printed"),
        (claim(id="a", value="1"), "fossml.toml:1", "a claim needs `metric`"),
        (claim(id="a", metric="m.json:acc"), "fossml.toml:1", "a claim needs `value`, a number or text as printed"),
    ],
)
def test_a_claim_that_cannot_be_measured_is_a_configuration_error(
    toml: str, place: str, message: str, paper: Paper
) -> None:
    paper.write({"fossml.toml": toml})
    with pytest.raises(FossmlError) as caught:
        read_targets(read_project(paper.root))
    assert (caught.value.where, caught.value.message) == (place, message)
    assert caught.value.code == (3 if not toml else 2)


def test_the_hint_names_what_the_stages_make(paper: Paper) -> None:
    paper.write({"fossml.toml": CLAIM.replace("m.json:", "metrics.json:")})
    with pytest.raises(FossmlError) as caught:
        read_targets(read_project(paper.root))
    assert caught.value.hint == "the stages make: data.txt, m.json"


def test_a_metric_in_a_folder_belongs_to_the_stage_that_makes_the_folder(paper: Paper) -> None:
    paper.write(
        {"dvc.yaml": PIPELINE.replace("data.txt", "out"), "fossml.toml": CLAIM.replace("m.json", "out/a/m.json")}
    )
    assert [target.stage for target in read_targets(read_project(paper.root))] == ["prepare"]


def test_some_of_the_claims_can_be_chosen_by_id(paper: Paper) -> None:
    paper.save({"dvc.yaml": TWO, "other.py": OTHER, "fossml.toml": CLAIM + OTHER_CLAIM})
    verified = paper.verify("other")
    assert [one.claim.id for one in verified.judged] == ["other"]
    assert paper.count == ["other.py"]
    with pytest.raises(FossmlError, match="there is no claim 'acc2'") as caught:
        paper.verify("acc2")
    assert caught.value.hint == "the claims are: acc, other"


def test_claims_are_judged_in_the_order_of_the_file(paper: Paper) -> None:
    paper.save({"dvc.yaml": TWO, "other.py": OTHER, "fossml.toml": OTHER_CLAIM + CLAIM})
    assert [one.claim.id for one in paper.verify().judged] == ["other", "acc"]


def test_the_command_exits_3_names_the_reason_and_keeps_the_document(
    paper: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paper.save({"train.py": "raise SystemExit('needs a GPU')"})
    monkeypatch.chdir(paper.root)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert (ended.value.code, document["exit_code"]) == (3, 3)
    assert document["failed"] == {"train": "its command ended with exit code 1; needs a GPU"}
    assert document["claims"][0]["verdicts"][0]["verdict"] == "not evaluable"
    assert json.loads((paper.root / "fossml.verify.json").read_text()) == document


def test_two_at_once_do_not_take_each_others_copies_away(
    paper: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(paper.root)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COUNT", os.devnull)
    with pytest.raises(SystemExit) as ended:
        main(["verify", "-q", "--trust", "--no-controls"])
    assert ended.value.code == 0
    (folder,) = (tmp_path / "cache").glob("**/project-*")
    with alone(folder, "a test"), pytest.raises(SystemExit) as ended:
        main(["verify", "-q", "--trust", "--no-controls"])
    assert (ended.value.code, "another fossml" in capsys.readouterr().err) == (3, True)


@pytest.mark.parametrize("bound", ["better_than", ">="])
def test_a_single_run_shows_neither_a_lead_nor_a_bound_where_a_seed_moves_it(bound: str, paper: Paper) -> None:
    seeded(paper, "env")
    seed, text = '[seed]\nenv = "SEED"\n\n', claim(id="acc", metric="m.json:acc", value=">= 0.01")
    if bound == "better_than":
        text = '[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nbetter_than = "b"\n'
        text += claim(id="b", metric="m.json:b", value="0", reading="one")
        train = (paper.root / "train.py").read_text()
        paper.save(
            {"train.py": train + "d = json.load(open('m.json'))\njson.dump({**d, 'b': -99}, open('m.json', 'w'))\n"}
        )
    paper.save({"fossml.toml": seed + text.replace('reading = "exact"\n', "")})
    targets, rebuilder = paper.rebuilder()
    base = rebuilder.built(None)
    rebuilder.close()
    done = Done(tuple(targets), base, (), tuple(targets), Plan((Check("rebuild", ("acc",), ()),)), Limits(3), True)
    verdicts = done.judged(targets[0]).verdicts
    assert {one.name for one in verdicts} <= {"inconclusive", "consistent"}
    assert exit_code([verdicts]) == 3
