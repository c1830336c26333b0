from __future__ import annotations

import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.project.dvc import blocks, emit, yaml12
from fossml.project.dvc.blocks import Unsure
from tests.project.dvc.conftest import Oracle

ORACLE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

words = st.text("abcdefxyz0123456789_-./=@+:#'\"{}[]$!%&*?|<>,~\\", max_size=12) | st.sampled_from(
    [
        "true",
        "no",
        "on",
        "Null",
        "1e5",
        "0x1f",
        "2.0",
        "1_000",
        "2020-01-01",
        "-",
        "?",
        "python",
        "--lr",
        "~",
        "=",
        ".inf",
    ]
)
texts = (
    st.lists(words, max_size=30).map(" ".join)
    | st.text(max_size=20)
    | st.from_regex(r"[0-9a-f]{32}(\.dir)?", fullmatch=True)
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
)
mappings = st.dictionaries(words, values, min_size=1, max_size=4)


@ORACLE
@given(mappings)
def test_writes_what_dvc_writes(oracle: Oracle, value: dict[str, Any]) -> None:
    assert emit.dump(value) == oracle.ask("dump", value)


@settings(max_examples=300, deadline=None)
@given(mappings)
def test_the_fast_writer_agrees_with_ruamel_or_is_unsure(value: dict[str, Any]) -> None:
    try:
        text = emit.fast(value)
    except Unsure:
        return
    assert text == emit.slow(value)


@settings(max_examples=300, deadline=None)
@given(mappings)
def test_the_fast_reader_reads_back_what_was_written_or_is_unsure(value: dict[str, Any]) -> None:
    try:
        found = blocks.parse(emit.slow(value))
    except Unsure:
        return
    assert found == value


lines = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["", "- ", "- - ", "a: ", "b:", "- a: ", "'c': ", "1: ", "# ", "true: ", "-", "? "]),
        texts
        | st.sampled_from(
            ["[]", "{}", "[1, b, -2]", "'it''s'", '"x" # c', "x # c", "x: y", "| ", "&a x", "*a", "!!str 1", ""]
        ),
    ).map(lambda line: "  " * line[0] + line[1] + line[2]),
    max_size=6,
).map("\n".join)


def _same(left: Any, right: Any) -> bool:
    return repr(left) == repr(right) or (isinstance(left, float) and math.isnan(left))


@settings(max_examples=500, deadline=None)
@given(lines)
def test_the_fast_reader_agrees_with_ruamel_on_any_text_or_is_unsure(text: str) -> None:
    from ruamel.yaml import YAML

    try:
        found = blocks.parse(text)
    except Unsure:
        return
    assert _same(found, YAML(typ="safe", pure=True).load(text))


def test_what_a_lock_usually_holds_is_never_left_to_the_slow_paths() -> None:
    value = {
        "schema": "2.0",
        "stages": {
            "train@a-1": {
                "cmd": "python src/train.py --lr 0.1 --out models/a.pkl --name 'a b' && echo ${HOME} "
                + "--more words " * 9,
                "deps": [{"path": "src/train.py", "hash": "md5", "md5": "0" * 31 + "a", "size": 12}],
                "params": {"params.yaml": {"lr": 0.1, "layers": [1, 2], "name": "x", "on": True, "none": None}},
            }
        },
    }
    value["stages"]["train@a-1"]["cmd"] = str(value["stages"]["train@a-1"]["cmd"]).strip()  # type: ignore[index]
    text = emit.fast(value)
    assert text == emit.slow(value)
    assert blocks.parse(text) == value == yaml12.load(text, "dvc.lock")
