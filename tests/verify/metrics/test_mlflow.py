"""Metrics logged with the real MLflow, read without it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fossml.verify.metrics.metric import Left, measure, parse_metric
from fossml.verify.metrics.mlflow import logged

LOG = """
import mlflow, sys
for number in map(float, sys.argv[1:]):
    with mlflow.start_run():
        mlflow.log_metric("test/accuracy", 0.5, step=0)
        mlflow.log_metric("test/accuracy", number, step=1)
        mlflow.log_metric("loss", 1 - number)
"""
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


def log(folder: Path, *values: str, files: bool = False) -> None:
    """Run a script that logs with MLflow, to a database or to files."""
    where = {"MLFLOW_TRACKING_URI": (folder / "mlruns").as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"} if files else {}
    where = where or {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    env = {**os.environ, **QUIET, **where}
    subprocess.run([sys.executable, "-c", LOG, *values], cwd=folder, env=env, check=True, capture_output=True)


@pytest.fixture(scope="module", params=["database", "files"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two runs of MLflow left, the second with another number."""
    folder = tmp_path_factory.mktemp(request.param)
    log(folder, "0.91", "0.953", files=request.param == "files")
    return folder


def test_the_last_value_of_the_newest_run_is_read(store: Path) -> None:
    found = measure(parse_metric("mlflow:test/accuracy", "c"), Left(store))
    assert found.values == {"test/accuracy": 0.953}


def test_a_name_that_was_not_logged_is_said_with_those_that_were(store: Path) -> None:
    found = measure(parse_metric("mlflow:accuracy", "c"), Left(store))
    assert found.missing == "MLflow has no metric `accuracy`"
    assert "test/accuracy" in found.hint


def test_what_lay_there_before_the_run_does_not_count(store: Path) -> None:
    found = measure(parse_metric("mlflow:loss", "c"), Left(store, written={"other.txt": ""}))
    assert found.missing.startswith("nothing was logged with MLflow")
    names = {path.relative_to(store).as_posix(): "" for path in store.rglob("*") if path.is_file()}
    assert measure(parse_metric("mlflow:loss", "c"), Left(store, written=names)).values == {
        "loss": pytest.approx(0.047)
    }


def test_another_database_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    metric = parse_metric("out/track.db:acc", "c")
    assert (metric.form, metric.places) == ("mlflow", ("out/track.db", "out/mlruns"))


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"not a database at all, whatever its name says" * 100)
    assert "cannot be read" in measure(parse_metric("mlflow:acc", "c"), Left(tmp_path)).missing


def test_a_database_made_to_take_for_ever_is_given_up(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
        connection.execute("CREATE TABLE runs (run_uuid TEXT, start_time INTEGER)")
        view = f"{endless} i AS key, i AS value, 0 AS is_nan, 'a' AS run_uuid FROM n"
        connection.execute(f"CREATE VIEW latest_metrics AS {view}")
    connection.close()
    with pytest.raises(ValueError, match="interrupted"):
        logged(tmp_path / "mlflow.db", tmp_path / "mlruns", None, "mlruns/")
