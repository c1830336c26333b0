"""Which files hold numbers that a paper could print."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.begin.metrics import metrics_in


def keys(path: str, text: str) -> list[str]:
    return [metric.key for metric in metrics_in(path, text)]


def test_numbers_below_names_the_well_known_first() -> None:
    text = json.dumps({"epochs": 3, "test": {"loss": 0.3, "accuracy": 0.9}, "note": "x", "ok": True})
    assert keys("metrics.json", text) == ["test.accuracy", "test.loss", "epochs"]


def test_the_last_row_of_a_table() -> None:
    assert keys("results/log.csv", "epoch,acc\n1,0.5\n2,0.9\n") == ["acc[1]", "epoch[1]"]


def test_flat_yaml() -> None:
    assert keys("metrics.yaml", "# of the test\naccuracy: 0.93\nloss: 1e-3\n") == ["accuracy", "loss"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("model.json", '{"weights": [1, 2], "bias": 0.5}'),
        ("data.csv", "x,y\n1,2\n"),
        ("config.yaml", "lr: 0.1\n"),
        ("metrics.json", "not json"),
        ("metrics.json", "[1, 2]"),
        ("metrics.json", '{"a": NaN}'),
        ("metrics.json", "[" * 100000),
        ("metrics.json", json.dumps({"metrics": {str(i): i for i in range(1000)}})),
        ("results.csv", ""),
        ("metrics.yaml", "a:\n  b: 1\n"),
    ],
)
def test_other_files_have_none(path: str, text: str) -> None:
    assert metrics_in(path, text) == ()


@given(st.sampled_from(["metrics.json", "metrics.yaml", "metrics.csv"]), st.text())
def test_any_text_is_read_without_error(path: str, text: str) -> None:
    metrics_in(path, text)
