"""Real projects, built twice: where two results part, and the likely cause, one project for each."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fossml.cli import main
from fossml.engine.build import Options, build
from fossml.errors import FossmlError
from fossml.project.declared import read_project
from fossml.verify.diff.bytesof import Finder
from fossml.verify.diff.causes import Cause, cause
from fossml.verify.diff.differences import Diff, diff
from fossml.verify.diff.sides import sides

PIPELINE = """\
stages:
  prepare:
    cmd: python3 prepare.py
    deps: [prepare.py, raw.csv]
    outs: [data.csv]
  train:
    cmd: python3 train.py
    deps: [data.csv, train.py]
    params: [lr]
    outs: [model.npz]
    metrics:
    - m.json:
        cache: false
"""
PREPARE = 'import shutil\nshutil.copy("raw.csv", "data.csv")\n'
TRAIN = """\
import csv, json, os, sys
import numpy as np
rows = list(csv.reader(open("data.csv")))[1:]
x = np.array([float(row[1]) for row in rows])
w = x * float(open("params.yaml").read().split()[1])
{more}
np.savez("model.npz", w=w)
json.dump({{"acc": float(w.sum()), "n": len(x)}}, open("m.json", "w"))
"""
FILES = {
    "dvc.yaml": PIPELINE,
    "raw.csv": "id,x\na,0.1\nb,0.7\nc,0.3\n",
    "prepare.py": PREPARE,
    "train.py": TRAIN.format(more=""),
    "params.yaml": "lr: 0.1\n",
    ".gitignore": "/data.csv\n/model.npz\n/.dvc/cache\n__pycache__\n",
}
# What a project does with a file that counts its runs: that is not part of the repository, so nothing knows of it.
COUNT = """
import pathlib
counter = pathlib.Path(os.environ["COUNTER"])
turn = int(counter.read_text()) if counter.exists() else 0
counter.write_text(str(turn + 1))
"""


@dataclass
class Lab:
    """A repository that is built now and then."""

    root: Path
    counter: Path

    def save(self, files: Mapping[str, str], commit: bool = True) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        if commit:
            self.commit()

    def commit(self) -> None:
        for args in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "more"]):
            subprocess.run(["git", *args], cwd=self.root, check=True)

    def build(self, force: str = "", **env: str) -> None:
        options = Options(
            env={**os.environ, "COUNTER": str(self.counter), **env},
            force=bool(force),
            targets=(force,) if force else (),
        )
        assert build(read_project(self.root), options, lambda _event: None).failed == 0

    def diff(self, left: str | None = None, right: str | None = None) -> tuple[Diff, Cause | None]:
        temporary = self.counter.parent / f"temporary-{len(list(self.counter.parent.iterdir()))}"
        temporary.mkdir()
        one, other = sides(self.root, left, right, temporary, None)
        found = diff(one, other, Finder(self.root, temporary))
        return found, cause(found, one.files | other.files)


@pytest.fixture
def lab(repository: Path, tmp_path: Path) -> Lab:
    lab = Lab(repository, tmp_path / "counter")
    lab.save(FILES)
    return lab


def built(lab: Lab, files: Mapping[str, str] | None = None, **env: str) -> None:
    """Build, and commit what that left."""
    lab.save(files or {})
    lab.build(**env)
    lab.commit()


def likely(lab: Lab, left: str | None = None, right: str | None = None) -> Cause:
    said = lab.diff(left, right)[1]
    assert said is not None
    return said


def test_nothing_differs_from_a_clean_commit(lab: Lab) -> None:
    built(lab)
    found, said = lab.diff()
    assert (found.verdict, found.looked_at, said) == ("same", 2, None)


def test_a_parameter(lab: Lab) -> None:
    built(lab)
    built(lab, {"params.yaml": "lr: 0.2\n"})
    found, said = lab.diff("HEAD~2", "HEAD")
    [stage] = found.stages
    assert (stage.address, [str(one) for one in stage.parameters]) == ("train", ["params.yaml:lr 0.1 -> 0.2"])
    assert {one.path for one in stage.outputs} == {"m.json", "model.npz"}
    assert said == Cause("only parameters of train differ: params.yaml:lr 0.1 -> 0.2", "set them in params.yaml")
    assert found.first is None


def test_code_is_shown_as_a_diff_and_a_helper_that_nobody_declared_too(lab: Lab) -> None:
    built(
        lab,
        {
            "train.py": TRAIN.format(more="import helper; w = helper.scaled(w)"),
            "helper.py": "def scaled(x):\n    return x\n",
        },
    )
    built(lab, {"helper.py": "def scaled(x):\n    return 2 * x\n"})
    found, said = lab.diff("HEAD~2", "HEAD")
    [stage] = found.stages
    [change] = stage.code
    assert change.path == "helper.py"
    assert change.text is not None
    assert {"-    return x", "+    return 2 * x"} <= set(change.text)
    assert said is not None
    assert said.sentence == "only the code of train differs: helper.py"


def test_data_is_shown_by_row(lab: Lab) -> None:
    built(lab)
    built(lab, {"raw.csv": FILES["raw.csv"].replace("0.7", "0.8")})
    found, said = lab.diff("HEAD~2", "HEAD")
    assert [stage.address for stage in found.stages] == ["prepare", "train"]
    [data] = found.stages[0].data
    assert data.comparison is not None
    assert data.comparison.parts[0].where == "row 2, column x"
    assert said is not None
    assert said.sentence == "only data of prepare differs: raw.csv"


def test_the_order_of_rows(lab: Lab) -> None:
    built(lab)
    built(lab, {"raw.csv": "id,x\nc,0.3\na,0.1\nb,0.7\n"})
    said = likely(lab, "HEAD~2", "HEAD")
    assert said.sentence == "the order of the rows of raw.csv differs and nothing else in it"
    assert said.edit == "sort the rows where raw.csv is written, or where prepare reads it"


def test_the_command(lab: Lab) -> None:
    built(lab)
    built(
        lab,
        {
            "dvc.yaml": PIPELINE.replace("train.py\n    deps", "train.py --fast\n    deps"),
            "train.py": FILES["train.py"],
        },
    )
    lab.save({"train.py": FILES["train.py"]})
    found, said = lab.diff("HEAD~3", "HEAD")
    assert found.stages[0].command[0].right == "python3 train.py --fast"
    assert said is not None
    assert "command" in said.sentence


def test_a_seed_that_nobody_gives(lab: Lab) -> None:
    built(lab, {"train.py": TRAIN.format(more="w = w + np.random.normal(size=3)")})
    lab.build(force="train")
    found, said = lab.diff("train")
    assert found.first == "train"
    assert said is not None
    assert "came out: no seed reaches it (train.py:6 " in said.sentence
    assert said.edit.startswith("add [seed] to fossml.toml")


def test_another_seed_and_one_that_is_not_followed(lab: Lab) -> None:
    draw = "w = w + np.random.default_rng(int(os.environ['SEED'])).normal(size=3)"
    built(lab, {"train.py": TRAIN.format(more=draw), "fossml.toml": '[seed]\nenv = "SEED"\nvalue = 1\n'})
    built(lab, {"fossml.toml": '[seed]\nenv = "SEED"\nvalue = 2\n'})
    said = likely(lab, "train")
    assert said == Cause("only the seed of train differs: 1 -> 2", "give [seed] in fossml.toml value = 1")
    built(lab, {"train.py": TRAIN.format(more="w = w + np.random.normal(size=3)")})
    lab.build(force="train")
    assert "the seed 2 too" in likely(lab, "train").sentence


def test_floating_point_added_up_in_another_order(lab: Lab) -> None:
    more = COUNT + "w = np.array([sum(x[::-1] if turn else x)])"
    built(lab, {"train.py": TRAIN.format(more=more), "raw.csv": "id,x\na,0.1\nb,0.2\nc,0.3\n"})
    lab.build(force="train")
    found, said = lab.diff("train")
    assert found.first == "train"
    [npz] = [one.comparison for one in found.stages[0].outputs if one.path == "model.npz"]
    assert npz is not None
    assert (npz.level, npz.gap and npz.gap.ulps) == ("precision", 1)
    assert said is not None
    assert "within 1 ULP:" in said.sentence
    assert "floating point" in said.sentence
    assert "OMP_NUM_THREADS=1" in said.edit


def test_the_thread_count(lab: Lab) -> None:
    more = "w = w * int(os.environ['OMP_NUM_THREADS'])"
    built(
        lab,
        {"train.py": TRAIN.format(more=more), "fossml.toml": '[stage.train]\nenv = ["OMP_NUM_THREADS"]\n'},
        OMP_NUM_THREADS="1",
    )
    lab.build(OMP_NUM_THREADS="2")
    said = likely(lab, "train")
    assert said.sentence == "only the thread count differs: OMP_NUM_THREADS 1 -> 2"
    assert said.edit == "set it in the command of train: `OMP_NUM_THREADS=1 ...`"


def test_the_order_of_a_set(lab: Lab) -> None:
    more = "names = list({row[0] for row in rows}); json.dump(names, open('names.json', 'w'))"
    pipeline = PIPELINE.replace("outs: [model.npz]", "outs: [model.npz, names.json]")
    built(lab, {"train.py": TRAIN.format(more=more), "dvc.yaml": pipeline}, PYTHONHASHSEED="1")
    seen = (lab.root / "names.json").read_text()
    for seed in range(2, 40):
        lab.build(force="train", PYTHONHASHSEED=str(seed))
        if (lab.root / "names.json").read_text() != seen:
            break
    found, said = lab.diff("train")
    assert found.first == "train"
    assert said is not None
    assert "in another order" in said.sentence
    assert "sorted" in said.edit


def test_times_in_an_output(lab: Lab) -> None:
    more = COUNT + "json.dump({'when': f'2024-01-0{turn + 1}T00:00:00', 'acc': 1}, open('when.json', 'w'))"
    pipeline = PIPELINE.replace("outs: [model.npz]", "outs: [model.npz, when.json]")
    built(lab, {"train.py": TRAIN.format(more=more), "dvc.yaml": pipeline})
    lab.build(force="train")
    said = likely(lab, "train")
    assert "only times in when.json differ" in said.sentence
    assert said.edit.startswith("write no times into when.json")


def test_rows_that_a_stage_writes_in_another_order(lab: Lab) -> None:
    prepare = (
        "import os\n"
        + COUNT
        + (
            "rows = open('raw.csv').read().splitlines()\n"
            "body = rows[1:][::-1] if turn else rows[1:]\n"
            "open('data.csv', 'w').write('\\n'.join([rows[0], *body]) + '\\n')\n"
        )
    )
    built(lab, {"prepare.py": prepare})
    lab.build(force="prepare")
    lab.build()
    found, said = lab.diff("HEAD")
    assert found.first == "prepare"
    assert said is not None
    assert "the order of the rows of data.csv differs" in said.sentence
    assert said.edit == "sort them before data.csv is written"


def package(folder: Path, version: str, factor: int) -> Path:
    """A distribution `shift` whose result depends on its version."""
    place = folder / version / "site-packages"
    info = place / f"shift-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: shift\nVersion: {version}\n")
    (info / "RECORD").write_text("shift.py,,\n")
    (info / "INSTALLER").write_text("pip\n")
    (place / "shift.py").write_text(f"def shifted(x):\n    return {factor} * x\n")
    return place


def test_a_package_of_another_version(lab: Lab, tmp_path: Path) -> None:
    built(
        lab,
        {"train.py": TRAIN.format(more="import shift; w = shift.shifted(w)"), "requirements.txt": "shift\n"},
        PYTHONPATH=str(package(tmp_path / "packages", "1.4.0", 1)),
    )
    lab.build(force="train", PYTHONPATH=str(package(tmp_path / "packages", "1.9.0", 2)))
    found, said = lab.diff("train")
    assert [str(one) for one in found.stages[0].packages] == ["shift 1.4.0 -> 1.9.0"]
    assert said == Cause(
        "only packages of train differ: shift 1.4.0 -> 1.9.0", "pin it in requirements.txt: shift==1.4.0"
    )


def test_several_changes_at_once_are_all_named(lab: Lab) -> None:
    built(lab)
    built(lab, {"params.yaml": "lr: 0.2\n", "train.py": TRAIN.format(more="w = w + 1")})
    said = likely(lab, "HEAD~2", "HEAD")
    assert "params.yaml:lr 0.1 -> 0.2" in said.sentence
    assert "train.py differs" in said.sentence
    assert said.edit == "change one at a time to tell which of them counts"


def test_a_working_tree_that_is_not_built_says_so(lab: Lab) -> None:
    built(lab)
    lab.save({"params.yaml": "lr: 0.3\n"}, commit=False)
    found, said = lab.diff()
    assert found.verdict == "different"
    assert found.stages[0].stale == ("params.yaml:lr was 0.1, is 0.3",)
    assert said is not None
    assert said.edit == "fossml build"


def test_outputs_whose_bytes_are_gone_are_unknown(lab: Lab) -> None:
    built(lab)
    built(lab, {"params.yaml": "lr: 0.2\n"})
    cache = lab.root / ".dvc" / "cache"
    subprocess.run(["chmod", "-R", "u+w", cache], check=True)
    subprocess.run(["rm", "-rf", cache], check=True)
    found, _ = lab.diff("HEAD~2", "HEAD")
    told = {one.path: one.comparison for one in found.stages[0].outputs}
    assert told["model.npz"] is not None
    assert told["model.npz"].level == "unknown"
    assert told["m.json"] is not None  # git has it
    assert told["m.json"].level == "different"


@pytest.mark.parametrize("word", ["nothing", "0123456789", "--help-me", "prepare.py"])
def test_a_word_that_means_nothing_is_refused(word: str, lab: Lab) -> None:
    built(lab)
    with pytest.raises(FossmlError, match="no commit, run, folder or stage"):
        lab.diff(word)


def test_a_stage_with_one_run_has_nothing_to_compare(lab: Lab) -> None:
    built(lab)
    with pytest.raises(FossmlError, match="only one run of train"):
        lab.diff("train")


def test_the_history_is_read_and_no_file_of_the_repository_is_touched(lab: Lab) -> None:
    built(lab)
    built(lab, {"params.yaml": "lr: 0.2\n"})
    before = subprocess.run(["git", "status", "--porcelain"], cwd=lab.root, capture_output=True, check=True).stdout
    lab.diff("HEAD~2", "HEAD")
    after = subprocess.run(["git", "status", "--porcelain"], cwd=lab.root, capture_output=True, check=True).stdout
    assert (before, after) == (b"", b"")


def test_two_runs_by_the_digits_of_their_keys(lab: Lab) -> None:
    built(lab)
    first = json.loads((lab.root / "fossml.lock").read_text())["train"]["key"]
    built(lab, {"params.yaml": "lr: 0.2\n"})
    second = json.loads((lab.root / "fossml.lock").read_text())["train"]["key"]
    found, _ = lab.diff(first[:10], second[:10])
    assert [stage.address for stage in found.stages] == ["train"]
    alone, _ = lab.diff(first[:10])
    assert (alone.left, alone.right) == (found.left, found.right)


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[Any, str]:
    with pytest.raises(SystemExit) as ended:
        main(["diff", *words])
    return ended.value.code, capsys.readouterr().out


def test_the_command_prints_and_exits(
    lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    built(lab)
    monkeypatch.chdir(lab.root)
    code, out = called(capsys)
    assert (code, "Nothing differs in 2 stages" in out) == (0, True)
    built(lab, {"params.yaml": "lr: 0.2\n"})
    code, out = called(capsys, "HEAD~2", "HEAD")
    assert code == 1
    assert "parameters   params.yaml:lr 0.1 -> 0.2" in out
    assert "Likely: only parameters of train differ" in out
    code, out = called(capsys, "HEAD~2", "HEAD", "--json")
    document = json.loads(out)
    assert (code, document["exit_code"], document["version"]) == (1, 1, 1)
    assert document["stages"][0]["outputs"][0]["comparison"]["parts"][0]["where"] == "acc"
    assert document["cause"]["edit"] == "set them in params.yaml"
    code, _ = called(capsys, "lock")
    assert code == 3
