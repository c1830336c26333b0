"""fossml.toml is read whole or refused with the file, the line and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.project.config import Config, SeedRoute, parse_config, read_config
from fossml.project.settings import TABLES

WHOLE = """\
[project]
title = "Four classifiers"
authors = ["Ada Lovelace <ada@example.org>"]
license = "MIT"
description = "One sentence."

[seed]
param = "params.yaml:seed"

[[claim]]
id = "lda"
statement = "LDA is right."
where = "table 1"
metric = "m.json:accuracy"
value = "98.9 %"
reading = "exact"
comparison = ">="
margin = 0.01
spread = 0.006
spread_kind = "sd"
level = "soft"
reason = "one setting of many"
n = 5
better = "more"
better_than = "qda"
by = "1 %"
order = ["lda", "qda"]
table = "table 1"
run = "train"

[[claim]]
id = "qda"
metric = "m.json:qda"
value = 0.5
"""


def read(text: str) -> Config:
    return parse_config(text, "fossml.toml", ())


def refused(text: str) -> FossmlError:
    with pytest.raises(FossmlError) as caught:
        read(text)
    assert caught.value.code == 2
    return caught.value


def test_every_key_is_read() -> None:
    config = read(WHOLE)
    assert config.file == "fossml.toml"
    assert set(config.project or ()) == TABLES["project"].keys()
    assert config.seed == SeedRoute("param", "params.yaml:seed")
    assert [(one.table["id"], one.line) for one in config.claims] == [("lda", 10), ("qda", 31)]
    assert set(config.claims[0].table) == TABLES["claim"].keys()


@pytest.mark.parametrize(("kind", "name"), [("flag", "--seed"), ("env", "SEED"), ("param", "conf/p.json:a.seed")])
def test_a_seed_goes_in_by_one_of_three_routes(kind: str, name: str) -> None:
    route = read(f'seed.{kind} = "{name}"').seed
    assert route is not None
    assert (route.kind, route.name) == (kind, name)


def test_pyproject_says_the_same_below_tool_fossml(tmp_path: Path) -> None:
    tables = WHOLE.replace("[[claim]]", "[[tool.fossml.claim]]")
    tables = tables.replace("[project]", "[tool.fossml.project]").replace("[seed]", "[tool.fossml.seed]")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n\n' + tables)
    here, own = read_config(tmp_path), read(WHOLE)
    assert (here.file, here.project, here.seed) == ("pyproject.toml", own.project, own.seed)
    assert [(one.table, one.line - 3) for one in here.claims] == [(one.table, one.line) for one in own.claims]


@pytest.mark.parametrize(
    "text",
    [
        '[tool.fossml.seed]\nenv = "SEED"',
        'tool.fossml.seed.env = "SEED"',
        '[tool]\nfossml = { seed = { env = "SEED" } }',
        '[tool."fossml".seed]\nenv = "SEED"',
        '[ tool . fossml . seed ]\nenv = "SEED"',
    ],
)
def test_pyproject_is_found_however_its_table_is_written(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_config(tmp_path).seed == SeedRoute("env", "SEED")


def test_a_pyproject_that_only_names_fossml_configures_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["fossml"]\n')
    assert read_config(tmp_path) == Config()


def test_fossml_toml_is_taken_before_pyproject(tmp_path: Path) -> None:
    (tmp_path / "fossml.toml").write_text('seed.env = "OWN"')
    (tmp_path / "pyproject.toml").write_text('tool.fossml.seed.env = "OTHER"')
    assert read_config(tmp_path).seed == SeedRoute("env", "OWN")


def test_without_a_file_nothing_is_declared(tmp_path: Path) -> None:
    assert read_config(tmp_path) == Config()


@pytest.mark.parametrize(
    ("text", "place", "named"),
    [
        ('[project]\ntitle = "x"\nautors = []', "fossml.toml:3", "did you mean 'authors'?"),
        ('[seed]\nflagg = "--seed"', "fossml.toml:2", "did you mean 'flag'?"),
        ('[[claim]]\nid = "a"\n[[claim]]\nid = "b"\nmetrik = "m"', "fossml.toml:5", "did you mean 'metric'?"),
        ('\n[sed]\nflag = "--seed"', "fossml.toml:2", "did you mean 'seed'?"),
        ("\nsead = 3", "fossml.toml:2", "did you mean 'seed'?"),
        ('seed = { flg = "x" }', "fossml.toml:1", "did you mean 'flag'?"),
        (
            "[zzz]",
            "fossml.toml:1",
            "known here: claim, environment, probe, project, requirements, resources, seed, stage, staleness",
        ),
    ],
)
def test_an_unknown_name_is_refused_with_its_line_and_the_nearest(text: str, place: str, named: str) -> None:
    error = refused(text)
    assert (error.where, error.hint) == (place, named)
    assert "unknown" in error.message


def test_in_pyproject_the_line_is_that_of_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[seed]\nflga = 1\n[tool.fossml.seed]\nflga = "--seed"\n')
    with pytest.raises(FossmlError) as caught:
        read_config(tmp_path)
    assert caught.value.where == "pyproject.toml:4"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('project = "x"', 1, "[project] must be a table, it is 'x'"),
        ("\n[project]\ntitle = 3", 3, "[project] title must be a string, it is 3"),
        ('[project]\nauthors = "Ada"', 2, "[project] authors must be a list of strings, it is 'Ada'"),
        ("[project]\nauthors = [1]", 2, "[project] authors must be a list of strings, it is [1]"),
        ("seed = 7", 1, "[seed] must be a table, it is 7"),
        ("[seed]\nenv = 7", 2, "[seed] env must be a string, it is 7"),
        ('[seed]\nflag = ""', 2, "[seed] flag must be a string, it is ''"),
        ('[seed]\nparam = "seed"', 2, "[seed] param must be file:key, such as params.yaml:seed, it is 'seed'"),
        ('[seed]\nenv = "A"\nflag = "-s"', 1, "[seed] takes one of flag, env and param, here are env and flag"),
        ('\n[claim]\nid = "a"', 2, "claims are written [[claim]], with two brackets"),
        ("claim = [1]", 1, "[claim] must be a table, it is 1"),
    ],
)
def test_a_wrong_type_is_refused_with_its_line(text: str, place: int, message: str) -> None:
    error = refused(text)
    assert (error.where, error.message) == (f"fossml.toml:{place}", message)


def test_tool_fossml_must_be_a_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nfossml = 3")
    with pytest.raises(FossmlError, match=r"\[fossml\] must be a table"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n[seed\n", "fossml.toml:2"),
        ('[seed]\nenv = "A"\nenv = "B"\n', "fossml.toml:3"),
        ("x = " + "9" * 5000, "fossml.toml"),
        ("x = " + "[" * 20_000, "fossml.toml:1"),
        ('[project]\ntitle = "open', None),
    ],
)
def test_what_is_no_toml_is_refused(text: str, place: str | None) -> None:
    error = refused(text)
    assert (error.where or "").startswith("fossml.toml")
    assert place in (None, error.where)


def test_a_broken_pyproject_that_means_to_configure_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.fossml.seed\n")
    with pytest.raises(FossmlError, match="is not TOML"):
        read_config(tmp_path)
    (tmp_path / "pyproject.toml").write_text('dev = ["fossml"\n')
    assert read_config(tmp_path) == Config()


@pytest.mark.parametrize("name", ["fossml.toml", "pyproject.toml"])
def test_what_is_not_utf_8_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes('[tool.fossml.project]\ntitle = "é"'.encode("latin-1"))
    with pytest.raises(FossmlError, match="is not UTF-8") as caught:
        read_config(tmp_path)
    assert caught.value.where == f"{name}:2"


def test_what_is_nested_too_deeply_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "fossml.toml").write_text("# one\nx = [1]\ny = " + "[" * 5000 + "]" * 5000 + "\nz = [[2]]\n")
    with pytest.raises(FossmlError, match="nested too deeply") as caught:
        read_config(tmp_path)
    assert caught.value.where == "fossml.toml:3"


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fossml.toml").mkdir()
    with pytest.raises(FossmlError, match="cannot be read"):
        read_config(tmp_path)


DAMAGE = st.sampled_from(
    ["[", "]", '"', "=", ".", "\n", "[[claim]]", "seed", "claim.x=1", "3", "{", "}", "é", "#", "\0"]
)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 40), DAMAGE), min_size=1, max_size=4))
def test_damaged_text_is_read_or_refused(places: list[tuple[int, int, str]]) -> None:
    text = WHOLE
    for start, length, put in places:
        text = text[:start] + put + text[start + length :]
    for prefix in ((), ("tool", "fossml")):
        try:
            assert isinstance(parse_config(text, "fossml.toml", prefix), Config)
        except FossmlError as error:
            assert (error.where or "").startswith("fossml.toml")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read(text), Config)
    except FossmlError as error:
        assert error.message
