"""A database of MLflow's that a stranger made to be read for ever."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fossml.verify.metrics.mlflow import logged
from fossml.verify.past.mlflow import _database, from_database

ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x AS run_uuid, x AS start_time"


def test_a_view_that_never_ends_is_given_up(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as base:
        base.execute(f"CREATE VIEW runs AS {ENDLESS}, 1 AS experiment_id, 'deleted' AS lifecycle_stage FROM r")
        base.execute("CREATE TABLE latest_metrics (key, value, is_nan, run_uuid)")
        base.execute("INSERT INTO latest_metrics VALUES ('acc', 1, 0, 0)")
    base.close()
    assert list(from_database(tmp_path)) == []
    with pytest.raises(ValueError, match="cannot be read"):
        logged(tmp_path / "mlflow.db", tmp_path / "mlruns", None, "mlruns/")


def test_a_value_without_measure_is_not_read(tmp_path: Path) -> None:
    columns = "hex(zeroblob(400000000)) AS run_uuid, 1 AS experiment_id, 1 AS lifecycle_stage"
    with sqlite3.connect(tmp_path / "mlflow.db") as base:
        base.execute(f"CREATE VIEW runs AS SELECT {columns}")
    base.close()
    with pytest.raises(sqlite3.Error, match="too big"):
        list(_database(tmp_path, tmp_path / "mlflow.db"))
