from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.checks import ITEMS, RULES, judge
from fossml.checks.items import items
from fossml.facts import Document, Facts, gather
from fossml.facts.verification import Verification
from fossml.types import Environment, Evidence, Finding, Run
from tests.checks.repository import Content, committed, write

CODES = [
    f"{group}{number}" for group, count in zip("ABCDE", (3, 2, 5, 5, 6), strict=True) for number in range(1, count + 1)
]
TRAIN = """
import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
loss = model(torch.ones(1)).sum()
loss.backward()
optimizer.step()
"""
READS = "import pandas\nprint(pandas.read_csv('birds.csv').mean())\n"
PLAIN = "import numpy\nprint(numpy.ones(3))\n"
BINARY = b"\x80\x02\x00\x00\xff\x00" * 60

CASES: list[tuple[str, dict[str, Content], str]] = [
    ("A1", {"README.md": "# Birds\n\n## Method\n\nWe count.\n"}, "declared"),
    ("A1", {"README.md": "# Birds\n"}, "unknown"),
    ("A2", {"README.md": "We assume that birds do not talk.\n"}, "declared"),
    ("A2", {"README.md": "Birds talk.\n"}, "unknown"),
    ("A3", {"README.md": "Time is O(n log n) in the number of birds.\n"}, "declared"),
    ("A3", {"README.md": "It is fast.\n"}, "unknown"),
    ("B1", {"README.md": "Theorem 1 says that birds fly.\n"}, "declared"),
    ("B1", {"README.md": "Birds fly.\n"}, "not applicable"),
    ("B1", {"a.py": PLAIN}, "unknown"),
    ("B2", {"README.md": "Theorem 1; the proof is in the appendix.\n"}, "declared"),
    ("B2", {"README.md": "Theorem 1 says that birds fly.\n"}, "unknown"),
    ("B2", {"README.md": "Birds fly.\n"}, "not applicable"),
    ("C1", {"README.md": "There are 1,200 images of birds.\n", "a.py": READS}, "pass"),
    ("C1", {"README.md": "There are images.\n", "a.py": READS}, "fail"),
    ("C1", {"README.md": "Nothing is read.\n", "a.py": PLAIN}, "not applicable"),
    ("C2", {"a.py": READS + "from sklearn.model_selection import KFold\nKFold(5)\n"}, "pass"),
    ("C2", {"a.py": READS, "data/test.csv": "1\n"}, "pass"),
    ("C2", {"a.py": READS}, "fail"),
    ("C2", {"a.py": PLAIN}, "not applicable"),
    ("C3", {"a.py": READS, "preprocess.py": PLAIN}, "pass"),
    ("C3", {"a.py": READS, "README.md": "Birds without wings were excluded.\n"}, "pass"),
    ("C3", {"a.py": READS}, "fail"),
    ("C3", {"a.py": PLAIN}, "not applicable"),
    ("C4", {"a.py": READS, "README.md": "The dataset: https://zenodo.org/records/1\n"}, "pass"),
    ("C4", {"a.py": "import torchvision.datasets\n"}, "pass"),
    ("C4", {"a.py": READS}, "fail"),
    ("C4", {"a.py": PLAIN}, "not applicable"),
    ("C5", {"README.md": "The birds were annotated by three annotators.\n"}, "declared"),
    ("C5", {"README.md": "We use MNIST.\n"}, "not applicable"),
    ("C5", {"a.py": PLAIN}, "unknown"),
    ("D1", {"a.py": PLAIN, "requirements.txt": "numpy==1.26.4\n"}, "pass"),
    ("D1", {"a.py": PLAIN, "README.md": "## Requirements\n\n- Python 3.6\n- numpy\n"}, "pass"),
    ("D1", {"a.py": PLAIN, "README.md": "You need these packages:\n\n* numpy\n"}, "pass"),
    ("D1", {"a.py": PLAIN, "README.md": "Run `conda install numpy` first.\n"}, "pass"),
    ("D1", {"a.py": PLAIN, "README.md": "Tested with numpy 1.16.\n"}, "fail"),
    ("D1", {"a.py": PLAIN, "README.md": "## Installation\n\n    git clone https://a.b/c.git\n"}, "fail"),
    ("D1", {"a.py": PLAIN}, "fail"),
    ("D1", {"a.py": "print(1)\n"}, "not applicable"),
    ("D1", {"README.md": "A text.\n"}, "not applicable"),
    ("D2", {"a.py": TRAIN}, "pass"),
    ("D2", {"a.py": "from sklearn.svm import SVC\nSVC().fit([[1]], [1])\n"}, "pass"),
    ("D2", {"main.lua": "train(model)\n"}, "pass"),
    ("D2", {"a.py": "import sklearn\nfrom scipy import optimize\noptimize.minimize(abs, 0)\n"}, "fail"),
    ("D2", {"a.py": "import torch\ndef train_images():\n    return 1\n"}, "fail"),
    ("D2", {"a.py": "scaler.fit(x)\n"}, "fail"),
    ("D2", {"a.py": PLAIN, "README.md": "The model.\n"}, "fail"),
    ("D2", {"a.py": PLAIN, "README.md": "A tool.\n"}, "not applicable"),
    ("D2", {"README.md": "A text.\n"}, "not applicable"),
    ("D3", {"evaluate.py": PLAIN}, "pass"),
    ("D3", {"a.py": "from sklearn.metrics import f1_score\nprint(f1_score([1], [1]))\n"}, "pass"),
    ("D3", {"a.py": "print('test accuracy: %.2f' % x)\n"}, "pass"),
    ("D3", {"a.py": "import torch\nx = eval('1')\n"}, "fail"),
    ("D3", {"a.py": PLAIN}, "not applicable"),
    ("D3", {"tests/test_a.py": "import sklearn\ndef test_one():\n    assert f1_score(1, 1)\n"}, "fail"),
    ("D3", {"README.md": "A text.\n"}, "not applicable"),
    ("D4", {"a.py": TRAIN, "models/birds.pth": BINARY}, "pass"),
    ("D4", {"a.py": TRAIN, "saved_models/birds.h5": "version https://git-lfs.github.com/spec/v1\n"}, "pass"),
    ("D4", {"a.py": TRAIN, "README.md": "[weights](https://x.org/birds.ckpt)\n"}, "pass"),
    ("D4", {"a.py": TRAIN, "README.md": "## Pre-trained models\n\nhttps://drive.google.com/open?id=1\n"}, "pass"),
    ("D4", {"a.py": TRAIN, "README.md": "| model | AP |\n|---|---|\n| [a](https://zenodo.org/1) | 3 |\n"}, "pass"),
    ("D4", {"a.py": TRAIN, "README.md": "Pre-trained models are available on request.\n"}, "fail"),
    ("D4", {"a.py": TRAIN, "README.md": "Data: https://drive.google.com/open?id=1\n"}, "fail"),
    ("D4", {"a.py": TRAIN, "tests/a.pth": BINARY, "data/processed/training.pt": BINARY}, "fail"),
    ("D4", {"README.md": "A text.\n"}, "not applicable"),
    ("D5", {"a.py": TRAIN, "README.md": "| model | accuracy |\n|---|---|\n| a | 93.1 |\n"}, "pass"),
    ("D5", {"a.py": TRAIN, "README.md": "- a: accuracy 93.1\n- b: accuracy 94.0\n"}, "pass"),
    ("D5", {"a.py": TRAIN, "README.md": "## Results\n\n![curve](fig/curve.png)\n"}, "pass"),
    ("D5", {"a.py": TRAIN, "README.md": "![overview](fig/method.png)\n"}, "fail"),
    ("D5", {"a.py": TRAIN, "README.md": "## Hyperparameters\n\n| lr | loss |\n|---|---|\n| 0.1 | 0.2 |\n"}, "fail"),
    ("D5", {"a.py": TRAIN}, "fail"),
    ("D5", {"README.md": "A text.\n"}, "not applicable"),
    ("E1", {"a.py": TRAIN, "params.yaml": "lr: 0.1\n", "README.md": "A grid search over lr.\n"}, "pass"),
    ("E1", {"a.py": TRAIN, "params.yaml": "lr: 0.1\n"}, "fail"),
    ("E1", {"a.py": "LR = 0.1\nfrom sklearn.model_selection import GridSearchCV\n"}, "pass"),
    ("E1", {"a.py": TRAIN, "params.yaml": "lr: 0.1\n", "README.md": "Without further tuning.\n"}, "fail"),
    ("E1", {"README.md": "A text.\n"}, "not applicable"),
    ("E2", {"a.py": TRAIN, "README.md": "Averaged over 5 random seeds.\n"}, "pass"),
    ("E2", {"a.py": "import argparse\nargparse.ArgumentParser().add_argument('--num-runs')\n"}, "pass"),
    ("E2", {"a.py": TRAIN, "README.md": "Averaged.\n"}, "fail"),
    ("E2", {"README.md": "A text.\n"}, "not applicable"),
    ("E3", {"a.py": "from sklearn.metrics import f1_score\nprint(f1_score([1], [1]))\n"}, "pass"),
    ("E3", {"a.py": TRAIN, "README.md": "We report accuracy.\n"}, "pass"),
    ("E3", {"a.py": TRAIN}, "fail"),
    ("E3", {"README.md": "A text.\n"}, "not applicable"),
    ("E4", {"a.py": TRAIN, "README.md": "93.1 ± 0.2\n"}, "pass"),
    ("E4", {"a.py": TRAIN, "README.md": "93.1\n"}, "fail"),
    ("E4", {"README.md": "A text.\n"}, "not applicable"),
    ("E5", {"a.py": TRAIN, "README.md": "Training takes 3 hours.\n"}, "pass"),
    ("E5", {"a.py": TRAIN, "README.md": "Training takes long.\n"}, "fail"),
    ("E5", {"README.md": "A text.\n"}, "not applicable"),
    ("E6", {"a.py": TRAIN, "README.md": "We used one V100.\n"}, "pass"),
    ("E6", {"a.py": TRAIN, "README.md": "We used a computer.\n"}, "fail"),
    ("E6", {"README.md": "A text.\n"}, "not applicable"),
]  # fmt: skip


