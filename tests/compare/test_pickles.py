from __future__ import annotations

import collections
import io
import os
import pickle
import random
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from fossml.compare import Budget
from tests.compare.files import compared, written

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
        | st.sets(st.text(max_size=3), max_size=3)
    ),
    max_leaves=12,
)


class Thing:
    """Something of a class of our own."""

    def __init__(self, value: object) -> None:
        self.value = value


@given(VALUES, st.sampled_from(range(6)), st.sampled_from(range(6)))
def test_one_value_in_two_protocols_is_the_same(value: object, first: int, second: int) -> None:
    found = compared("a.pkl", pickle.dumps(value, first), pickle.dumps(value, second))
    assert found.level in ("bytes", "normalised"), found


@given(VALUES, VALUES)
def test_two_values_are_the_same_only_if_they_are(left: object, right: object) -> None:
    found = compared("a.pkl", pickle.dumps([left, 1]), pickle.dumps([right, 1]))
    if found.level in ("bytes", "normalised"):
        assert left == right


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_in_a_pickle_are_compared_as_numbers(protocol: int) -> None:
    array = np.linspace(0, 1, 6).reshape(2, 3)
    other = array.copy()
    other[1, 2] = np.nextafter(other[1, 2], 9.0)
    left, right = ({"w": one, "n": np.float64(2)} for one in (array, other))
    found = compared("a.pkl", pickle.dumps(left, protocol), pickle.dumps(right, protocol))
    assert (found.level, found.parts[0].where, found.gap and found.gap.ulps) == ("precision", "w[1, 2]", 1)


def test_the_attribute_of_an_object_is_named() -> None:
    found = compared("a.pkl", pickle.dumps(Thing({"lr": 0.1})), pickle.dumps(Thing({"lr": 0.2})))
    assert (found.level, found.parts[0].where, found.count) == ("different", "value.lr", 1)


def test_a_counter_in_another_order_is_the_same() -> None:
    left, right = collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)
    found = compared("a.pkl", pickle.dumps(left), pickle.dumps(right))
    assert (found.level, found.normalised) == ("normalised", ("order of keys",))


def model(seed: int = 0) -> LogisticRegression:
    rng = np.random.default_rng(seed)
    return LogisticRegression().fit(rng.normal(size=(40, 3)), np.arange(40) % 2)


@pytest.mark.parametrize("packed", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_joblib_files_are_compared_by_their_arrays(packed: Any) -> None:
    one, other = model(), model()
    assert compared("m.joblib", dump(one, packed), dump(other, packed)).level in ("bytes", "normalised")
    other.coef_[0, 1] = np.nextafter(other.coef_[0, 1], 9.0)
    found = compared("m.joblib", dump(one, packed), dump(other, packed))
    assert (found.level, found.count, found.gap and found.gap.ulps) == ("precision", 1, 1)
    assert found.parts[0].where == "coef_[0, 1]"


def dump(value: object, packed: Any = 0) -> bytes:
    return written(lambda file: joblib.dump(value, file, compress=packed))


def test_a_tree_of_scikit_learn_tells_its_nodes() -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 3))
    one = DecisionTreeClassifier(random_state=0).fit(data, data[:, 0] > 0)
    other = DecisionTreeClassifier(random_state=0).fit(data, data[:, 1] > 0)
    found = compared("m.joblib", dump(one), dump(other))
    assert found.level == "different"
    assert any("tree_" in part.where for part in found.parts)


def test_an_array_of_objects_in_joblib_is_read_as_the_pickle_behind_it() -> None:
    left, right = np.array([{"a": 1}, "x"], object), np.array([{"a": 2}, "x"], object)
    found = compared("m.joblib", dump(left), dump(right))
    assert (found.level, found.count) == ("different", 1)


class Evil:
    """Runs a command where it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch pwned",)


def test_nothing_in_a_pickle_is_run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = compared("a.pkl", pickle.dumps([Evil(), 1]), pickle.dumps([Evil(), 2]))
    assert (found.level, list(tmp_path.iterdir())) == ("different", [])


CYCLE: list[Any] = [1]
CYCLE.append(CYCLE)
BOMB: Any = "x"
for _ in range(60):
    BOMB = [BOMB, BOMB]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (pickle.dumps(CYCLE), pickle.dumps([*CYCLE, 2])),
        (pickle.dumps(BOMB), pickle.dumps([BOMB, 1])),
        (pickle.dumps([1, 2])[:-3], pickle.dumps([1, 2])),
        (b"\x80\x04\x8e" + b"\xff" * 8, pickle.dumps(1)),
        (b"\x80\x04" + b"(" * 1000 + b".", pickle.dumps(1)),
        (b"\x80\x04" + b"N" * 1000, pickle.dumps(1)),
        (b"\x80\x04h\x05.", pickle.dumps(1)),
        (b"\x80\x02I" + b"1" * 200_000 + b"\n.", pickle.dumps(1)),
    ],
)
def test_pickles_made_to_hurt_are_answered(left: bytes, right: bytes) -> None:
    found = compared("a.pkl", left, right)
    assert found.level in ("different", "unknown"), found
    assert found.parts or found.reason


def test_more_instructions_than_are_looked_at_are_unknown() -> None:
    found = compared("a.pkl", pickle.dumps(list(range(500))), pickle.dumps(list(range(501))), Budget(steps=100))
    assert (found.level, found.reason) == ("unknown", "it has more parts than are looked at")


@given(st.binary(max_size=60), st.randoms(use_true_random=False))
def test_any_bytes_get_an_answer(noise: bytes, rng: random.Random) -> None:
    whole = pickle.dumps({"a": [1, 2.5, "x"], "w": np.arange(3)})
    cut = rng.randrange(len(whole))
    for name in ("a.pkl", "a.npz", "a.safetensors", "a.json", "a.parquet", "a.db"):
        assert compared(name, whole, whole[:cut] + noise + whole[cut + len(noise) :]).level
        assert compared(name, noise, whole).level in ("different", "unknown")


def test_several_pickles_in_a_file_are_compared_one_by_one() -> None:
    def two(second: int) -> bytes:
        file = io.BytesIO()
        pickle.dump({"a": 1}, file)
        pickle.dump({"b": second}, file)
        return file.getvalue()

    found = compared("a.pkl", two(1), two(2))
    assert (found.level, found.parts[0].where) == ("different", "[1].b")
