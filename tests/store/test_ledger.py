from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.store.ledger import Ledger, from_json, to_json
from fossml.types import Accepted, Artifact, Discovered, Environment, Run

text = st.text(st.characters(), max_size=8)
texts = st.lists(text, max_size=3).map(tuple)
number = st.floats(allow_nan=False)
value = st.recursive(
    st.none() | st.booleans() | st.integers() | number | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=5,
)
artifacts = st.lists(
    st.builds(Artifact, text, text, st.integers(0), st.none() | st.integers(0), st.booleans(), st.none() | text),
    max_size=2,
)
versions = st.dictionaries(text, text, max_size=2)
runs = st.builds(
    Run,
    key=text,
    stage=text,
    cmd=text | texts,
    deps=artifacts.map(tuple),
    params=st.dictionaries(text, st.dictionaries(text, value, max_size=2), max_size=2),
    outs=artifacts.map(tuple),
    seed=st.none() | st.integers(),
    started=text,
    seconds=number,
    commit=st.none() | text,
    dirty=st.booleans(),
    origin=st.sampled_from(["fossml", "dvc"]),
    environment=st.none() | st.builds(Environment, text, versions, versions),
    recipe=text,
    env=st.dictionaries(text, st.none() | text, max_size=2),
    discovered=st.none()
    | st.builds(
        Discovered,
        st.sampled_from(["hook", "strace"]),
        text,
        versions,
        versions,
        versions,
        texts,
        st.dictionaries(text, texts, max_size=2),
        texts,
        texts,
        versions,
        texts,
        versions,
        texts,
    ),
    accepted=st.none() | st.builds(Accepted, text, texts, text),
    metrics=st.dictionaries(text, number, max_size=2),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".fossml" / "ledger.jsonl"


def run(key: str, **fields: float) -> Run:
    return Run(key=key, recipe=key, stage="train", cmd="python train.py", **fields)  # type: ignore[arg-type]


@given(runs)
def test_a_run_survives_the_way_through_a_line(one: Run) -> None:
    line = json.dumps(to_json(one))
    assert "\n" not in line
    assert from_json(json.loads(line)) == one


def test_a_metric_that_is_not_a_number_survives(path: Path) -> None:
    Ledger(path).append(Run("k", "s", "c", metrics={"loss": float("nan"), "best": float("-inf")}))
    [back] = Ledger(path).runs()
    assert str(dict(back.metrics)) == "{'loss': nan, 'best': -inf}"


def test_fields_of_a_later_version_are_left_out() -> None:
    assert from_json({**to_json(run("k")), "colour": "red"}) == run("k")


def test_runs_come_oldest_first_and_find_gives_the_newest(path: Path) -> None:
    ledger = Ledger(path)
    for one in (run("a", seconds=1.0), run("b"), run("a", seconds=2.0)):
        ledger.append(one)
    assert [(one.key, one.seconds) for one in ledger.runs()] == [("a", 1.0), ("b", 0.0), ("a", 2.0)]
    assert ledger.with_recipe("a")[:1] == [run("a", seconds=2.0)]
    assert ledger.with_recipe("c") == []


def test_find_sees_what_others_append_and_a_ledger_that_was_replaced(path: Path) -> None:
    ledger = Ledger(path)
    assert ledger.with_recipe("a") == []
    Ledger(path).append(run("a", seconds=1.0))
    assert ledger.with_recipe("a")[:1] == [run("a", seconds=1.0)]
    Ledger(path).append(run("a", seconds=2.0))
    assert ledger.with_recipe("a")[:1] == [run("a", seconds=2.0)]
    path.write_text("")
    assert ledger.with_recipe("a") == []


def test_an_empty_or_missing_ledger_has_no_runs(path: Path) -> None:
    assert list(Ledger(path).runs()) == []


@given(st.integers(1, 200))
def test_a_line_torn_anywhere_costs_only_itself(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("ledger") / "l"
    line = json.dumps(to_json(run("torn"))).encode()
    path.write_bytes(json.dumps(to_json(run("first"))).encode() + b"\n" + line[: min(cut, len(line) - 1)])
    ledger = Ledger(path)
    assert ledger.with_recipe("first")[:1] == [run("first")]
    ledger.append(run("last"))
    assert [one.key for one in ledger.runs()] == ["first", "last"]
    assert ledger.skipped == 1
    assert ledger.with_recipe("last")[:1] == [run("last")]


@pytest.mark.parametrize(
    "line",
    [b"{}", b"[]", b"3", b"null", b"\xff\xfe", b'"x"', b'{"key": 1, "stage": "s", "cmd": "c"}', b"[" * 100_000]
    + [
        json.dumps({**to_json(run("k")), name: 7}).encode()
        for name in ("cmd", "deps", "outs", "params", "metrics", "discovered", "accepted", "environment")
    ],
)
def test_a_foreign_line_is_passed_over_and_counted(path: Path, line: bytes) -> None:
    Ledger(path).append(run("a"))
    with path.open("ab") as file:
        file.write(line + b"\n\n")
    ledger = Ledger(path)
    ledger.append(run("b"))
    assert [one.key for one in ledger.runs()] == ["a", "b"]
    assert ledger.skipped == 1


def test_a_ledger_that_cannot_be_written_or_leads_out_is_an_error(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(FossmlError, match="link"):
        Ledger(path).append(run("a"))
    assert not (tmp_path / "victim").exists()
    path.unlink()
    path.mkdir()
    with pytest.raises(FossmlError, match="cannot record"):
        Ledger(path).append(run("a"))
    with pytest.raises(FossmlError, match="cannot read"):
        list(Ledger(path).runs())


def test_two_writers_lose_no_line(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fossml.store.ledger import Ledger; from fossml.types import Run\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for i in range(30): ledger.append(Run(f'{sys.argv[2]}{i}', 's', 'c' * 5000))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, path, name]) for name in "xy"]
    assert [one.wait() for one in both] == [0, 0]
    ledger = Ledger(path)
    assert sorted(one.key for one in ledger.runs()) == sorted(f"{name}{i}" for name in "xy" for i in range(30))
    assert ledger.skipped == 0
