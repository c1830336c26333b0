"""Probes: permuted labels fall to chance, baselines stand beside the number, no row is on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fossml.types import Finding
from fossml.verify.project.verified import Verified
from fossml.verify.shows import Further
from tests.verify.papers import LOAD, TRAIN, claim, paper_files, table
from tests.verify.projects import Paper

PROBE = Further(controls=False, probe=True)


@pytest.fixture
def study(repository: Path, tmp_path: Path) -> Paper:
    """Class means of a table, an accuracy on another; sound."""
    study = Paper(repository, tmp_path / "records")
    study.save(paper_files())
    return study


def told(verified: Verified, code: str) -> Finding:
    (one,) = [one for one in verified.findings if one.code == code]
    return one


def statuses(verified: Verified) -> dict[str, str]:
    return {one.code: one.status for one in verified.findings if one.code.startswith("PRB")}


SOUND = {"PRB001": "pass", "PRB002": "pass", "PRB003": "pass", "PRB004": "not applicable", "PRB006": "pass"}


def test_a_sound_project_passes(study: Paper) -> None:
    verified = study.verify(further=PROBE)
    assert statuses(verified) == SOUND
    permuted = told(verified, "PRB001")
    assert "(label, guessed from its name) it falls to" in permuted.message
    assert "a linear model" in told(verified, "PRB002").message


NEAREST = LOAD + (
    'rows = load("train.csv")\n'
    "def nearest(x, rows):\n"
    "    return min(rows, key=lambda r: sum((p - q) ** 2 for p, q in zip(x, r[0])))[1]\n"
    'test = load("test.csv")\n'
    "hits = sum(nearest(x, rows) == label for x, label in test) / len(test)\n"
    'json.dump({}, open("model.json", "w"))\n'
    'json.dump({"acc": hits}, open("metrics.json", "w"))\n'
)


def test_rows_in_both_files_are_counted(study: Paper) -> None:
    test = paper_files()["test.csv"]
    shared = test + "".join(f"{line}\n" for line in paper_files()["train.csv"].splitlines()[1:41])
    study.save({"test.csv": shared, "train.py": NEAREST})
    verified = study.verify(further=PROBE)
    only = told(verified, "PRB003")
    assert only.status == "fail"
    assert "40 of 120 rows of test.csv stand in train.csv too" in only.message
    study.save({"test.csv": test})
    assert statuses(study.verify(further=PROBE)) == SOUND


def test_rows_that_are_the_same_after_rounding_are_counted(study: Paper) -> None:
    def moved(line: str) -> str:
        a, b, label = line.split(",")
        return f"{float(a) + 1e-7:.7f},{float(b) + 1e-7:.7f},{label}\n"

    near = "".join(moved(line) for line in paper_files()["train.csv"].splitlines()[1:41])
    study.save({"test.csv": paper_files()["test.csv"] + near})
    only = told(study.verify(further=PROBE), "PRB003")
    assert only.status == "fail"
    assert "rounded" in only.message


def test_copies_under_other_row_numbers_are_counted(study: Paper) -> None:
    def numbered(text: str, first: int) -> str:
        head, *lines = text.splitlines()
        return "\n".join([f"id,{head}", *(f"{first + n},{line}" for n, line in enumerate(lines))]) + "\n"

    train = paper_files()["train.csv"]
    copied = paper_files()["test.csv"] + "".join(f"{line}\n" for line in train.splitlines()[1:41])
    study.save({"train.csv": numbered(train, 0), "test.csv": numbered(copied, 5000)})
    assert told(study.verify(further=PROBE), "PRB003").status == "fail"


def test_few_values_come_out_alike_by_chance(study: Paper) -> None:
    def coarse(text: str) -> str:
        head, *lines = text.splitlines()
        cells = (line.split(",") for line in lines)
        return head + "\n" + "".join(f"{round(float(a))},{round(float(b))},{label}\n" for a, b, label in cells)

    study.save({name: coarse(paper_files()[name]) for name in ("train.csv", "test.csv")})
    assert told(study.verify(further=PROBE), "PRB003").status == "pass"


MEMORY = NEAREST.replace('rows = load("train.csv")', 'rows = load("train.csv") + load("test.csv")')


def test_a_model_that_learned_the_test_rows_does_not_fall_to_chance(study: Paper) -> None:
    study.save({"train.py": MEMORY})
    verified = study.verify(further=PROBE)
    only = told(verified, "PRB001")
    assert only.status == "fail"
    assert "still 1," in only.message
    study.save({"train.py": NEAREST})
    assert told(study.verify(further=PROBE), "PRB001").status == "pass"


def test_a_number_no_better_than_the_commonest_class_is_named(study: Paper) -> None:
    head, *lines = table(300, 5).splitlines()
    rare = [line for line in lines if line.endswith("y")][:8] + [line for line in lines if line.endswith("x")]
    always = TRAIN.replace(
        'accuracy(model, load("test.csv"))', 'sum(l == "x" for _, l in load("test.csv")) / len(load("test.csv"))'
    )
    text = "\n".join([head, *rare]) + "\n"
    study.save({"train.py": always, "train.csv": text, "test.csv": text.replace("0.", "0.1")})
    assert told(study.verify(further=PROBE), "PRB002").status == "fail"


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"fossml_toml": '[probe]\nlabel = "kind"\n\n' + claim()}, "as fossml.toml says"),
        (
            {"train_py": TRAIN.replace('r["label"]', 'r["kind"]') + 'y = {"kind": 1}["kind"]\n'},
            "guessed from train.py:",
        ),
        ({}, "guessed from train.csv: it alone holds few values"),
    ],
)
def test_the_label_is_declared_or_guessed_and_that_is_said(changes: dict[str, str], how: str, study: Paper) -> None:
    files = {**paper_files(), **paper_files(**changes)} if changes else dict(paper_files())
    files = {name: text.replace("a,b,label", "a,b,kind") for name, text in files.items()}
    files["train.py"] = files["train.py"].replace('r["label"]', 'r["kind"]')
    study.save(files)
    only = told(study.verify(further=PROBE), "PRB001")
    assert (only.status, how in only.message) == ("pass", True)


def test_where_nothing_says_which_column_is_the_label_that_is_said(study: Paper) -> None:
    def turned(text: str) -> str:
        cells = (line.split(",") for line in text.splitlines())
        return "".join(f"{a},{'kind' if c == 'label' else c},{b}\n" for a, b, c in cells)

    files = {name: turned(text) if name.endswith(".csv") else text for name, text in paper_files().items()}
    study.save({**files, "train.py": TRAIN.replace('r["label"]', 'r["kind"]')})
    only = told(study.verify(further=PROBE), "PRB001")
    assert (only.status, '[probe] label = "COLUMN"' in only.hint) == ("unknown", True)


FITS = """\
import csv, json
class StandardScaler:
    def fit_transform(self, rows):
        means = [sum(c) / len(c) for c in zip(*rows)]
        return [[v - m for v, m in zip(row, means)] for row in rows]
