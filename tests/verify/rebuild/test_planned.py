"""A project within limits: planned, said, kept to; groups of claims measured apart and as long as they are open."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fossml.cli import main
from fossml.engine.records import dump_own_lock
from fossml.verify.claims.loop import Limits
from fossml.verify.project.flow import verify_project
from fossml.verify.project.verified import Verified
from fossml.verify.rebuild import planned
from fossml.verify.rebuild.repeat import Seeds
from fossml.verify.shows import Further
from tests.verify.projects import COUNTED, Paper

# Two trainings that share nothing but how their seed comes in, and an evaluation behind each.
SCRIPT = COUNTED + (
    "import sys, time\n"
    "name, step = sys.argv[1], sys.argv[2]\n"
    "if step == 'train':\n"
    "    time.sleep(float(os.environ.get('SLEEP_' + name, 0)))\n"
    "    seed = int(os.environ.get('SEED', 0))\n"
    "    open(name + '.model', 'w').write(str(random.Random(seed).gauss(0.75, 0.01)))\n"
    "    open(os.environ['COUNT'], 'a').write(name + '-trained\\n')\n"
    "else:\n"
    "    json.dump({'acc': float(open(name + '.model').read())}, open(name + '.json', 'w'))\n"
)
STAGE = """\
  train_{0}:
    cmd: python3 run.py {0} train
    deps: [run.py]
    outs: [{0}.model]
  evaluate_{0}:
    cmd: python3 run.py {0} evaluate
    deps: [run.py, {0}.model]
    metrics:
    - {0}.json: {{cache: false}}
