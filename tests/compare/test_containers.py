from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.compare import Budget, compare_paths
from tests.compare.files import compared, written


def zipped(members: Mapping[str, bytes], year: int = 2020, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    def write(file: io.BytesIO) -> None:
        with zipfile.ZipFile(file, "w", packed) as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data, packed)

    return written(write)


def tarred(members: Mapping[str, bytes], time: int = 0, mode: int = 0o644) -> bytes:
    def write(file: io.BytesIO) -> None:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size, info.mtime, info.uid, info.mode = len(data), time, time, mode
                archive.addfile(info, io.BytesIO(data))

    return written(write)


MEMBERS = {"a.json": b'{"x": 1}', "b.txt": b"hello\n"}
MAKERS: dict[str, Callable[[Mapping[str, bytes], int], bytes]] = {
    "a.zip": lambda members, time: zipped(members, 2000 + time),
    "a.tar": tarred,
    "a.tar.gz": lambda members, time: gzip.compress(tarred(members, time), mtime=time),
    "a.tar.bz2": lambda members, time: bz2.compress(tarred(members, time)),
    "a.tar.xz": lambda members, time: lzma.compress(tarred(members, time)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_times_and_the_order_of_members_do_not_count_and_their_content_does(name: str) -> None:
    make = MAKERS[name]
    assert compared(name, make(MEMBERS, 1), make(MEMBERS, 1)).level == "bytes"
    assert compared(name, make(MEMBERS, 1), make(MEMBERS, 5)).level == "normalised"
    found = compared(name, make(MEMBERS, 1), make(dict(reversed(MEMBERS.items())), 1))
    assert (found.level, found.normalised) == ("normalised", ("order of members",))
    found = compared(name, make(MEMBERS, 1), make({**MEMBERS, "a.json": b'{"x": 2}'}, 1))
    assert (found.level, found.count, found.parts[0].where) == ("different", 1, "a.json: x")
    found = compared(name, make(MEMBERS, 1), make({"a.json": MEMBERS["a.json"], "c": b""}, 1))
    assert {part.where for part in found.parts} == {"member b.txt", "member c"}


def test_a_member_that_can_be_started_is_another_one() -> None:
    found = compared("a.tar", tarred(MEMBERS), tarred(MEMBERS, mode=0o755))
    assert (found.level, found.parts[0].right) == ("different", "a file, executable")


def test_archives_in_archives_are_opened_so_far_and_no_further() -> None:
    left, right = b'{"x": 1}', b'{"x": 2}'
    for depth in range(8):
        found = compared("a.json" if not depth else "a.zip", left, right)
        assert found.level == ("different" if depth <= 4 else "unknown")
        left, right = (
            zipped({"a.json" if not depth else "a.zip": left}),
            zipped({"a.json" if not depth else "a.zip": right}),
        )
    assert "deeper" in found.reason


def zeros(size: int) -> bytes:
    return b"\0" * size


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, zlib.compress, lzma.compress, lambda data: zipped({"x.bin": data})]
)
def test_a_bomb_does_not_go_off(pack: Callable[[bytes], bytes]) -> None:
    left, right = pack(zeros(40 * 2**20)), pack(zeros(40 * 2**20 + 1))
    found = compared("x", left, right, Budget(unpacked=10 * 2**20))
    assert (found.level, found.reason) == ("unknown", "it unpacks to more than is looked at")


@pytest.mark.parametrize("name", MAKERS)
@given(noise=st.binary(min_size=1, max_size=20), data=st.data())
def test_a_damaged_archive_gets_an_answer(name: str, noise: bytes, data: st.DataObject) -> None:
    whole = MAKERS[name](MEMBERS, 1)
    place = data.draw(st.integers(0, len(whole)))
    assert compared(name, whole, whole[:place] + noise + whole[place + len(noise) :]).level
    assert compared(name, whole, whole[:place]).level