def said(root: Path, code: str) -> Finding:
    (found,) = judge(gather(root), [ITEMS[code]])
    return found


@pytest.mark.parametrize(("code", "files", "status"), CASES, ids=[f"{c}-{s}-{n}" for n, (c, _, s) in enumerate(CASES)])
def test_what_an_item_says(tmp_path: Path, code: str, files: dict[str, Content], status: str) -> None:
    found = said(write(tmp_path, files), code)
    assert (found.code, found.status) == (code, status), found
    assert found.message


def test_there_are_the_21_items_and_each_has_its_page() -> None:
    assert sorted(ITEMS) == CODES
    for one in ITEMS.values():
        assert "Why:" in one.page
        assert "Passes:" in one.page
        assert "How it is decided:" in one.page


@pytest.mark.parametrize("files", [{}, {"README": ""}, {"a.py": "x ="}, {"b.ipynb": "{"}, {"x": b"\xff\xfe\x00"}])
def test_every_repository_has_exactly_one_finding_an_item_in_order(tmp_path: Path, files: dict[str, Content]) -> None:
    assert [one.code for one in items(gather(write(tmp_path, files)), ())] == CODES


def test_rules_and_items_come_together_and_items_alone_rest_on_the_rules(tmp_path: Path) -> None:
    facts = gather(write(tmp_path, {"a.py": PLAIN, "requirements.txt": "numpy\n"}))
    together = {one.code: one for one in judge(facts, [*RULES.values(), *ITEMS.values()])}
    (alone,) = judge(facts, [ITEMS["D1"]])
    assert together["D1"] == alone
    assert alone.message == "declared in requirements.txt; against it speaks DEP002"
    assert [(one.path, one.line) for one in alone.evidence] == [("requirements.txt", 1)]
    assert "DEP002" in together


