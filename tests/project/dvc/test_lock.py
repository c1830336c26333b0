from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.project.dvc import LockEntry, dump_lock, read_lock
from fossml.types import Artifact
from tests.project.dvc.conftest import Oracle
from tests.project.dvc.test_emit import words

texts = st.lists(words, max_size=30).map(" ".join)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0.1, -2.5, 1e-05])
    | texts
    | st.lists(words, max_size=2)
)
digests = st.from_regex(r"[0-9a-f]{32}(\.dir)?", fullmatch=True)
artifacts = st.builds(
    Artifact, words.filter(bool), digests, st.integers(0), nfiles=st.none() | st.integers(0, 9), isexec=st.booleans()
)
named = st.dictionaries(words, values, max_size=2)
entries = st.builds(
    LockEntry,
    texts.filter(bool) | st.lists(texts, min_size=1, max_size=2).map(tuple),
    st.lists(artifacts, max_size=2, unique_by=lambda each: each.path).map(tuple),
    st.dictionaries(words.map(lambda word: word + ".yaml") | st.just("params.yaml"), named, max_size=2),
    st.lists(artifacts, max_size=2, unique_by=lambda each: each.path).map(tuple),
)
locks = st.dictionaries(words, entries, min_size=1, max_size=3)


def _as_dvc(entry: LockEntry) -> dict[str, Any]:
    def one(each: Artifact) -> dict[str, Any]:
        fields = {"path": each.path, "hash": "md5", "md5": each.digest, "size": each.size, "nfiles": each.nfiles}
        kept = {key: value for key, value in fields.items() if value is not None}
        return {**kept, "isexec": True} if each.isexec else kept

    order = sorted(entry.params, key=lambda path: (path != "params.yaml", path))
    fields = {
        "cmd": entry.cmd,
        "deps": [one(each) for each in sorted(entry.deps, key=lambda each: each.path)],
        "params": {path: {key: entry.params[path][key] for key in sorted(entry.params[path])} for path in order},
        "outs": [one(each) for each in sorted(entry.outs, key=lambda each: each.path)],
    }
    return {key: value for key, value in fields.items() if value}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=locks, second=locks)
def test_writes_byte_for_byte_what_dvc_writes(
    tmp_path: Path, oracle: Oracle, first: dict[str, LockEntry], second: dict[str, LockEntry]
) -> None:
    text = oracle.ask("lock", None, {name: _as_dvc(entry) for name, entry in first.items()})
    assert dump_lock(first, None) == text
    (tmp_path / "dvc.lock").write_text(text)
    read = read_lock(tmp_path)
    assert dump_lock(read, text) == text
    changed = {name: _as_dvc(entry) for name, entry in second.items() if read.get(name) != entry}
    assert dump_lock(second, text) == (oracle.ask("lock", text, changed) if changed else text)


PRIOR = """\
# kept
schema: '2.0'
stages:
  a:   # here
    cmd: "x"
    deps: [{path: d, md5: abc}]
  stale:
    cmd: |
      one
      two
"""


def test_what_people_wrote_into_a_lock_stays(oracle: Oracle) -> None:
    entry = LockEntry("new command", outs=(Artifact("o", "a" * 32, 1),))
    new = dump_lock({"b": entry}, PRIOR)
    assert new == oracle.ask("lock", PRIOR, {"b": _as_dvc(entry)})
    assert "# kept" in new
    assert "stale" in new


def test_nothing_changed_leaves_every_byte(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(PRIOR)
    assert dump_lock(read_lock(tmp_path), PRIOR) == PRIOR


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "schema"),
        ("schema: 2.0\n", "dvc.lock:1: expected schema '2.0'"),
        ("schema: '2.0'\nstages:\n  a:\n    deps: []\n", "dvc.lock:3: 'a': the key 'cmd'"),
        (
            "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - {path: a, md6: b}\n",
            "dvc.lock:6: unknown key 'md6'",
        ),
    ],
)
def test_a_lock_that_dvc_would_not_take_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(FossmlError, match=message):
        read_lock(tmp_path)


def test_no_lock_has_no_entries(tmp_path: Path) -> None:
    assert read_lock(tmp_path, "sub/dvc.yaml") == {}


def test_a_lock_of_dvc_1_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("train:\n  cmd: x\n  outs:\n  - {path: o, md5: '0'}\n")
    with pytest.raises(FossmlError, match="the lock of DVC 1, which DVC 3 does not read either") as raised:
        read_lock(tmp_path)
    assert raised.value.where == "dvc.lock:1"