"""
PIPELINE = "stages:\n" + STAGE.format("a") + STAGE.format("b")
CLAIM = '[[claim]]\nid = "{0}"\nmetric = "{0}.json:acc"\nvalue = "{1}"\nreading = "mean"\nmargin = {2}\n'


def lock(**seconds: float) -> str:
    """A fossml.lock that records what each stage took its author."""
    return dump_own_lock(
        {name: {"key": "a" * 64, "stage": name, "cmd": "x", "seconds": took} for name, took in seconds.items()}
    )


@pytest.fixture
def two(paper: Paper) -> Paper:
    """Two claims of separate trainings. `a` is far off and settled at the first look, `b` needs more runs."""
    toml = '[seed]\nenv = "SEED"\n\n' + CLAIM.format("a", "0.90", 0.05) + CLAIM.format("b", "0.7500", 0.0001)
    paper.save({"dvc.yaml": PIPELINE, "run.py": SCRIPT, "fossml.toml": toml, "raw.txt": "", "train.py": ""})
    return paper


def verify(paper: Paper, limits: Limits, **env: str) -> Verified:
    targets, rebuilder = paper.rebuilder(env=env)
    try:
        return verify_project(
            targets,
            rebuilder,
            limits,
            rng=random.Random(7),
            say=paper.said.append,
            report=lambda _targets, one: paper.runs.append(one),
        )
    finally:
        rebuilder.close()


def trained(paper: Paper, name: str) -> int:
    return paper.count.count(f"{name}-trained")


def test_claims_that_share_no_stage_are_measured_apart_each_until_it_is_settled(two: Paper) -> None:
    verified = verify(two, Limits(6))
    assert sorted(one.claims for one in verified.repeated) == [("a",), ("b",)]
    early, late = (judged.verdicts[0].runs for judged in verified.judged)
    assert [trained(two, name) for name in "ab"] == [1 + early, 1 + late]
    assert (early, late > early) == (3, True)


def test_controls_make_do_with_builds_of_one_group_alone(two: Paper) -> None:
    targets, rebuilder = two.rebuilder()
    try:
        verified = verify_project(
            targets,
            rebuilder,
            Limits(3),
            rng=random.Random(7),
            say=two.said.append,
            report=lambda _targets, one: two.runs.append(one),
            further=Further(),
        )
    finally:
        rebuilder.close()
    assert {one.subject for one in verified.findings if one.code.startswith("CTL")} >= {"a", "b"}


def test_they_are_measured_with_the_same_seeds(two: Paper) -> None:
    verified = verify(two, Limits(4))
    first, second = ([run.seed for run in one.measurement.outcomes] for one in verified.repeated)
    shorter, longer = sorted((first, second), key=len)
    assert longer[: len(shorter)] == shorter
    assert len(set(longer)) == len(longer) == 4


def test_a_repeat_takes_all_of_it_from_the_record(two: Paper) -> None:
    before = verify(two, Limits(4))
    ran = len(two.count)
    after = verify(two, Limits(4))
    assert len(two.count) == ran
    assert [one.scores for one in after.judged] == [one.scores for one in before.judged]


def test_a_claim_of_shared_stages_that_is_settled_is_made_no_more(paper: Paper) -> None:
    evaluate_b = "  evaluate_b:" + PIPELINE.partition("  evaluate_b:")[2].replace("b.model", "a.model")
    pipeline = "stages:\n" + STAGE.format("a") + evaluate_b
    script = SCRIPT.replace("open(name + '.model').read()", "open('a.model').read()")
    toml = '[seed]\nenv = "SEED"\n\n' + CLAIM.format("a", "0.90", 0.05) + CLAIM.format("b", "0.7500", 0.0001)
    paper.save({"dvc.yaml": pipeline, "run.py": script, "fossml.toml": toml})
    verified = verify(paper, Limits(6))
    assert [one.claims for one in verified.repeated] == [("a", "b")]
    # Each training leaves two lines, each evaluation one.
    early, late = (judged.verdicts[0].runs for judged in verified.judged)
    assert (early, late > early, trained(paper, "a")) == (3, True, 1 + late)
    assert len(paper.count) == 2 * (1 + late) + (1 + early) + (1 + late)
    assert not any("of 6 runs" in said for said in verified.judged[0].verdicts[0].not_checked)


def test_the_plan_and_its_price_are_said_first_from_what_the_author_recorded(two: Paper) -> None:
    two.save({"fossml.lock": lock(train_a=100, evaluate_a=1, train_b=2000, evaluate_b=1)})
    said: list[int] = []
    verified = verify(two, Limits(3, budget=600))
    said.append(trained(two, "a"))
    assert two.said[0].startswith("plan: about 6 min 44 s, within a budget of 10 min 00 s")
    left = [line for line in two.said if "left out" in line]
    assert left[0] == (
        "  left out: evaluate_b, train_b rebuilt from nothing (b) would take about 33 min 21 s: it does not fit into "
        "the budget"
    )
    assert trained(two, "b") == 0
    assert [one.verdicts[0].name for one in verified.judged] == ["not reproduced", "not evaluable"]
    assert "33 min 21 s" in verified.judged[1].verdicts[0].reason
    assert {claim for one in verified.plan.left_out for claim in one.check.claims} == {"b"}


def test_without_a_recorded_price_the_rebuild_tells_it_and_the_rest_is_planned_anew(two: Paper) -> None:
    verified = verify(two, Limits(3, budget=20), SLEEP_b="5")
    assert two.said[0].startswith("plan: at least")
    assert [one.claims for one in verified.repeated] == [("a",)]
    assert (trained(two, "a"), trained(two, "b")) == (4, 1)
    once = verified.judged[1].verdicts[0]
    assert (once.name, once.rung, once.runs) == ("inconclusive", "L3", 1)
    assert "other seeds: they were left out" in once.not_checked
    assert [one.check.kind for one in verified.plan.left_out] == ["repeat"]


def test_what_takes_longer_than_the_budget_is_cut_off(two: Paper) -> None:
    verified = verify(two, Limits(3, budget=3), SLEEP_a="0", SLEEP_b="600")
    assert [one.verdicts[0].name for one in verified.judged][1] == "not evaluable"
    assert "the budget is used" in verified.judged[1].verdicts[0].reason
    assert not (two.cache / "builds.jsonl").exists()


def test_a_stage_that_asks_for_what_is_not_given_is_left_out_and_says_so(two: Paper) -> None:
    toml = (two.root / "fossml.toml").read_text()
    two.save({"fossml.toml": toml + '[stage.train_a]\ngpu = 1\n\n[stage.train_b]\nmemory = "64 GiB"\n'})
    verified = verify(two, Limits(3, memory=8 * 2**30, gpu=False))
    reasons = [one.verdicts[0].reason for one in verified.judged]
    assert "train_a needs a GPU, and none is to be used" in reasons[0]
    assert "train_b needs 64 GiB of memory, and 8 GiB are given" in reasons[1]
    assert two.count == []


def test_the_newest_price_counts(two: Paper) -> None:
    (two.root / "fossml.lock").write_text(lock(train_a=100, evaluate_a=1))
    assert planned.costs(two.root) == {"train_a": 100, "evaluate_a": 1}
    (two.root / ".fossml").mkdir()
    newer = {"key": "b" * 64, "stage": "train_a", "cmd": "x", "seconds": 7}
    (two.root / ".fossml" / "ledger.jsonl").write_text(json.dumps(newer) + "\n")
    assert planned.costs(two.root) == {"train_a": 7, "evaluate_a": 1}
    (two.root / "fossml.lock").write_text("{")
    assert planned.costs(two.root) == {}


def test_seeds_that_were_handed_out_come_again() -> None:
    handed = Seeds([3], iter([8, 9, 10]))
    first, second = iter(handed), iter(handed)
    assert [next(first), next(first)] == [3, 8]
    assert [next(second), next(second), next(second)] == [3, 8, 9]


def test_a_training_that_is_on_record_is_not_made_again_only_to_go_on(paper: Paper) -> None:
    # The seed is a parameter of the training alone; what was prepared before it is all that further seeds need.
    pipeline = (
        "stages:\n  prepare:\n    cmd: echo p-trained >> $COUNT && touch p.model\n    outs: [p.model]\n"
        "  train_a:\n    cmd: python3 run.py a train\n    deps: [run.py, p.model]\n    params: [seed]\n"
        "    outs: [a.model]\n  evaluate_a:\n    cmd: python3 run.py a evaluate\n    deps: [run.py, a.model]\n"
        "    metrics:\n    - a.json: {cache: false}\n"
    )
    script = SCRIPT.replace("int(os.environ.get('SEED', 0))", "int(open('params.yaml').read().split()[1])")
    toml = '[seed]\nparam = "params.yaml:seed"\n\n' + CLAIM.format("a", "0.7500", 0.0001)
    paper.save({"dvc.yaml": pipeline, "run.py": script, "params.yaml": "seed: 0\n", "fossml.toml": toml})
    verify(paper, Limits(2))
    assert [trained(paper, name) for name in "pa"] == [1, 3]
    verify(paper, Limits(4))
    assert [trained(paper, name) for name in "pa"] == [2, 5]


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_takes_the_limits_and_tells_what_was_left_out(
    two: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    two.save({"fossml.lock": lock(train_a=10, evaluate_a=1, train_b=7200, evaluate_b=1)})
    monkeypatch.chdir(two.root)
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    assert call("verify", "--trust", "--budget", "10m", "--runs", "3", "--memory", "8GiB", "--no-gpu", "--json") == 1
    told = capsys.readouterr()
    said: Any = json.loads(told.out)
    assert told.err.startswith("plan: about 44 s, within a budget of 10 min 00 s")
    assert [step["seconds"] for step in said["plan"] if step["left_out"]] == [7201, 3 * 7201]
    assert said["budget"] == 600
    assert (
        said["repeat"].splitlines()[-1] == "fossml verify --runs 3 --budget 600s --memory 8388608KiB --no-gpu --trust"
    )
    assert subprocess.run(["git", "status", "--porcelain"], cwd=two.root, capture_output=True, text=True, check=True)