def train_test_split(X, y):
    return X[:80], X[80:], y[:80], y[80:]
rows = list(csv.DictReader(open("train.csv")))
X = [[float(r["a"]), float(r["b"])] for r in rows]
y = [r["label"] for r in rows]
BODY
json.dump({}, open("model.json", "w"))
hits = sum((sum(x) > sum(map(sum, a)) / len(a)) == (label == "y") for x, label in zip(b, d)) / len(b)
json.dump({"acc": hits}, open("metrics.json", "w"))
"""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("X = StandardScaler().fit_transform(X)\na, b, c, d = train_test_split(X, y)", "fail"),
        ("a, b, c, d = train_test_split(X, y)", "pass"),
    ],
)
def test_a_fit_before_the_split_is_named_with_both_lines(body: str, status: str, study: Paper) -> None:
    study.save({"train.py": FITS.replace("BODY", body)})
    only = told(study.verify(further=PROBE), "PRB004")
    assert only.status == status
    if status == "fail":
        assert [(place.path, place.line) for place in only.evidence] == [("train.py", 11), ("train.py", 12)]


TWO = """\
stages:
  train:
    cmd: python3 train.py
    deps: [train.py, train.csv{more}]
    outs: [model.json]
  evaluate:
    cmd: python3 evaluate.py
    deps: [evaluate.py, test.csv, model.json]
    metrics: [metrics.json]
