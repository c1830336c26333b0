from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.files import compared, dumped

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=5),
    max_leaves=20,
)


def shuffled(value: object, rng: random.Random) -> object:
    if isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        return {name: shuffled(one, rng) for name, one in items}
    return [shuffled(one, rng) for one in value] if isinstance(value, list) else value


@given(TREES)
def test_a_document_beside_itself_is_the_same_bytes(tree: object) -> None:
    assert compared("a.json", dumped(tree), dumped(tree)).level == "bytes"


@given(TREES, st.randoms(use_true_random=False))
def test_keys_in_another_order_and_other_blanks_are_normalised(tree: object, rng: random.Random) -> None:
    other = json.dumps(shuffled(tree, rng), indent=1)
    assert compared("a.json", dumped(tree), other).level in ("bytes", "normalised")
    assert compared("a.jsonl", dumped(tree) + "\n", dumped(shuffled(tree, rng)) + "\n").level in ("bytes", "normalised")


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.integers(), min_size=1), st.data())
def test_another_value_is_different_and_its_key_is_named(table: dict[str, int], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(table)))
    found = compared("a.json", dumped({"x": table}), dumped({"x": {**table, name: table[name] + 1}}))
    assert (found.level, found.count) == ("different", 1)
    assert found.parts[0].where.startswith("x")
    assert (found.parts[0].left, found.parts[0].right) != (None, None)


def test_the_key_the_values_and_the_distance_are_told() -> None:
    found = compared("m.json", '{"test": {"accuracy": 0.95, "n": 100}}', '{"test": {"accuracy": 0.5, "n": 100}}')
    part = found.parts[0]
    assert (part.where, part.left, part.right) == ("test.accuracy", "0.95", "0.5")
    assert part.gap is not None
    assert part.gap.absolute == pytest.approx(0.45)
    assert (found.count, found.of) == (1, 2)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ('{"a": 0.30000000000000004}', '{"a": 0.3}', "precision"),
        ('{"a": 0.951}', '{"a": 0.9514}', "precision"),
        ('{"a": 1.0}', '{"a": 1}', "normalised"),
        ('{"a": 1e-3}', '{"a": 0.001}', "normalised"),
        ('{"a": NaN}', '{"a": NaN }', "normalised"),
        ('{"a": NaN}', '{"a": 1.0}', "different"),
        ('{"a": "2024-01-02T03:04:05Z"}', '{"a": "2025-11-12T13:14:15Z"}', "normalised"),
        ('{"fit_time": 1.5}', '{"fit_time": 2.5}', "normalised"),
        ('{"time": 1.5}', '{"time": 2.5}', "different"),
        ('{"a": [1, 2]}', '{"a": [2, 1]}', "different"),
        ('{"a": 1}', '{"a": 1, "b": 2}', "different"),
        ('{"a": 1}', '{"a": true}', "different"),
        ('{"a": 1}', '{"a": "1"}', "different"),
        ('{"a": 2, "a": 1}', '{"a": 1}', "different"),
        ('\ufeff{"a": 1}', '{"a": 1}', "normalised"),
    ],
)
def test_how_two_documents_compare(left: str, right: str, level: str) -> None:
    assert compared("m.json", left, right).level == level
    assert compared("m.json", right, left).level == level


def test_a_list_in_another_order_is_told_as_that() -> None:
    found = compared("m.json", "[3, 1, 2]", "[1, 2, 3]")
    assert "another order" in (found.parts[0].right or "")


def test_lines_in_another_order_are_normalised_and_a_changed_one_is_named() -> None:
    rows = [dumped({"id": i, "x": i / 7}) for i in range(5)]
    assert compared("a.jsonl", "\n".join(rows), "\n".join(reversed(rows))).normalised == ("order of lines",)
    found = compared("a.jsonl", "\n".join(rows), "\n".join([*rows[:3], '{"id": 3, "x": 9.0}', rows[4]]))
    assert (found.level, found.parts[0].where) == ("different", "line 4.x")


def test_yaml_is_read_as_text_and_numbers_only() -> None:
    assert compared("p.yaml", "a: 1\nb: [x, 2.50]\n", "b:\n- x\n- 2.5\na: 1\n").level == "normalised"
    found = compared("p.yaml", "lr: 0.1\n", "lr: 0.2\n")
    assert found.parts[0].where.endswith("lr")
    assert compared("p.yaml", "!!python/object/apply:os.system [exit]\n", "a: 1\n").level == "different"


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("deep.json", "[" * 100_000 + "]" * 100_000, "[" * 100_001 + "]" * 100_001),
        ("deep.yaml", "[" * 5_000 + "]" * 5_000, "[" * 5_001 + "]" * 5_001),
        ("bomb.yaml", BOMB, BOMB + "zz: 1\n"),
        ("half.json", '{"a": ', '{"a": 1'),
        ("cycle.yaml", "a: &a [*a]\n", "a: &a [*a, 1]\n"),
    ],
)
def test_documents_made_to_hurt_are_answered(name: str, left: str, right: str) -> None:
    assert compared(name, left, right).level in ("different", "unknown")
