"""Where a number comes from: the run that gives it, what changed after it, the best of many read as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fossml.engine.build import Options, build
from fossml.project.declared import read_project
from fossml.types import Finding
from fossml.verify.origin.origins import akin, origins
from fossml.verify.rebuild.targets import read_targets
from tests.verify.papers import TRAIN, claim, paper_files
from tests.verify.projects import Paper


@pytest.fixture
def study(repository: Path, tmp_path: Path) -> Paper:
    """A project that its author built and committed, with the number that came out."""
    study = Paper(repository, tmp_path / "records")
    study.save(paper_files())
    publish(study)
    return study


def made(study: Paper) -> float:
    value: float = json.loads((study.root / "metrics.json").read_text())["acc"]
    return value


def publish(study: Paper, value: str = "", more: Mapping[str, str] | None = None, reading: str = "exact") -> None:
    """Build as the author does, claim what came out (or `value`), commit all."""
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    build(read_project(study.root), Options(env={**os.environ, **env}), lambda _event: None)
    shown = value or f"{made(study):.4f}"
    study.save({"fossml.toml": claim(shown).replace('"exact"', f'"{reading}"'), **(more or {})})


def found(study: Paper) -> dict[str, list[str]]:
    """Code -> statuses of what is said of the origin."""
    said: dict[str, list[str]] = {}
    for one in all_of(study):
        said.setdefault(one.code, []).append(one.status)
    return said


def all_of(study: Paper) -> Sequence[Finding]:
    project = read_project(study.root)
    return origins(project, read_targets(project))


def only(study: Paper, code: str) -> Finding:
    (one,) = [one for one in all_of(study) if one.code == code]
    return one


def test_a_number_that_the_committed_run_gives_is_as_it_should_be(study: Paper) -> None:
    assert found(study) == {"ORG001": ["pass"], "ORG002": ["pass"], "ORG004": ["pass"]}
    assert "run " in only(study, "ORG004").message


def test_a_metrics_file_that_was_edited_after_the_run_is_named_with_what_changed(study: Paper) -> None:
    old = made(study)
    study.save({"metrics.json": '{"acc": 0.9712}', "fossml.toml": claim("0.9712")})
    assert found(study)["ORG001"] == ["fail"]
    only_one = only(study, "ORG001")
    assert f"acc was {old:.10g}, is 0.9712" in only_one.message
    assert [place.path for place in only_one.evidence] == ["dvc.lock", "metrics.json"]
    assert only_one.evidence[0].line


def test_a_metrics_file_with_another_layout_has_the_same_numbers(study: Paper) -> None:
    value = made(study)
    study.save({"metrics.json": json.dumps({"acc": value}, indent=4) + "\n"})
    assert found(study)["ORG001"] == ["pass"]


@pytest.mark.parametrize("ends", ["\r\n", "\n\n"])
def test_other_ends_of_lines_are_no_change(ends: str, study: Paper) -> None:
    (study.root / "metrics.json").write_bytes((study.root / "metrics.json").read_bytes() + ends.encode())
    study.save({})
    assert found(study)["ORG001"] == ["pass"]


@pytest.mark.parametrize("step", [0.01, -0.01, 0.3])
def test_a_number_that_no_run_gives_is_named_with_the_nearest(step: float, study: Paper) -> None:
    study.save({"fossml.toml": claim(f"{made(study) + step:.4f}")})
    assert found(study)["ORG002"] == ["fail"]
    assert f"{made(study):.10g}" in only(study, "ORG002").message


@pytest.mark.parametrize("form", ["{:.2f}", "{:.1%}", "{:.3f}"])
def test_a_number_is_given_as_it_is_printed(form: str, study: Paper) -> None:
    study.save({"fossml.toml": claim(form.format(made(study)))})
    assert found(study)["ORG002"] == ["pass"]


def test_rounding_up_is_no_rounding(study: Paper) -> None:
    study.save({"train.py": TRAIN.replace('accuracy(model, load("test.csv"))', "0.8741")})
    publish(study, "0.88")
    assert found(study)["ORG002"] == ["fail"]
    study.save({"fossml.toml": claim("0.87")})
    assert found(study)["ORG002"] == ["pass"]


def test_a_number_of_an_older_commit_is_found_there(study: Paper) -> None:
    old = made(study)
    study.save({"train.csv": paper_files()["train.csv"] + "3.0,-9.0,x\n" * 40})
    publish(study, f"{old:.4f}")
    assert made(study) != old
    first = only(study, "ORG002")
    assert first.status == "unknown"
    assert f"the newest is {made(study):.10g}" in first.message


def test_the_best_of_committed_versions_is_not_the_newest(study: Paper) -> None:
    values = [0.81, 0.84, 0.883, 0.85]
    for value in values:
        study.save({"train.py": TRAIN.replace('accuracy(model, load("test.csv"))', str(value))})
        publish(study, "0.883")
    assert found(study)["ORG003"] == ["fail"]
    assert "the newest is 0.85" in only(study, "ORG003").message


def test_without_any_record_it_cannot_be_told(repository: Path, tmp_path: Path) -> None:
    study = Paper(repository, tmp_path / "records")
    study.save(paper_files())
    assert found(study) == {"ORG002": ["unknown"]}


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"train.csv": "a,b,label\n1,2,x\n3,4,y\n"}, "train.csv"),
        ({"train.py": TRAIN + "# more\n"}, "train.py"),
    ],
)
def test_inputs_that_changed_after_the_run_are_named(files: dict[str, str], what: str, study: Paper) -> None:
    study.save(files)
    assert found(study)["ORG004"] == ["fail"]
    assert f"{what} of train changed" in only(study, "ORG004").message


def runs_table(values: Sequence[float], more: str = "", column: str = "") -> str:
    head = f"seed,{column + ',' if column else ''}acc\n"
    return head + "".join(f"{seed},{more + ',' if more else ''}{value}\n" for seed, value in enumerate(values))


TEN = [0.84, 0.85, 0.8635, 0.83, 0.852, 0.849]


def test_the_best_row_of_a_table_of_seeds_read_as_one_run_is_named(study: Paper) -> None:
    study.save({"results/seeds.csv": runs_table(TEN), "fossml.toml": claim("0.8635")})
    one = only(study, "ORG003")
    assert one.status == "fail"
    assert "best of 6 recorded runs" in one.message
    assert "mean is 0.847417" in one.message
    assert one.evidence[0].line == 4


@pytest.mark.parametrize(("reading", "status"), [("best:6", "pass"), ("best:3", "fail"), ("mean:6", "fail")])
def test_what_is_said_to_be_the_best_of_as_many_is_as_it_should_be(reading: str, status: str, study: Paper) -> None:
    study.save({"results/seeds.csv": runs_table(TEN), "fossml.toml": claim("0.8635").replace("exact", reading)})
    assert found(study)["ORG003"] == [status]


def test_the_mean_of_a_table_of_seeds_is_given(study: Paper) -> None:
    study.save({"results/seeds.csv": runs_table(TEN), "fossml.toml": claim("0.8474").replace("exact", "mean:6")})
    said = found(study)
    assert said["ORG002"] == ["pass"]
    assert "ORG003" not in said


def test_the_best_of_several_methods_is_no_best_of_runs(study: Paper) -> None:
    table = "method,acc\nlda,0.84\nqda,0.85\nours,0.8635\nknn,0.83\n"
    study.save({"results/table.csv": table, "fossml.toml": claim("0.8635")})
    assert "ORG003" not in found(study)


def test_a_table_of_epochs_is_no_table_of_runs(study: Paper) -> None:
    table = "epoch,acc\n1,0.84\n2,0.85\n3,0.8635\n"
    study.save({"log.csv": table, "fossml.toml": claim("0.8635")})
    assert "ORG003" not in found(study)


def test_a_count_of_runs_makes_no_table_of_runs(study: Paper) -> None:
    table = "method,runs,acc\nlda,5,0.84\nqda,5,0.85\nours,5,0.8635\nknn,5,0.83\n"
    rows = [{"id": one, "runs": 3, "acc": value} for one, value in zip("abcd", TEN, strict=False)]
    study.save({"table.csv": table, "table.json": json.dumps(rows), "fossml.toml": claim("0.8635")})
    assert "ORG003" not in found(study)


def test_a_claim_without_a_number_has_no_origin_to_be_told(study: Paper) -> None:
    study.save({"fossml.toml": claim() + '[[claim]]\nid = "more"\nmetric = "metrics.json:acc"\nbetter_than = "acc"\n'})
    said = [one.code for one in all_of(study) if one.subject == "more"]
    assert "ORG002" not in said


def test_files_that_differ_by_a_number_are_runs(study: Paper) -> None:
    files = {f"results/seed_{seed}.json": json.dumps({"acc": value}) for seed, value in enumerate(TEN)}
    study.save({**files, "fossml.toml": claim("0.8635")})
    assert found(study)["ORG003"] == ["fail"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("acc", "test/accuracy", True),
        ("test.acc", "accuracy", True),
        ("acc", "val_accuracy", False),
        ("acc", "train_acc", False),
        ("f1", "f1_score", True),
        ("acc", "loss", False),
        ("macro.f1", "f1", False),
    ],
)
def test_names_of_metrics(one: str, other: str, same: bool) -> None:
    assert akin(one, other) is same


def test_reading_runs_nothing_and_writes_nothing(study: Paper) -> None:
    (study.root / "mlflow.db").write_bytes(b"SQLite format 3\0 and then nothing of the kind")
    (study.root / "wandb/run-1").mkdir(parents=True)
    (study.root / "wandb/run-1/run-1.wandb").write_bytes(b":W&B\0\0\0" + b"\xff" * 50)
    before = subprocess.run(["git", "status", "--porcelain"], cwd=study.root, capture_output=True, check=True).stdout
    assert found(study)["ORG002"] == ["pass"]
    after = subprocess.run(["git", "status", "--porcelain"], cwd=study.root, capture_output=True, check=True).stdout
    assert before == after