def test_an_archive_of_too_many_members_is_unknown() -> None:
    many = {str(i): b"" for i in range(50)}
    found = compared("a.zip", zipped(many), zipped({**many, "x": b""}), Budget(members=20))
    assert (found.level, found.reason) == ("unknown", "an archive of more members than are looked at")


def test_folders_are_compared_file_by_file(tmp_path: Path) -> None:
    for side, text in (("a", "1"), ("b", "2")):
        (tmp_path / side / "in").mkdir(parents=True)
        (tmp_path / side / "same.txt").write_text("x")
        (tmp_path / side / "in" / "m.json").write_text(f'{{"x": {text}}}')
        (tmp_path / side / "link").symlink_to("same.txt")
    (tmp_path / "a" / "old.txt").write_text("xx")
    (tmp_path / "b" / "new.txt").write_text("x")
    assert compare_paths(tmp_path / "a", tmp_path / "a").level == "bytes"
    found = compare_paths(tmp_path / "a", tmp_path / "b")
    told = {part.where: (part.left, part.right) for part in found.parts}
    assert told == {"in/m.json: x": ("1", "2"), "old.txt": ("2 bytes", None), "new.txt": (None, "1 bytes")}
    (tmp_path / "b" / "link").unlink()
    (tmp_path / "b" / "link").symlink_to("elsewhere")
    assert compare_paths(tmp_path / "a" / "link", tmp_path / "b" / "link").level == "different"
    assert compare_paths(tmp_path / "a", tmp_path / "b" / "new.txt").parts[0].left == "a folder"
    assert compare_paths(tmp_path / "a", tmp_path / "nothing").parts[0].right == "nothing"


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    for name in "ab":
        os.mkfifo(tmp_path / name)
    assert compare_paths(tmp_path / "a", tmp_path / "b").level == "unknown"


def database(rows: list[tuple[int, str, float]], extra: str = "") -> bytes:
    base = sqlite3.connect(":memory:")
    base.executescript("CREATE TABLE runs (id INTEGER, name TEXT, score REAL);" + extra)
    base.executemany("INSERT INTO runs VALUES (?, ?, ?)", rows)
    base.commit()
    return base.serialize()


def test_databases_are_compared_row_by_row() -> None:
    rows = [(1, "a", 0.5), (2, "b", 0.25)]
    found = compared("r.db", database(rows), database(rows[::-1]))
    assert (found.level, found.normalised) == ("normalised", ("order of rows in runs",))
    found = compared("r.db", database(rows), database([rows[0], (2, "b", 0.75)]))
    assert (found.level, found.parts[0].where) == ("different", "table runs, row 2, column 3")
    found = compared("r.db", database(rows), database(rows, "CREATE TABLE other (x);"))
    assert found.parts[0].where == "table other"
    assert compared("r.db", database(rows), database(rows)[:3000]).level == "unknown"


def notebook(text: str = "0.95\n", count: int = 1, source: str = "print(acc)", version: str = "3.11") -> str:
    book = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python", "version": version}})
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    book.cells = [nbformat.v4.new_code_cell(source, execution_count=count, outputs=outputs, id=f"c{count}")]
    return str(nbformat.writes(book))


def test_notebooks_are_compared_without_counters_and_metadata() -> None:
    found = compared("n.ipynb", notebook(), notebook(count=7, version="3.12"))
    assert (found.level, found.normalised) == ("normalised", ("notebook metadata", "execution counts", "cell ids"))
    found = compared("n.ipynb", notebook(), notebook(source="print(acc, 1)"))
    assert (found.level, found.parts[0].where) == ("different", "cell 1 source, line 1")
    found = compared("n.ipynb", notebook(), notebook(text="0.90\n"))
    assert (found.level, found.parts[0].where) == ("different", "cell 1 output, line 1")
    found = compared("n.ipynb", notebook("took 1.5 s\n"), notebook("took 9.5 s\n"))
    assert (found.level, found.normalised) == ("normalised", ("durations in outputs",))
