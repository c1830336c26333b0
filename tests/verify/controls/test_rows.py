"""Data files as rows: what stays keeps its bytes and its order, what is mixed keeps its columns."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.verify.controls import rows

CELLS = st.text('abc,"\n é7.-', max_size=6)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@given(st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=30), st.floats(0.05, 0.9), st.text(max_size=3))
def test_the_rows_that_stay_are_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], share: float, salt: str
) -> None:
    lines = [f"{quoted(a)},{quoted(b)}\n" for a, b in cells]
    path = tmp_path_factory.mktemp("rows") / "data.csv"
    path.write_text("first,second\n" + "".join(lines), encoding="utf-8", newline="")
    done = rows.leave_out(path, share, salt)
    assert done == (min(max(1, round(len(cells) * share)), len(cells) - 1), len(cells))
    after = path.read_bytes().decode()
    assert after.startswith("first,second\n")
    rest, stay = after.removeprefix("first,second\n"), iter(lines)
    while rest:
        line = next(one for one in stay if rest.startswith(one))
        rest = rest[len(line) :]


def csv_file(path: Path) -> None:
    path.write_text("a,b\n" + "".join(f"{n},{n * n}\n" for n in range(20)))


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress(("a,b\n" + "".join(f"{n},{n * n}\n" for n in range(20))).encode()))


def json_lines(path: Path) -> None:
    path.write_text("".join(json.dumps({"a": n, "b": n * n}) + "\n" for n in range(20)))


def json_list(path: Path) -> None:
    path.write_text(json.dumps([{"a": n, "b": n * n} for n in range(20)]))


def array(path: Path) -> None:
    np.save(path, np.arange(40).reshape(20, 2))


def arrays(path: Path) -> None:
    np.savez(path, X=np.arange(40).reshape(20, 2), y=np.arange(20), names=np.array(["a", "b"]))


FORMS: dict[str, Callable[[Path], None]] = {
    "x.csv": csv_file,
    "x.csv.gz": packed,
    "x.jsonl": json_lines,
    "x.json": json_list,
    "x.npy": array,
    "x.npz": arrays,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_format_can_be_thinned_and_mixed(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FORMS[name](path)
    before = path.read_bytes()
    assert rows.count(path) == 20
    assert path.read_bytes() == before
    assert rows.leave_out(path, 0.1, "s") == (2, 20)
    assert rows.count(path) == 18
    assert rows.mix(path, "s") == 18
    assert rows.count(path) == 18


@pytest.mark.parametrize("data", [b"", b"\0\1\2", b"one line\n", b"PK\3\4 no zip", b"[1, 2"])
@pytest.mark.parametrize("name", [*FORMS, "x.parquet", "x.bin"])
def test_what_cannot_be_taken_apart_stays_as_it_is(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert rows.leave_out(path, 0.1, "s") is None
    assert path.read_bytes() == data


def test_files_with_as_many_rows_lose_the_same_ones(tmp_path: Path) -> None:
    for name in ("x.csv", "y.csv"):
        (tmp_path / name).write_text("n\n" + "".join(f"{n}\n" for n in range(50)))
        rows.leave_out(tmp_path / name, 0.3, "salt")
    assert (tmp_path / "x.csv").read_text() == (tmp_path / "y.csv").read_text()


def test_mixing_one_column_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    csv_file(path)
    was = [line.split(",") for line in path.read_text().splitlines()[1:]]
    assert rows.mix(path, "s", "b") == 20
    now = [line.split(",") for line in path.read_text().splitlines()[1:]]
    assert [a for a, _ in now] == [a for a, _ in was]
    assert [b for _, b in now] != [b for _, b in was]
    assert Counter(b for _, b in now) == Counter(b for _, b in was)
    assert rows.mix(path, "s", "c") is None


def test_a_table_without_a_header_loses_no_first_row_for_one(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("".join(f"{n},{n}\n" for n in range(10)))
    assert rows.count(path) == 10


def database(path: Path, *more: str) -> None:
    with closing(sqlite3.connect(path)) as base:
        base.execute("create table seen (id integer primary key, name text unique, a real, b int)")
        base.executemany("insert into seen values (?, ?, ?, ?)", [(n, f"n{n}", n / 7, n * n) for n in range(40)])
        base.execute("create table kinds (kind int, said text)")
        base.executemany("insert into kinds values (?, ?)", [(0, "no"), (1, "yes")])
        for one in more:
            base.execute(one)
        base.commit()


def content(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as base:
        return base.execute("select * from seen order by id").fetchall()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_of_a_database_rows_are_left_out_and_short_tables_stay(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    database(path)
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"pragma journal_mode = {mode}")
    before = content(path)
    assert rows.count(path) == 40
    assert rows.leave_out(path, 0.1, "salt") == (4, 40)
    after = content(path)
    assert (len(after), set(after) <= set(before)) == (36, True)
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("select count(*) from kinds").fetchone() == (2,)
        assert base.execute("pragma journal_mode").fetchone() == (mode,)
        assert base.execute("pragma integrity_check").fetchone() == ("ok",)


def test_of_a_database_columns_are_mixed_that_name_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "seen.sqlite"
    database(path)
    before = content(path)
    assert rows.mix(path, "salt") == 40
    after = content(path)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    for place in (2, 3):
        one, other = [row[place] for row in before], [row[place] for row in after]
        assert (Counter(one) == Counter(other), one == other) == (True, False)


@pytest.mark.parametrize(
    "code",
    [
        "create trigger gone after delete on seen begin delete from kinds; end",
        "create virtual table words using fts5(word)",
    ],
)
def test_a_database_that_brings_code_is_left_as_it_is(code: str, tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    database(path, code)
    before = path.read_bytes()
    assert (rows.count(path), rows.leave_out(path, 0.5, "salt"), rows.mix(path, "salt")) == (None, None, None)
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + b"\1" * 200])
def test_what_is_no_database_is_left_as_it_is(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    path.write_bytes(data)
    assert (rows.count(path), rows.leave_out(path, 0.5, "salt")) == (None, None)