"""
LEARN = LOAD + 'json.dump(means(load("train.csv")), open("model.json", "w"))\n'
MEASURE = (
    LOAD + 'json.dump({"acc": accuracy(json.load(open("model.json")), load("test.csv"))}, open("metrics.json", "w"))\n'
)


@pytest.mark.parametrize("declared", [True, False])
def test_a_stage_that_learns_and_reads_the_test_file_is_named(declared: bool, study: Paper) -> None:
    learn = LEARN.replace('load("train.csv")', 'load("train.csv") + load("test.csv")')
    study.save(
        {"dvc.yaml": TWO.format(more=", test.csv" if declared else ""), "train.py": learn, "evaluate.py": MEASURE}
    )
    only = told(study.verify(further=PROBE), "PRB005")
    assert (only.status, only.evidence[0].path) == ("fail", "test.csv")
    study.save({"train.py": LEARN, "dvc.yaml": TWO.format(more="")})
    assert "PRB005" not in statuses(study.verify(further=PROBE))


def test_a_repeat_finds_in_what_a_stage_makes_what_the_first_time_found(study: Paper) -> None:
    pipeline = (
        "stages:\n  make:\n    cmd: python3 make.py\n    deps: [make.py]\n    outs: [train.csv, test.csv]\n"
        "  train:\n    cmd: python3 train.py\n    deps: [train.py, train.csv, test.csv]\n    metrics: [metrics.json]\n"
    )
    make = "".join(f"open({name!r}, 'w').write({text!r})\n" for name, text in paper_files().items() if "csv" in name)
    for name in ("train.csv", "test.csv"):
        (study.root / name).unlink()
    study.save({"dvc.yaml": pipeline, "make.py": make})
    further = Further(controls=False, probe=True)
    first = study.verify(further=further)
    assert study.verify(further=further).findings == first.findings
    assert any(one.code == "PRB001" and one.status == "pass" for one in first.findings)


@pytest.mark.parametrize("used", [True, False])
def test_a_column_that_tells_the_label_counts_where_the_number_rests_on_it(used: bool, study: Paper) -> None:
    def exited(text: str) -> str:
        head, *lines = text.splitlines()
        days = (place % 80 + 1 if line.endswith("y") else 0 for place, line in enumerate(lines))
        return f"days,{head}\n" + "".join(f"{day},{line}\n" for day, line in zip(days, lines, strict=True))

    reading = TRAIN.replace('float(r["b"])]', 'float(r["b"]), 9.0 * float(r["days"])]') if used else TRAIN
    files = {name: exited(paper_files()[name]) for name in ("train.csv", "test.csv")}
    study.save({**files, "train.py": reading})
    only = told(study.verify(further=PROBE), "PRB006")
    assert only.status == ("fail" if used else "pass")
    assert only.message.startswith("days alone tells label (")
    assert ("the number does not rest on it" in only.message) == (not used)


def test_texts_in_json_lines_have_a_label_too(study: Paper) -> None:
    def lines(text: str) -> str:
        rows = (line.split(",") for line in text.splitlines()[1:])
        return "".join(json.dumps({"text": f"{a} {b}", "label": label}) + "\n" for a, b, label in rows)

    train = TRAIN.replace("rows = list(csv.DictReader(file))", "rows = [json.loads(line) for line in file]")
    train = train.replace('[float(r["a"]), float(r["b"])]', '[float(x) for x in r["text"].split()]')
    files = {name.replace("csv", "jsonl"): lines(paper_files()[name]) for name in ("train.csv", "test.csv")}
    for name in ("train.csv", "test.csv"):
        (study.root / name).unlink()
    study.save({**files, "train.py": train.replace(".csv", ".jsonl")})
    study.save({"dvc.yaml": paper_files()["dvc.yaml"].replace(".csv", ".jsonl")})
    verified = study.verify(further=PROBE)
    assert "(label, guessed from" in told(verified, "PRB001").message
    assert "for always the commonest class (on test.jsonl, 80 rows)" in told(verified, "PRB002").message
