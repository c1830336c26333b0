"""The stub's outputs are a function of what the command depends on, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay import stub
from replay.stub import Spec

SPEC = Spec(
    cmd=["python", "a.py"],
    sources=["a.py"],
    data=["data"],
    values={"params.yaml": {"rate": 0.1}},
    outs={"out.json": [], "folder": ["part"]},
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "params.yaml").write_text("rate: 0.1\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/one.csv").write_text("1\n")
    return tmp_path


def made(root: Path, spec: Spec = SPEC) -> str:
    return stub.digest(stub.inputs(spec, str(root)))


def test_comments_formatting_and_unread_parameters_do_not_count(root: Path) -> None:
    before = made(root)
    (root / "a.py").write_text('"""What it is."""\n# one\nx  =  1  # two\n')
    (root / "params.yaml").write_text("rate: 0.1\nother: 2\n")
    (root / "data/code.py").write_text("")
    assert made(root) == before


@pytest.mark.parametrize(
    ("path", "text"), [("a.py", "x = 2\n"), ("data/one.csv", "2\n"), ("data/two.csv", "1\n"), ("a.py", "x = (\n")]
)
def test_code_and_data_count(root: Path, path: str, text: str) -> None:
    before = made(root)
    (root / path).write_text(text)
    assert made(root) != before


def test_parameters_and_the_command_count(root: Path) -> None:
    assert made(root, {**SPEC, "values": {"params.yaml": {"rate": 0.2}}}) != made(root)
    assert made(root, {**SPEC, "cmd": ["python", "a.py", "-v"]}) != made(root)


def test_outputs_say_what_they_were_made_of(root: Path) -> None:
    assert stub.made_of(SPEC, str(root)) is None
    stub.write(SPEC, str(root), made(root))
    assert stub.made_of(SPEC, str(root)) == made(root)
    (root / "folder/part").write_text("something else")
    assert stub.made_of(SPEC, str(root)) is None


def test_what_an_earlier_command_left_in_an_output_goes(root: Path) -> None:
    (root / "folder").mkdir()
    (root / "folder/earlier").write_text("")
    stub.write(SPEC, str(root), made(root))
    assert [path.name for path in (root / "folder").iterdir()] == ["part"]


def test_outputs_of_two_runs_are_of_neither(root: Path) -> None:
    stub.write(SPEC, str(root), "1" * 24)
    stub.write({**SPEC, "outs": {"out.json": []}}, str(root), "2" * 24)
    assert stub.made_of(SPEC, str(root)) is None


def test_a_notebook_counts_by_its_code() -> None:
    plain = b'{"cells": [{"cell_type": "code", "source": ["x = 1"], "outputs": []}]}'
    run = b'{"cells": [{"cell_type": "code", "source": ["x = 1"], "outputs": [1]}, {"cell_type": "markdown"}]}'
    other = b'{"cells": [{"cell_type": "code", "source": ["x = 2"], "outputs": []}]}'
    assert stub.code("a.ipynb", plain) == stub.code("a.ipynb", run) != stub.code("a.ipynb", other)


def test_specs_survive_the_environment() -> None:
    assert stub.unpacked(stub.packed({"train": SPEC})) == {"train": SPEC}
