"""What was scanned once is not read again, and nothing wrong is ever believed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fossml import facts
from fossml.facts import gather, scancache
from fossml.scan import scan_stream

CODE = "import cv2\nx = '/home/anna/x'  # fossml: ignore[PATH001] because it is shown\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files that are older than the clock's ticks, with a cache of its own."""
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.py").write_text(CODE)
    (root / "b.pkl").write_bytes(b"\x80\x02cposix\nsystem\nX\x01\0\0\0x\x85R.")
    (root / "n.ipynb").write_text('{"cells": [{"cell_type": "code", "execution_count": 2, "source": ["import os"]}]}')
    (root / "broken.pkl").write_bytes(b"\x80\x04K")
    for path in root.iterdir():
        os.utime(path, (time.time() - 100,) * 2)
    return root


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were scanned, not remembered."""
    names: list[str] = []

    def scan(path: str, *args: object) -> object:
        names.append(path)
        return scan_stream(path, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(facts, "scan_stream", scan)
    return names


def test_what_was_read_once_is_remembered_as_it_was_and_unknown_is_read_again(tree: Path, read: list[str]) -> None:
    first = gather(tree)
    assert sorted(read) == ["a.py", "b.pkl", "broken.pkl", "n.ipynb"]
    read.clear()
    assert gather(tree) == first
    assert read == ["broken.pkl"]


def test_a_change_is_seen_even_with_the_old_size_and_time(tree: Path, read: list[str]) -> None:
    gather(tree)
    read.clear()
    was = (tree / "a.py").stat()
    (tree / "a.py").write_text(CODE.replace("cv2", "PIL"))
    os.utime(tree / "a.py", ns=(was.st_atime_ns, was.st_mtime_ns))
    assert [one.module for one in gather(tree).scans["a.py"].imports] == ["PIL"]
    assert "a.py" in read


def test_a_file_written_just_now_is_not_remembered(tree: Path, read: list[str]) -> None:
    (tree / "a.py").write_text("x = 1\n")
    gather(tree)
    read.clear()
    gather(tree)
    assert "a.py" in read


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe\n", b"0 0\n{}"])
def test_a_damaged_cache_counts_for_nothing(tree: Path, read: list[str], damage: bytes) -> None:
    first = gather(tree)
    [file] = (tree.parent / "cache" / "check").iterdir()
    file.write_bytes(damage)
    assert gather(tree) == first
    body = file.read_bytes()
    file.write_bytes(body.replace(b"posix system", b"posix_system"))
    read.clear()
    assert gather(tree) == first and len(read) == 4


def test_another_version_of_the_scanners_starts_anew(
    tree: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gather(tree)
    read.clear()
    monkeypatch.setattr(scancache, "__version__", "99")
    gather(tree)
    assert len(read) == 4


def test_it_works_without_a_folder_to_write_to_and_writes_nothing_else(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gather(tree)
    monkeypatch.setenv("FOSSML_CACHE_DIR", "/dev/null/none")
    assert gather(tree) == first
    assert sorted(path.name for path in tree.iterdir()) == ["a.py", "b.pkl", "broken.pkl", "n.ipynb"]
