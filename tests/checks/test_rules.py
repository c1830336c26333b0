from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from fossml.checks import RULES, judge
from fossml.checks.report import next_steps, verdict
from fossml.engine.records import dump_own_lock
from fossml.facts import Facts
from fossml.standards import named
from fossml.types import Run
from tests.checks.repository import Content, committed, findings, statuses

NUMPY = "import numpy as np\nnp.random.seed(0)\nprint(np.random.rand(3))\n"
MIT = (
    "MIT License\nPermission is hereby granted, free of charge, to any person obtaining a copy, above copyright notice"
)


def book(*counts: int | None) -> str:
    cells = [{"cell_type": "code", "execution_count": n, "source": [f"x = {i}"]} for i, n in enumerate(counts)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=1)


class Calls:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("x",)


CHANCE = "import random\nrandom.random()\n"
LOOSE = '[project]\ndependencies = ["numpy"]'
STAGE = "stages:\n  train:\n    cmd: python train.py\n    deps:\n    - train.py\n    outs:\n    - model.txt\n"
LOCK = (
    "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    deps:\n    - path: train.py\n      hash: md5\n"
    "      md5: {0}\n      size: 2\n    outs:\n    - path: model.txt\n      hash: md5\n      md5: {1}\n      size: 2\n"
)


def pipeline(source: str, stage: str = STAGE) -> dict[str, Content]:
    return {"dvc.yaml": stage, "train.py": source, "model.txt": "y\n", "dvc.lock": LOCK.format(X, Y)}


X, Y = "401b30e3b8b5d629635a5c613cdb7919", "009520053b00386d1173f3988c55d192"

TWO = "stages:\n  make: {cmd: cp in m, outs: [m]}\n  use: {cmd: python use.py, deps: [use.py], outs: [o]}\n"


def recorded(**fields: object) -> str:
    """A fossml.lock with one run of the stage `use`."""
    run = {"key": "a" * 64, "stage": "use", "cmd": "python use.py", "discovered": {"how": "hook", "files": {}}}
    return dump_own_lock({"use": {**run, **fields}})


M_READ = {"how": "hook", "files": {"m": "0" * 32}}
IN_M = {"how": "strace", "files": {"m/part": "0" * 32}}
KEPT = {"because": "only words", "reasons": ["use.py changed"], "when": "2026-01-01"}

RECORD = json.dumps({"claims": [{"outcome": "holds"}], "exit_code": 0, "commit": None, "dirty": False, "digests": {}})
OLD = "train:\n  cmd: python train.py\n  deps:\n  - path: train.py\n    md5: 401b30e3b8b5d629635a5c613cdb7919\n"

