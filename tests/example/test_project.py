"""The example gives the numbers that its README and its claims state, and the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)

from .conftest import Run

MADE = (
    "data/standardised.csv",
    "metrics/lda.json",
    "metrics/qda.json",
    "metrics/knn1.json",
    "metrics/rda.json",
    "metrics/network.json",
    "model/rda.npz",
    "table.csv",
    "table.md",
)


def metrics(root: Path, name: str) -> Any:
    return json.loads((root / "metrics" / f"{name}.json").read_text(encoding="utf-8"))


def digests(root: Path) -> dict[str, str]:
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in MADE}


@pytest.mark.parametrize(("name", "correct"), [("rda", 178), ("qda", 177), ("lda", 176), ("knn1", 170)])
def test_leave_one_out_classifies_as_many_wines_as_stated(built: Path, name: str, correct: int) -> None:
    result = metrics(built, name)
    assert (result["correct"], result["n"], result["accuracy"]) == (correct, 178, correct / 178)


def test_rda_is_right_about_every_wine_with_some_settings_only(built: Path) -> None:
    result = metrics(built, "rda")
    settings = result["by_setting"]
    assert [name for name, accuracy in settings.items() if accuracy == 1] == [
        "lambda 10 %, gamma 0 %",
        "lambda 15 %, gamma 0 %",
        "lambda 5 %, gamma 10 %",
        "lambda 10 %, gamma 10 %",
        "lambda 15 %, gamma 10 %",
    ]
    assert len(settings) == 84
    assert result["best"] == {"lambda": 0.1, "gamma": 0.0}
    assert settings["lambda 0 %, gamma 0 %"] == metrics(built, "qda")["accuracy"]
    assert settings["lambda 100 %, gamma 0 %"] == metrics(built, "lda")["accuracy"]


def test_the_table_has_a_row_for_each_classifier(built: Path) -> None:
    with (built / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["classifier"]: int(row["correct"]) for row in csv.DictReader(file)}
    assert rows == {"rda": 178, "qda": 177, "lda": 176, "knn1": 170}
    text = (built / "table.md").read_text(encoding="utf-8")
    assert "| 1NN, standardised data | 170 of 178 | 95.5% |" in text
    assert "84 settings: 96.6% to 100.0%. The best is reached by 5 of them." in text


def test_the_saved_model_names_cultivars_and_holds_no_pickle(built: Path, run: Run) -> None:
    with np.load(built / "model/rda.npz", allow_pickle=False) as model:
        assert {array.dtype.kind for array in model.values()} == {"f", "i"}
    named = np.array(run(built, "python", "src/predict.py", "data/wine.csv").stdout.split(), dtype=int)
    cultivars = np.loadtxt(built / "data/wine.csv", delimiter=",", skiprows=1)[:, 0]
    assert len(named) == 178
    assert (named == cultivars).sum() >= 177


def test_a_second_build_does_nothing_and_one_by_force_gives_the_same_bytes(
    built: Path, tmp_path: Path, dvc_path: Path, run: Run
) -> None:
    root = tmp_path / "again"
    shutil.copytree(built, root)
    assert "Data and pipelines are up to date" in run(root, dvc_path, "repro").stdout
    for name in MADE:
        (root / name).unlink()
    run(root, dvc_path, "repro", "--force")
    assert digests(root) == digests(built)


def test_git_sees_nothing_that_a_build_caches(built: Path, run: Run) -> None:
    seen = run(built, "git", "status", "--short", "--untracked-files=all").stdout.split()
    assert "dvc.lock" in seen
    assert not {"data/standardised.csv", "model/rda.npz"} & set(seen)
    assert (built / "data/.gitignore").read_text() == "/standardised.csv\n"


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize(
    ("lam", "other"), [(1.0, LinearDiscriminantAnalysis()), (0.0, QuadraticDiscriminantAnalysis())]
)
def test_rda_at_its_ends_is_linear_and_quadratic_discriminant_analysis(built: Path, lam: float, other: Any) -> None:
    rda, wine = importlib.import_module("rda"), importlib.import_module("wine")
    x, cultivars = wine.read(built / "data/standardised.csv")
    counts, means, scatters = rda.summarise(x[::2], cultivars[::2])
    covariances = rda.covariances(counts, scatters, lam, 0.0)[0]
    distances = rda.discriminants(x[:, None], means, covariances, counts / counts.sum())
    assert (1 + distances.argmin(axis=-1) == other.fit(x[::2], cultivars[::2]).predict(x)).all()


@pytest.mark.usefixtures("scripts")
def test_gamma_one_leaves_spheres_of_the_same_mean_variance() -> None:
    rda = importlib.import_module("rda")
    counts, _, scatters = rda.summarise(np.random.default_rng(0).normal(size=(30, 4)), np.repeat([1, 2, 3], 10))
    free, sphere = (rda.covariances(counts, scatters, 0.3, gamma)[0] for gamma in (0.0, 1.0))
    assert np.allclose(sphere, sphere[:, :1, :1] * np.eye(4))
    assert np.allclose(np.trace(sphere, axis1=1, axis2=2), np.trace(free, axis1=1, axis2=2))


@pytest.mark.usefixtures("scripts")
def test_the_numbers_made_for_teaching_come_from_the_seeds_that_are_named(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = importlib.import_module("seeds")
    monkeypatch.chdir(built)
    five = seeds.scores(range(1, 6))
    assert f"{five.mean():.2%}, {five.std(ddof=1):.4f}" == "95.23%, 0.0073"
    assert f"{seeds.scores([37])[0]:.1%}" == "96.9%"
    assert YAML(typ="safe").load(built / "params.yaml")["network"] == seeds.NETWORK
    assert five[0] == metrics(built, "network")["accuracy"]


@pytest.mark.usefixtures("scripts")
def test_data_that_is_not_what_it_should_be_stops_the_build(built: Path) -> None:
    prepare, wine = importlib.import_module("prepare"), importlib.import_module("wine")
    x, cultivars = wine.read(built / "data/wine.csv")
    prepare.check(x, cultivars)
    for bad in (x[1:], np.where(x == x.max(), np.nan, x), -x):
        with pytest.raises(AssertionError):
            prepare.check(bad, cultivars[-len(bad) :])
