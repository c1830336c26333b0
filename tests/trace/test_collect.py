"""From records to a Trace."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fossml.trace.collect import collect, relative
from fossml.trace.hook import escaped
from fossml.trace.records import plain

HEADER = "H\t1\t3.11.7\tpython\tmain.py\n"


def test_a_torn_or_foreign_line_is_left_out(tmp_path: Path) -> None:
    root, folder = tmp_path / "repo", tmp_path / "records"
    root.mkdir()
    folder.mkdir()
    for name in ("a", "b"):
        (root / name).write_text("x")
    text = f"{HEADER}not a record\nR\tsoon\tx\t\nR\t2\t{root}/a\t\nR\t3\t{root}/b\t"
    (folder / "1.trace").write_text(text)
    assert collect(folder, root).read == ("a",)


def test_a_missing_folder_is_no_trace(tmp_path: Path) -> None:
    assert collect(tmp_path / "none", tmp_path).how == "none"


def test_a_repository_behind_a_link_is_itself(tmp_path: Path) -> None:
    root, folder, link = tmp_path / "repo", tmp_path / "records", tmp_path / "link"
    root.mkdir()
    folder.mkdir()
    link.symlink_to(root)
    (root / "a").write_text("x")
    (folder / "1.trace").write_text(f"{HEADER}R\t2\t{root}/a\t\nW\t3\t{link}/a\t-\n")
    trace = collect(folder, link)
    assert (trace.read, trace.written, trace.outside) == (("a",), ("a",), ())


def test_bookkeeping_is_no_part_of_the_work() -> None:
    assert relative("/r/.git/HEAD", ("/r",)) is None
    assert relative("/r/.dvc/cache/x", ("/r",)) is None
    assert relative("/r/data/x", ("/r",)) == "data/x"
    assert relative("/r", ("/r",)) == "."
    assert relative("/rest/x", ("/r",)) is None


@given(st.text())
def test_any_name_survives_a_record(name: str) -> None:
    line = escaped(name)
    assert not set(line) & set("\n\t\r")
    assert plain(line) == name