def test_a_failure_says_what_was_looked_for_and_where_and_what_to_do(tmp_path: Path) -> None:
    found = said(write(tmp_path, {"a.py": TRAIN, "README.md": "Words.\n", "docs/more.md": "Words.\n"}), "E6")
    assert found.message == "not found in README.md, docs/more.md: a GPU, CPU or an amount of memory by name"
    assert found.hint


def test_hyper_parameters_in_code_are_counted_and_named(tmp_path: Path) -> None:
    found = said(write(tmp_path, {"a.py": "LR = 0.1\nfit(x, epochs=3)\n"}), "E1")
    assert found.message.startswith("values in a.py (2 in code: LR=0.1, epochs=3); not found in ")
    assert [(one.path, one.line) for one in found.evidence] == [("a.py", 1), ("a.py", 2)]


def test_latex_sources_are_read(tmp_path: Path) -> None:
    files: dict[str, Content] = {"a.py": TRAIN, "paper/main.tex": "\\section{Method}\nWe assume i.i.d. birds.\n"}
    assert said(write(tmp_path, files), "A2").evidence[0].path == "paper/main.tex"


def test_a_text_of_one_long_line_or_of_a_million_signs_is_read_to_a_bound(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "README.md": "install " * 200_000,
        "docs/a.md": "1," * 900_000,
        "docs/b.md": "x" * 900_000,
    }
    found = items(gather(write(tmp_path, files)), ())
    assert [one.code for one in found] == CODES


