from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.project.dvc import lookup, read_params, select_params
from fossml.types import ParamSource, Stage
from tests.project.dvc.conftest import Oracle, Refused

YAML = "on: on\nyes: no\nsmall: 1e-3\noct: 012\nhex: 0x1f\nunder: 1_000\nq: '1'\n1: one\nsex: 1:30\nbig: 1e400\n"
TOML = 'x = 1\n[train]\nlr = 1e-3\nlayers = [1, 2]\n"a b" = "c"\n'
PYTHON = """
lr: float = 0.1
NONE = None
a = b = 1
pair = (1, "x")
computed = lr * 2
missing: int
class Train:
    steps = 10
    nested = {"a": [1, {"b": -2}]}
    def __init__(self):
        self.depth = 3
        local = 4
    class Inner:
        deep = True
def f():
    hidden = 1
"""
FILES = {
    "p.yaml": YAML.replace("big: 1e400\n", ""),
    "p.toml": TOML,
    "p.py": PYTHON,
    "p.json": '{"a": {"b": [1, 2.5, null]}}',
}


@pytest.mark.parametrize("name", FILES)
def test_reads_every_format_as_dvc_does(tmp_path: Path, oracle: Oracle, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    assert json.dumps(read_params(tmp_path, name)) == json.dumps(oracle.ask("params", str(tmp_path), name))


names = st.sampled_from(["a", "b", "0", "lr"])
trees = st.dictionaries(
    names,
    st.recursive(
        st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner), max_leaves=6
    ),
    min_size=1,
)
keys = st.lists(names | st.sampled_from(["1", "-1", "9"]), min_size=1, max_size=3).map(".".join)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees, key=keys)
def test_finds_keys_as_dvc_does(tmp_path: Path, oracle: Oracle, tree: dict[str, Any], key: str) -> None:
    (tmp_path / "p.json").write_text(json.dumps(tree))
    try:
        theirs = oracle.ask("lookup", str(tmp_path), "p.json", key)
    except Refused:
        with pytest.raises((KeyError, FossmlError)):
            lookup(tree, key)
        return
    if not theirs:
        with pytest.raises(KeyError):
            lookup(tree, key)
    else:
        assert {key: lookup(tree, key)} == theirs


def _select(root: Path, file: str, key: str | None) -> Any:
    stage = Stage("s", "true", params=(ParamSource(file, None if key is None else (key,)),))
    return select_params(root, stage)


@pytest.mark.parametrize(("key", "message"), [("gone", "dvc.yaml:4: the parameter 'gone'"), ("day", "holds a date")])
def test_a_value_that_cannot_be_had_is_said_with_its_place(tmp_path: Path, key: str, message: str) -> None:
    (tmp_path / "dvc.yaml").write_text(f"stages:\n  s:\n    cmd: 'true'\n    params: [{key}]\n")
    (tmp_path / "params.yaml").write_text("day: 2020-01-01\nlr: 1\n")
    with pytest.raises(FossmlError, match=message):
        _select(tmp_path, "params.yaml", key)


def test_a_missing_parameter_file_is_said_with_the_line_of_dvc_yaml(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text("stages:\n  s:\n    cmd: 'true'\n    params:\n    - none.yaml:\n")
    with pytest.raises(FossmlError, match=r"dvc.yaml:5: the parameter file none.yaml"):
        _select(tmp_path, "none.yaml", None)


def test_a_key_that_fits_several_values_is_refused() -> None:
    with pytest.raises(FossmlError, match="fits 2 values"):
        lookup({"a": {"x": 1, "y": 2}}, "a.*")


def test_an_infinite_number_is_refused_where_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("a: .inf\nb: 1\n")
    (tmp_path / "dvc.yaml").write_text("")
    assert _select(tmp_path, "params.yaml", "b") == {"params.yaml": {"b": 1}}
    with pytest.raises(FossmlError, match="not a finite number"):
        _select(tmp_path, "params.yaml", "a")
