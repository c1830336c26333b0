from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.verify.metrics.document import find, keys, load, nearest, replace


def test_three_formats_give_the_same_document() -> None:
    same = {"test": {"acc": 0.9}}
    assert load('{"test": {"acc": 0.9}}', "m.json") == same
    assert load("test:\n  acc: 0.9\n", "m.yaml") == same
    assert load("[test]\nacc = 0.9\n", "m.toml") == same


@pytest.mark.parametrize(("text", "name"), [("{", "m.json"), ("a: [", "m.yaml"), ("a =", "m.toml"), ("!!x y", "m.yml")])
def test_a_damaged_document_is_a_value_error(text: str, name: str) -> None:
    with pytest.raises(ValueError):
        load(text, name)


DOCUMENT = {
    "test": {"acc": 1, "f1/macro": 2},
    "test.loss": 3,
    "epochs": [{"acc": 4}, {"acc": 5}],
    "grid": {"a": {"acc": 6}, "b": {"acc": 7}, "c": {}},
}


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("test.acc", {"test.acc": 1}),
        ("test.f1/macro", {"test.f1/macro": 2}),
        ("test.loss", {"test.loss": 3}),
        ("epochs[-1].acc", {"epochs[-1].acc": 5}),
        ("epochs.0.acc", {"epochs.0.acc": 4}),
        ("epochs[2].acc", {}),
        ("grid.*.acc", {"a": 6, "b": 7}),
        ("epochs[*].acc", {"0": 4, "1": 5}),
        ("*.*.acc", {"epochs.0": 4, "epochs.1": 5, "grid.a": 6, "grid.b": 7}),
        ("test.accuracy", {}),
        ("test.acc.deeper", {}),
    ],
)
def test_a_dotted_key_finds_its_values(key: str, found: dict[str, int]) -> None:
    assert find(DOCUMENT, key) == found


def test_keys_are_listed_and_the_nearest_comes_first() -> None:
    assert keys({"a": {"b": 1, "c": [1]}, "d": 2}) == ["a.b", "a.c", "d"]
    assert nearest("test.accuracy", ["loss", "train.acc", "test.acc", "eval.f1"])[0] == "test.acc"


YAML = "# top\ntrain:\n  seed: 42   # the seed\n  lr: 0.1\neval: {seed: 7, n: 3}\n"


def test_replacing_a_value_leaves_the_rest_as_it_is() -> None:
    assert replace(YAML, "p.yaml", "train.seed", 5) == YAML.replace("42", "5")
    assert replace(YAML, "p.yaml", "eval.seed", 5) == YAML.replace("7", "5")
    toml = "seed = 1  # a\n[train]\nseed = 2\n[eval]\nseed = 3\n"
    assert replace(toml, "p.toml", "train.seed", 9) == toml.replace("2", "9")
    text = '{\n  "a": {"seed": 1}, "seed": 2\n}\n'
    assert replace(text, "p.json", "seed", 9) == text.replace("2", "9")


def test_a_value_that_stands_in_another_way_is_replaced_too() -> None:
    assert load(replace("a: &x 1\nseeds: [1, 2]\n", "p.yaml", "seeds.1", 5), "p.yaml") == {"a": 1, "seeds": [1, 5]}
    assert json.loads(replace('{"seeds": [1, 2]}', "p.json", "seeds[0]", 5)) == {"seeds": [5, 2]}
    assert load(replace("seed:\n  null\n", "p.yaml", "seed", 5), "p.yaml") == {"seed": 5}


def test_a_key_that_is_not_there_or_cannot_be_replaced_is_said() -> None:
    with pytest.raises(KeyError):
        replace("a: 1\n", "p.yaml", "seed", 5)
    with pytest.raises(KeyError):
        replace("a: 1\n", "p.yaml", "a.seed", 5)
    with pytest.raises(ValueError, match="cannot replace"):
        replace("seeds = [1, 2]\n", "p.toml", "seeds.0", 5)


@given(
    st.dictionaries(st.sampled_from(["seed", "x", "y"]), st.integers() | st.booleans(), min_size=1),
    st.integers(0, 10**6),
)
def test_any_toml_and_json_keeps_its_other_values(table: dict[str, int], seed: int) -> None:
    document = {"seed": 0, "inner": table}
    toml = "seed = 0\n[inner]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in table.items())
    assert tomllib.loads(replace(toml, "p.toml", "seed", seed)) == {**document, "seed": seed}
    assert json.loads(replace(json.dumps(document), "p.json", "seed", seed)) == {**document, "seed": seed}