def _seconds(facts: Facts, line: str) -> float:
    """The processor's time for all items on a README of 40 such lines, the least of three."""
    text = Document("README.md", f"{line}\n" * 40)
    seen, took = replace(facts, readme=text, documents={"README.md": text}), []
    for _ in range(3):
        before = time.process_time()
        items(seen, ())
        took.append(time.process_time() - before)
    return min(took)


@pytest.mark.parametrize("unit", ["1.", "1,", "[", "![", "(", "| 1.", "results", "| <", "# a ", "|-", "# a" + " " * 40])
def test_a_line_four_times_as_long_costs_no_sixteen_times_as_much(tmp_path: Path, unit: str) -> None:
    facts = gather(write(tmp_path, {"a.py": TRAIN, "README.md": "Words.\n"}))
    short, wide = ((unit * size)[: size - 1] + "x" for size in (240, 960))
    assert _seconds(facts, wide) < 10 * _seconds(facts, short)


def test_the_items_are_soft(tmp_path: Path) -> None:
    assert {one.level for one in items(gather(write(tmp_path, {"a.py": PLAIN})), ())} == {"soft"}


def test_vendored_code_and_other_texts_do_not_answer(tmp_path: Path) -> None:
    files: dict[str, Content] = {"a.py": PLAIN, "third_party/train.py": TRAIN, "LICENSE": "accuracy 93.1\n"}
    assert said(write(tmp_path, files), "D2").status == "not applicable"


def test_what_a_build_recorded_counts_before_names(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "train.py": TRAIN,
        "dvc.yaml": "stages:\n  train:\n    cmd: python train.py\n    deps: [train.py]\n    outs: [model.pth]\n",
    }
    (d2,) = judge(committed(tmp_path, files), [ITEMS["D2"]])
    assert (d2.status, d2.evidence[0].path, d2.evidence[0].text) == ("pass", "dvc.yaml", "train")
    assert said(tmp_path, "D4").status == "fail"
    out = f"{{path: model.pth, md5: {'ab' * 16}, size: 1}}"
    lock = f"schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    outs:\n    - {out}\n"
    d4 = said(write(tmp_path, {"dvc.lock": lock}), "D4")
    assert (d4.status, d4.message, d4.evidence[0].path) == ("pass", "train: model.pth is one", "dvc.yaml")


@pytest.mark.parametrize(("invalid", "status"), [((), "pass"), (("train.py differs from commit c",), "fail")])
def test_a_verification_proves_as_long_as_it_is_valid(tmp_path: Path, invalid: tuple[str, ...], status: str) -> None:
    facts = gather(write(tmp_path, {"a.py": TRAIN, "README.md": "Words.\n"}))
    verified = replace(facts, verification=Verification(("holds", "unknown"), 3, "c", invalid))
    for code in ("D5", "E2", "E4"):
        (found,) = judge(verified, [ITEMS[code]])
        assert (found.code, found.status) == (code, status)
        assert (found.evidence[:1] == (Evidence("fossml.verify.json"),)) == (status == "pass")


def test_recorded_runs_prove_time_and_hardware(tmp_path: Path) -> None:
    facts = gather(write(tmp_path, {"a.py": TRAIN}))
    run = Run("ab" * 16, "train", "python a.py", seconds=3.0, environment=Environment("3.12", {}, {"cpu": "a cpu"}))
    for code in ("E5", "E6"):
        (found,) = judge(replace(facts, runs=(run,)), [ITEMS[code]])
        assert (found.status, found.evidence[0].path) == ("pass", "fossml.lock")


def test_a_split_that_a_stage_makes_counts(tmp_path: Path) -> None:
    stage = "stages:\n  split:\n    cmd: python a.py\n    outs: [data/train.csv, data/test.csv]\n"
    found = said(write(tmp_path, {"a.py": READS, "dvc.yaml": stage}), "C2")
    assert (found.status, found.evidence[0].text) == ("pass", "split: data/train.csv")
