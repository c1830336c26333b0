"""Weights that an author released are evaluated again, alone and first; the rebuild is made all the same."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from fossml.verify.claims.loop import Limits
from tests.verify.projects import COUNTED, Paper
from tests.verify.rebuild.test_planned import verify

TRAIN = COUNTED + 'open("net.pt", "w").write(open("data.txt").read())\n'
EVALUATE = COUNTED + 'json.dump({"acc": float(open("net.pt").read())}, open("m.json", "w"))\n'
PIPELINE = """\
stages:
  train:
    cmd: python3 train.py
    deps: [train.py, data.txt]
    outs:
    - net.pt
  evaluate:
    cmd: python3 evaluate.py
    deps: [evaluate.py, net.pt]
    metrics:
    - m.json: {cache: false}
"""
CLAIM = '[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nvalue = "0.75"\nreading = "exact"\n'
FILES = {
    "dvc.yaml": PIPELINE,
    "train.py": TRAIN,
    "evaluate.py": EVALUATE,
    "fossml.toml": CLAIM,
    "data.txt": "0.75",
    "raw.txt": "",
}


@pytest.fixture
def built(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> Paper:
    """Trained by its author: the lock is committed, the weights lie in the author's cache alone."""
    monkeypatch.setenv("COUNT", "/dev/null")
    paper.save(FILES)
    subprocess.run([sys.executable, "-m", "fossml", "build", "-q"], cwd=paper.root, check=True)
    paper.save({})
    (paper.root / "net.pt").unlink()
    return paper


def test_what_was_released_is_evaluated_first_and_the_rebuild_is_made_too(built: Paper) -> None:
    verified = verify(built, Limits(3))
    assert built.count == ["evaluate.py", "train.py", "evaluate.py"]
    beside = verified.beside["acc"].verdicts[0]
    assert (beside.name, beside.rung) == ("numeric", "L1")
    assert (verified.judged[0].verdicts[0].name, verified.judged[0].verdicts[0].rung) == ("numeric", "L3")
    assert "how the released weights were trained: they were taken as they are" in beside.not_checked


def test_a_repeat_takes_it_from_the_record_as_long_as_the_weights_are_the_same(built: Paper) -> None:
    verify(built, Limits(3))
    assert verify(built, Limits(3)).beside["acc"].verdicts[0].name == "numeric"
    assert built.count.count("evaluate.py") == 2
    lock = (built.root / "dvc.lock").read_text()
    digest = hashlib.md5(b"0.5").hexdigest()
    kept = built.root / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    kept.parent.mkdir(parents=True)
    kept.write_text("0.5")
    built.save({"dvc.lock": lock.replace(hashlib.md5(b"0.75").hexdigest(), digest).replace("size: 4", "size: 3")})
    assert verify(built, Limits(3)).beside["acc"].verdicts[0].name == "not reproduced"


@pytest.mark.parametrize(("limits", "why"), [(Limits(3, budget=3), "the budget is used"), (Limits(3), "no such luck")])
def test_an_evaluation_that_gives_nothing_is_told(built: Paper, limits: Limits, why: str) -> None:
    late = 'if os.environ["COUNT"] != "/dev/null": import time; time.sleep(600)\n' if limits.budget else ""
    broken = "" if limits.budget else 'raise SystemExit("no such luck")\n'
    built.save({"evaluate.py": EVALUATE.replace("json.dump", f"{late}{broken}json.dump")})
    verified = verify(built, limits)
    assert verified.beside == {}
    (left,) = [one for one in verified.plan.left_out if one.check.kind == "weights"]
    assert why in left.reason


def test_weights_that_the_recipe_does_not_give_are_told_apart_from_it(built: Paper) -> None:
    # The author released weights of 0.75, and the code that is committed now gives others.
    built.save({"data.txt": "0.5"})
    verified = verify(built, Limits(3))
    assert verified.beside["acc"].verdicts[0].name == "numeric"
    assert verified.judged[0].verdicts[0].name == "not reproduced"


def test_weights_in_git_are_released_too(built: Paper) -> None:
    built.save({"dvc.yaml": PIPELINE.replace("    - net.pt\n", "    - net.pt: {cache: false}\n"), "net.pt": "0.75"})
    subprocess.run(["git", "add", "-f", "net.pt"], cwd=built.root, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "weights"], cwd=built.root, check=True)
    subprocess.run(["rm", "-rf", ".dvc/cache"], cwd=built.root, check=True)
    assert verify(built, Limits(3)).beside["acc"].verdicts[0].rung == "L1"


def test_without_released_weights_there_is_nothing_beside(built: Paper) -> None:
    subprocess.run(["rm", "-rf", ".dvc/cache"], cwd=built.root, check=True)
    verified = verify(built, Limits(3))
    assert (verified.beside, built.count) == ({}, ["train.py", "evaluate.py"])


def test_a_stage_that_takes_no_weights_is_not_run_on_what_its_author_has(built: Paper) -> None:
    built.save({"dvc.yaml": PIPELINE.replace("net.pt", "net.txt"), "train.py": TRAIN.replace("net.pt", "net.txt"),
                "evaluate.py": EVALUATE.replace("net.pt", "net.txt")})  # fmt: skip
    subprocess.run([sys.executable, "-m", "fossml", "build", "-q"], cwd=built.root, check=True)
    built.save({})
    assert verify(built, Limits(3)).beside == {}
