"""A repository that DVC 2 left is as current here as the real dvc 3 says."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.project.dvc import as_now, dump_lock, legacy, read_lock, read_stages, read_tracked
from fossml.types import Artifact
from tests.conftest import Dvc
from tests.project.dvc.conftest import Oracle

PIPELINE = """\
stages:
  s:
    cmd: mkdir -p made && cp in.txt made/a.txt && cp in.bin made/b.bin && cp in.txt out.txt
    deps: [in.txt, in.bin, folder]
    params: [lr]
    outs: [made, out.txt]
"""
DATA = {
    "in.txt": b"one\r\ntwo\r\n",
    "in.bin": b"\0\r\n\1\r\n",
    "folder/crlf.txt": b"a\r\nb",
    "folder/in/lf.txt": b"a\nb\n",
    "folder/not.tmp": b"left out",
}


def _md5(path: Path) -> str:
    """What DVC 3 says of a file or a folder."""
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    files = sorted(
        file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file() and file.suffix != ".tmp"
    )
    listed = [{"md5": _md5(path / file), "relpath": file} for file in files]
    return hashlib.md5(json.dumps(listed).encode()).hexdigest() + ".dir"


def left_by_dvc_2(root: Path, dvc: Dvc) -> None:
    """Run the pipeline, then record it as DVC 2 would have: the other MD5, no `hash`, objects one folder higher."""
    for name, data in DATA.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / ".dvcignore").write_text("*.tmp\n")
    (root / "params.yaml").write_text("lr: 0.1\n")
    (root / "data.csv").write_bytes(b"x,y\r\n1,2\r\n")
    dvc(root, "repro", "-q")
    dvc(root, "add", "-q", "data.csv")
    paths = [root / name for name in ("in.txt", "in.bin", "folder", "made", "out.txt", "data.csv")]
    for record in ("dvc.lock", "data.csv.dvc"):
        text = (root / record).read_text().replace("      hash: md5\n", "").replace("  hash: md5\n", "")
        for path in paths:
            text = text.replace(_md5(path), legacy.digest(path, lambda inner, _: inner.endswith(".tmp")))
        (root / record).write_text(text)
    assert "hash" not in (root / "dvc.lock").read_text()
    shutil.rmtree(root / ".dvc" / "cache" / "files")
    for path in paths[3:]:
        _cached_by_dvc_2(root, path)


def _cached_by_dvc_2(root: Path, path: Path) -> None:
    digest = legacy.digest(path)
    place = root / ".dvc" / "cache" / digest[:2] / digest[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        shutil.copy(path, place)
        return
    files = sorted(path.iterdir())
    place.write_text(json.dumps([{"md5": legacy.digest(file), "relpath": file.name} for file in files]))
    for file in files:
        _cached_by_dvc_2(root, file)


@pytest.fixture
def old(project: Path, dvc: Dvc) -> Path:
    left_by_dvc_2(project, dvc)
    return project


def _now(root: Path) -> dict[str, Artifact | None]:
    paths = ("in.txt", "in.bin", "folder", "made", "out.txt")
    return {path: Artifact(path, _md5(root / path), 1) if (root / path).exists() else None for path in paths}


def _changed(root: Path) -> list[str]:
    """The paths of the stage that are not as its lock entry says."""
    now = _now(root)
    entry = as_now(root, read_lock(root)["s"], now, lambda path: path)
    return [each.path for each in (*entry.deps, *entry.outs) if (here := now[each.path]) and here.digest != each.digest]


def _changed_by_dvc(root: Path, dvc: Dvc) -> list[str]:
    status: dict[str, Any] = json.loads(dvc(root, "status", "--json").stdout)
    return [path for kind in status.get("s", []) for each in kind.values() for path in each]


def test_what_dvc_2_recorded_is_current_where_dvc_3_says_so(old: Path, dvc: Dvc) -> None:
    assert read_lock(old)["s"].legacy == {"in.txt", "in.bin", "folder", "made", "out.txt"}
    assert _changed_by_dvc(old, dvc) == _changed(old) == []
    (old / "in.txt").write_bytes(b"one\ntwo\n")  # the same text to DVC 2
    assert _changed_by_dvc(old, dvc) == _changed(old) == []
    (old / "in.bin").write_bytes(DATA["in.bin"].replace(b"\r\n", b"\n"))
    (old / "folder" / "in" / "lf.txt").write_bytes(b"other")
    assert sorted(_changed_by_dvc(old, dvc)) == sorted(_changed(old)) == ["folder", "in.bin"]


def test_a_lock_of_dvc_2_stays_until_something_else_is_made(old: Path, dvc: Dvc) -> None:
    prior = (old / "dvc.lock").read_text()
    assert dump_lock(read_lock(old), prior) == prior
    dvc(old, "repro", "-q")
    assert (old / "dvc.lock").read_text() == prior


def test_what_is_the_same_after_another_run_keeps_the_form_of_dvc_2(old: Path, dvc: Dvc) -> None:
    prior = (old / "dvc.lock").read_text()
    (old / "in.bin").write_bytes(b"\0another")
    (old / "params.yaml").write_text("lr: 0.2\n")
    dvc(old, "repro", "-q")
    after = read_lock(old)["s"]
    assert after.legacy == {"in.txt", "folder", "out.txt"}
    run = replace(after, legacy=frozenset())  # what a run knows of itself
    assert dump_lock({"s": run}, prior) == (old / "dvc.lock").read_text()


def test_data_that_dvc_2_tracked_is_found(old: Path) -> None:
    (found,) = read_tracked(old)
    assert (found.path, found.digest) == ("data.csv", legacy.file_digest(old / "data.csv"))
    assert [stage.name for stage in read_stages(old)] == ["s"]


pieces = st.sampled_from([b"\r\n", b"\n", b"\r", b"text", b"\0", b"\xff", b"\x01" * 40, b"a" * 600, b"z" * (1 << 20)])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(pieces, max_size=6).map(b"".join))
def test_digests_a_file_as_dvc_2_did(tmp_path: Path, oracle: Oracle, data: bytes) -> None:
    (tmp_path / "f").write_bytes(data)
    assert legacy.file_digest(tmp_path / "f") == oracle.ask("legacy", str(tmp_path / "f"))
