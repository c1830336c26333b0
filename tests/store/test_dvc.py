"""The real dvc and the store read what the other wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects
from fossml.types import Artifact
from tests.conftest import Dvc
from tests.store.conftest import MakeTree


def cached(root: Path) -> dict[str, bytes]:
    """Every object: path in the cache -> bytes; all of them read-only."""
    files = [path for path in (root / ".dvc/cache/files").rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in files)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def recorded(root: Path, name: str) -> Artifact:
    out = YAML(typ="safe").load(root / f"{name}.dvc")["outs"][0]
    return Artifact(name, out["md5"], out["size"], out.get("nfiles"), out.get("isexec", False))


def write_dvc(root: Path, a: Artifact) -> None:
    nfiles = "" if a.nfiles is None else f"  nfiles: {a.nfiles}\n"
    isexec = "  isexec: true\n" if a.isexec else ""
    text = f"outs:\n- md5: {a.digest}\n  size: {a.size}\n{nfiles}{isexec}  hash: md5\n  path: {a.path}\n"
    (root / f"{a.path}.dvc").write_text(text)


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """What `dvc init --no-scm` makes, without the second that it takes."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = True\n")
    return tmp_path


NAMES = ("data", "hollow", "model.bin", "tool")


@pytest.fixture
def filled(started: Path, tree: MakeTree) -> Path:
    data = {"b": "2\r\n", "a b/é": "x", "a.b": "", "a/z/deep": "1", "Z": "ü\n", "line\nbreak": "", 'quo"te': "q"}
    tree(started / "data", data)
    tree(started / "data", {"other/.dvc/config": "", "other/lost": "lost", "clone/.git/HEAD": "x", "clone/kept": "k"})
    (started / "data/link").symlink_to("b")
    (started / "data/folder-link").symlink_to("a")
    (started / "data/empty").mkdir()
    (started / "hollow").mkdir()
    (started / "model.bin").write_bytes(os.urandom(2**20 + 7))
    (started / "tool").write_text("#!/bin/sh\n")
    (started / "tool").chmod(0o755)
    return started


def test_digests_and_objects_are_those_of_dvc_add(filled: Path, dvc: Dvc, stats: StatCache) -> None:
    mine = [artifact(filled, name, stats) for name in NAMES]
    objects = Objects(filled / ".dvc/cache", stats=stats)
    for name, one in zip(NAMES, mine, strict=True):
        assert one is not None
        objects.add(filled / name, one)
    stored = cached(filled)
    for path in (filled / ".dvc/cache/files").rglob("*"):
        if path.is_file():
            path.unlink()
    dvc(filled, "add", "-q", *NAMES)
    assert [recorded(filled, name) for name in NAMES] == mine
    assert cached(filled) == stored


def test_dvc_accepts_and_checks_out_what_the_store_added(filled: Path, dvc: Dvc, stats: StatCache) -> None:
    objects = Objects(filled / ".dvc/cache", stats=stats)
    for name in NAMES:
        one = artifact(filled, name, stats)
        assert one is not None
        objects.add(filled / name, one)
        write_dvc(filled, one)
    assert json.loads(dvc(filled, "status", "--json").stdout) == {}
    (filled / "model.bin").rename(filled / "kept.bin")
    (filled / "data/a/z/deep").unlink()
    dvc(filled, "checkout", "-q", "--force")
    assert (filled / "model.bin").read_bytes() == (filled / "kept.bin").read_bytes()
    assert (filled / "data/a/z/deep").read_text() == "1"


def test_the_store_checks_out_what_dvc_added(filled: Path, dvc: Dvc, stats: StatCache) -> None:
    dvc(filled, "add", "-q", *NAMES)
    objects = Objects(filled / ".dvc/cache", stats=stats)
    for name in NAMES:
        (filled / name).rename(filled / f"old-{name}")
        assert objects.has(recorded(filled, name))
        objects.checkout(recorded(filled, name), filled / name)
        assert artifact(filled, name, stats) == recorded(filled, name)
    assert json.loads(dvc(filled, "status", "--json").stdout) == {}


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_dvc_sees_links_as_it_would_have_made_them(
    started: Path, dvc: Dvc, tree: MakeTree, stats: StatCache, kind: str
) -> None:
    with (started / ".dvc/config").open("a") as config:
        config.write(f"[cache]\n    type = {kind}\n")
    tree(started / "data", {"a": "1", "b/c": "2"})
    before = artifact(started, "data", stats)
    assert before is not None
    Objects(started / ".dvc/cache", (kind,), stats=stats).add(started / "data", before)
    write_dvc(started, before)
    made = {name: tie(started / "data" / name) for name in ("a", "b/c")}
    dvc(started, "checkout", "-q", "--relink")
    assert {name: tie(started / "data" / name) for name in made} == made
    assert json.loads(dvc(started, "status", "--json").stdout) == {}


def tie(path: Path) -> tuple[bool, int, int]:
    """How a file is tied to the cache: whether by a symlink, the inode behind it, and the mode."""
    return path.is_symlink(), path.stat().st_ino, path.stat().st_mode