CASES: list[tuple[str, str, dict[str, Content], str, str]] = [
    # code, what, files, status, where the first evidence stands
    ("RUN001", "as it ran", {"fossml.lock": recorded()}, "pass", "fossml.lock"),
    ("RUN001", "kept by hand", {"fossml.lock": recorded(accepted=KEPT)}, "fail", "fossml.lock"),
    ("RUN002", "declared", {"dvc.yaml": TWO, "fossml.lock": recorded()}, "pass", "fossml.lock"),
    ("RUN002", "undeclared", {"dvc.yaml": TWO, "fossml.lock": recorded(discovered=M_READ)}, "fail", "fossml.lock"),
    ("RUN002", "a file in it", {"dvc.yaml": TWO, "fossml.lock": recorded(discovered=IN_M)}, "fail", "fossml.lock"),
    ("RUN002", "not traced", {"dvc.yaml": TWO, "fossml.lock": recorded(discovered=None)}, "unknown", ""),
    ("RUN003", "of no commit", {"fossml.verify.json": RECORD}, "fail", "fossml.verify.json"),
    ("RUN003", "damaged", {"fossml.verify.json": "[]"}, "unknown", "fossml.verify.json"),
    ("RUN003", "none", {"a.py": ""}, "not applicable", ""),
    ("ENT001", "a main guard", {"a.py": "if __name__ == '__main__':\n    f()\n"}, "pass", "a.py:1"),
    ("ENT001", "a notebook", {"a.ipynb": book(1)}, "pass", "a.ipynb"),
    ("ENT001", "a target", {"net.py": "X = 1\n", "Makefile": "run:\n\tpython -c 1\n"}, "pass", "Makefile:1"),
    ("ENT001", "definitions only", {"net.py": "def f():\n    pass\n"}, "fail", ""),
    ("ENT001", "a test is none", {"net.py": "X = 1\n", "tests/test_a.py": "f()\n"}, "fail", ""),
    ("ENT001", "no code", {"README.md": "text"}, "not applicable", ""),
    ("ENT002", "there", {"README.md": "```\npython src/a.py --x 1\n```\n", "src/a.py": ""}, "pass", "README.md:2"),
    ("ENT002", "not there", {"README.md": "```\n$ python train.py\n```\n", "a.py": ""}, "fail", "README.md:2"),
    ("DOC001", "there", {"README.rst": "\nTitle"}, "pass", "README.rst:2"),
    ("DOC001", "not there", {"a.py": ""}, "fail", ""),
    ("DOC001", "empty", {"README.md": " \n"}, "fail", ""),
    ("DOC002", "a command", {"README.md": "Run `python a.py`", "a.py": ""}, "pass", "README.md:1"),
    ("DOC002", "three backquotes on a line", {"README.md": "```python a.py```", "a.py": ""}, "pass", "README.md:1"),
    ("DOC002", "only installs", {"README.md": "```\npip install x\n```", "a.py": ""}, "fail", "README.md"),
    ("DOC002", "prose", {"README.md": "make sure to run the script", "a.py": ""}, "fail", "README.md"),
    ("DOC002", "no README", {"a.py": ""}, "not applicable", ""),
    ("LIC001", "a text", {"LICENSE": MIT}, "pass", "LICENSE:1"),
    ("LIC001", "own words", {"LICENSE": "ask me"}, "unknown", "LICENSE"),
    ("LIC001", "named", {"README.md": "License: MIT"}, "pass", "README.md:1"),
    ("LIC001", "none", {"a.py": ""}, "fail", ""),
    ("DEP001", "declared", {"a.py": NUMPY, "requirements.txt": "numpy\n"}, "pass", "requirements.txt:1"),
    ("DEP001", "utf-16", {"a.py": NUMPY, "requirements.txt": "numpy\n".encode("utf-16")}, "pass", "requirements.txt:1"),
    ("DEP001", "not declared", {"a.py": NUMPY}, "fail", "a.py:1"),
    ("DEP001", "nothing to declare", {"a.py": "import os, net\n", "net.py": ""}, "not applicable", ""),
    ("DEP001", "broken", {"a.py": NUMPY, "pyproject.toml": "[project\n"}, "unknown", "pyproject.toml"),
    ("DEP002", "pinned", {"requirements.txt": "numpy==1.0\n"}, "pass", "requirements.txt:1"),
    ("DEP002", "loose", {"requirements.txt": "# x\nnumpy>1\n"}, "fail", "requirements.txt:2"),
    ("DEP002", "in a file", {"requirements.txt": "-r r/base.txt\n", "r/base.txt": "numpy\n"}, "fail", "r/base.txt:1"),
    ("DEP002", "constrained", {"requirements.txt": "-c pins.txt\nnumpy\n", "pins.txt": "numpy==1\n"}, "pass", ""),
    ("DEP002", "locked", {"pyproject.toml": LOOSE, "uv.lock": ""}, "pass", "pyproject.toml:2"),
    ("DEP002", "nothing", {"a.py": ""}, "not applicable", ""),
    ("DEP003", "by another name", {"a.py": "import cv2\n", "requirements.txt": "opencv-python\n"}, "pass", "a.py:1"),
    ("DEP003", "missing", {"a.py": "import os\nimport cv2\n", "requirements.txt": "numpy\n"}, "fail", "a.py:2"),
    ("DEP003", "own module", {"a.py": "import net.x\n", "src/net/x.py": "", "requirements.txt": "numpy\n"}, "", ""),
    ("DEP003", "optional", {"a.py": "try:\n import cv2\nexcept ImportError:\n 1\n", "requirements.txt": "x"}, "", ""),
    ("DEP003", "nothing declared", {"a.py": "import cv2\n"}, "not applicable", ""),
    ("PKL001", "calls print", {"model": pickle.dumps(Calls())}, "fail", "model"),
    ("PKL001", "data", {"model": pickle.dumps({1, 2}, 2)}, "pass", "model"),
    ("PKL001", "cut short", {"model": pickle.dumps([1.5] * 9, 4)[:-4]}, "unknown", "model"),
    ("DATA001", "tracked", {"x.csv": "1"}, "pass", "x.csv"),
    ("DATA001", "no data", {"a.py": ""}, "not applicable", ""),
    ("DATA002", "here", {"a.py": "open('x.csv')\n", "x.csv": "1"}, "pass", "a.py:1"),
    ("DATA002", "beside the script", {"s/a.py": "open('x.csv')\n", "s/x.csv": "1"}, "pass", "s/a.py:1"),
    ("DATA002", "made here", {"a.py": "open('x.csv')\n", "b.py": "d.to_csv('out/x.csv')\n"}, "pass", "a.py:1"),
    ("DATA002", "nowhere", {"a.py": "\nopen('x.csv')\n"}, "fail", "a.py:2"),
    ("DATA002", "told", {"a.py": "open('x.csv')\n", "README.md": "Get x.csv at host"}, "unknown", "a.py:1"),
    ("DATA003", "large", {"x.csv": b"1" * (11 * 2**20)}, "fail", "x.csv"),
    ("DATA003", "small", {"x.csv": "1"}, "", ""),
    ("PATH001", "home", {"a.py": "\nx = '/home/anna/x'\n"}, "fail", "a.py:2"),
    ("PATH001", "none", {"a.py": "x = 'data/x'  # /home/anna/x\n"}, "pass", "a.py"),
    ("PATH001", "no code", {"README.md": "/home/anna/x"}, "not applicable", ""),
    ("PATH002", "a disk", {"a.py": "x = '/mnt/disk2/x'\n"}, "fail", "a.py:1"),
    ("PATH002", "none", {"a.py": "x = '/tmp/x'\n"}, "", ""),
    ("SEED001", "seeded", {"a.py": NUMPY}, "pass", "a.py:2"),
    ("SEED001", "not seeded", {"a.py": "import random\nrandom.random()\n"}, "fail", "a.py:2"),
    ("SEED001", "clock", {"a.py": "import time\n" + CHANCE + "random.seed(time.time())\n"}, "fail", "a.py:4"),
    ("SEED001", "test only", {"a.py": CHANCE, "tests/a.py": "import random\nrandom.seed(1)\n"}, "fail", "a.py:2"),
    ("SEED001", "Python 2", {"a.py": "import random\nprint random.random()\n"}, "unknown", "a.py:2"),
    ("SEED001", "no chance", {"a.py": "x = 1\n"}, "not applicable", ""),
    ("NB001", "in order", {"a.ipynb": book(1, 2, 3)}, "pass", "a.ipynb:7"),
    ("NB001", "out of order", {"a.ipynb": book(3, 1)}, "fail", "a.ipynb:14"),
    ("NB002", "run", {"a.ipynb": book(1, 2)}, "pass", "a.ipynb:7"),
    ("NB002", "half", {"a.ipynb": book(1, None)}, "fail", "a.ipynb:14"),
    ("NB002", "never", {"a.ipynb": book(None, None)}, "unknown", "a.ipynb:7"),
    ("DL001", "bare", {"get.sh": "wget https://h/x.zip\n"}, "fail", "get.sh:1"),
    ("DL001", "compared", {"get.sh": "wget https://h/x.zip\nsha256sum -c x.sha\n"}, "pass", "get.sh:1"),
    ("DVC001", "no lock", {"dvc.yaml": STAGE, "train.py": "x\n"}, "fail", "dvc.yaml"),
    ("DVC001", "fits", pipeline("x\n"), "pass", "dvc.lock"),
    ("DVC001", "changed", pipeline("z\n"), "fail", "dvc.yaml"),
    ("DVC001", "other command", pipeline("x\n", STAGE.replace("python", "python3")), "fail", "dvc.yaml"),
    ("DVC001", "broken", {"dvc.yaml": "stages:\n  a:\n    cmd: [\n"}, "unknown", "dvc.yaml"),
    ("DVC001", "a lock of DVC 1", {"dvc.yaml": STAGE, "train.py": "x\n", "dvc.lock": OLD}, "unknown", "dvc.lock"),
    ("DVC002", "broken", {"dvc.yaml": "stages:\n  a:\n    cmd: x\n    outs:\n"}, "fail", "dvc.yaml:4"),
    ("DVC002", "a lock of DVC 1", {"dvc.yaml": STAGE, "train.py": "x\n", "dvc.lock": OLD}, "fail", "dvc.lock:1"),
    ("DVC002", "read", pipeline("x\n"), "pass", "dvc.lock"),
    ("DVC002", "none", {"a.py": ""}, "not applicable", ""),
    ("DEP003", "the inside of a package", {"requirements.txt": "pytest\n", "a.py": "import _pytest\n"}, "pass", ""),
    ("DVC001", "no stage", {"a.py": ""}, "not applicable", ""),
    ("SEC001", "a key", {"key": "-----BEGIN RSA PRIVATE KEY-----\nx"}, "fail", "key:1"),
    ("SEC001", "none", {"a.py": "token = os.environ['HF_TOKEN']\n"}, "", ""),
    ("PY001", "Python 2", {"a.py": "print 'x'\n"}, "fail", "a.py"),
    ("PY001", "Python 3", {"a.py": "print('x')\n"}, "pass", "a.py"),
    ("PY001", "no Python", {"a.txt": ""}, "not applicable", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "_what", "files", "status", "where"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_a_rule_decides(
    code: str, _what: str, files: dict[str, Content], status: str, where: str, tmp_path: Path
) -> None:
    found = findings(committed(tmp_path, files), code)
    assert [one.status for one in found[:1]] == ([status] if status else [])
    if where:
        first = found[0].evidence[0]
        assert where == first.path + (f":{first.line}" if ":" in where else "")
    assert all(one.code == code for one in found)


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_is_shown_good_and_bad(code: str) -> None:
    # Those take files that are not committed, a record that names the commit it stands beside, or what a build records.
    elsewhere = {"DATA001": {"fail"}, "RUN003": {"pass"}, "RUN004": {"fail", "pass"}}
    seen = elsewhere.get(code, set()) | {case[3] for case in CASES if case[0] == code}
    assert "fail" in seen
    assert seen & {"pass", ""}


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_page_says_why_bad_good_and_how(code: str) -> None:
    page = RULES[code].page
    assert all(f"\n\n{word}:" in page for word in ("Why", "Bad", "Good", "How it is decided"))


def test_a_pass_always_carries_evidence(tmp_path: Path) -> None:
    files: dict[str, Content] = {}
    for case in CASES:
        if case[3] == "pass" and not case[0].startswith(("DEP", "DVC")):
            files |= case[2]
    found = judge(committed(tmp_path, files), RULES.values())
    assert [one for one in found if one.status == "pass"]
    assert all(one.evidence for one in found if one.status == "pass")


def test_untracked_and_ignored_data_is_found(tmp_path: Path) -> None:
    code = "import pandas as pd\npd.read_csv('raw.csv')\npd.read_csv('cache/made.csv')\nx.to_csv('cache/made.csv')\n"
    files: dict[str, Content] = {"a.py": code, ".gitignore": "data/\nraw.csv\ncache/\nmodel.pt\n"}
    facts = committed(tmp_path, files, {"data/x.csv": "1", "raw.csv": "1", "new.csv": "1", "cache/made.csv": "1"})
    assert sorted(one.subject for one in findings(facts, "DATA001")) == ["data/", "new.csv", "raw.csv"]
    assert statuses(facts, "DATA002") == ["pass"]


def test_data_that_dvc_tracks_is_versioned(tmp_path: Path) -> None:
    pointer = "outs:\n- md5: c4ca4238a0b923820dcc509a6f75849b\n  size: 1\n  hash: md5\n  path: x.csv\n"
    facts = committed(tmp_path, {"data/x.csv.dvc": pointer, "data/.gitignore": "/x.csv\n"}, {"data/x.csv": "1"})
    assert statuses(facts, "DATA001") == ["pass"]


def test_a_waived_line_is_declared_with_its_reason_and_needs_one(tmp_path: Path) -> None:
    line = "x = '/home/anna/x'  # fossml: ignore[PATH001]"
    facts = committed(tmp_path, {"a.py": f"{line} because it is shown\n", "b.py": f"{line}\n"})
    bare, waived = findings(facts, "PATH001")
    assert (waived.status, waived.evidence[0].path) == ("declared", "a.py")
    assert waived.message.endswith("waived because it is shown")
    assert bare.status == "fail" and "because" in bare.hint


def test_what_another_package_brings_is_soft(tmp_path: Path) -> None:
    facts = committed(tmp_path, {"a.py": "import numpy\nimport cv2\n", "requirements.txt": "pandas\n"})
    assert {one.subject: one.level for one in findings(facts, "DEP003")} == {"numpy": "soft", "opencv-python": "hard"}


def test_a_folder_named_like_a_package_hides_it_only_where_python_would_find_it(tmp_path: Path) -> None:
    files: dict[str, Content] = {"a.py": "import datasets\n", "old/x/datasets/b.py": "", "requirements.txt": "x\n"}
    facts = committed(tmp_path, files)
    assert [one.subject for one in findings(facts, "DEP003") if one.status == "fail"] == ["datasets"]


def test_a_seed_of_numpy_is_one_for_scikit_learn(tmp_path: Path) -> None:
    split = "from sklearn.model_selection import train_test_split as s\ns(x)\n"
    assert statuses(committed(tmp_path, {"a.py": split}), "SEED001") == ["fail"]
    facts = committed(tmp_path, {"b.py": "import numpy\nnumpy.random.seed(0)\n"})
    assert statuses(facts, "SEED001") == ["pass"]


def test_vendored_code_is_apart(tmp_path: Path) -> None:
    facts = committed(tmp_path, {"a.py": "x = 1\n", "third_party/net/b.py": "import cv2\nx = '/home/anna/x'\n"})
    assert facts.vendored == ("third_party/net/b.py",)
    assert statuses(facts, "PATH001") == ["pass"]


def test_steps_are_three_hard_ones_first_and_the_verdict_counts(tmp_path: Path) -> None:
    facts = committed(tmp_path, {"a.py": "import cv2\nimport random\nrandom.random()\nx = '/home/anna/x'\n"})
    found = judge(facts, RULES.values())
    steps = next_steps(found, named("pineau"))
    assert len(steps) == 3
    assert steps[0].startswith("a.py:1: write requirements.txt")
    assert verdict(found, facts).startswith("Failures: 3 hard, 2 soft")
    assert [one.level for one in found if one.status == "fail"] == ["hard"] * 3 + ["soft"] * 2


def test_rules_take_any_facts() -> None:
    facts = Facts(git=False, runs=(Run("k", "s", "c"),))
    assert judge(facts, RULES.values())


def test_what_nobody_can_read_comes_first(tmp_path: Path) -> None:
    found = judge(committed(tmp_path, {"dvc.yaml": "stages:\n  a:\n    cmd: x\n    outs:\n"}), RULES.values())
    assert next_steps(found, named("pineau"))[0] == "dvc.yaml:4: mend it; fossml build --dry says when it is"
