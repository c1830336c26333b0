"""What fossml.toml may say for builds, and the JSON Schema that says the same."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fossml.errors import FossmlError
from fossml.project.config import Resources, SeedRoute, parse_config
from fossml.project.requirements import SetLevel, Waiver
from fossml.project.settings import TABLES, schema, seconds, size
from tests.conftest import REPOSITORY
from tests.project.test_config import WHOLE, read, refused

BUILD = """\
[environment]
python = ".venv"

[seed]
env = "SEED"
value = 7

[staleness]
packages = "exact"

[resources]
cpu = 4
gpu = ["0", "3"]
memory = "8 GiB"
tokens = { licence = 2 }

[stage."*"]
timeout = "10m"
cpu = 2

[stage.train]
packages = "record"
trace = "none"
gpu = 1
memory = "512 MB"
tokens = { licence = 1 }
env = ["CUBLAS_WORKSPACE_CONFIG"]

[stage."train@a"]
seed = 3
cpu = 1
"""


def test_every_setting_of_a_build_is_read() -> None:
    config = read(BUILD)
    assert config.python == ".venv"
    assert config.seed == SeedRoute("env", "SEED", 7)
    assert config.resources == Resources(4, ("0", "3"), 8 * 2**30, {"licence": 2})
    one = config.settings("train@a")
    assert (one.packages, one.trace, one.gpu, one.memory) == ("record", "none", 1, 512 * 10**6)
    assert (one.cpu, one.seed, one.timeout, one.tokens) == (1, 3, 600.0, {"licence": 1})
    assert one.env == ("CUBLAS_WORKSPACE_CONFIG",)


def test_the_nearest_table_counts() -> None:
    config = read(BUILD)
    assert [config.settings(name).cpu for name in ("train@a", "train@b", "other")] == [1, 2, 2]
    assert [config.settings(name).packages for name in ("train@b", "other")] == ["record", "exact"]
    assert [config.settings(name).seed for name in ("train@b", "trainer")] == [None, None]
    assert read("").settings("x").packages == "minor"


def test_gpus_are_counted_from_0() -> None:
    assert read("[resources]\ngpu = 2\n").resources.gpus == ("0", "1")


def test_a_name_that_fits_no_stage_is_found() -> None:
    config = read(BUILD)
    assert config.unmatched(["train@a", "x"]) is None
    assert config.unmatched(["train", "x"]) == "train@a"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            '[staleness]\npackages = "loose"',
            2,
            "[staleness] packages must be one of exact, minor, record, it is 'loose'",
        ),
        ('[stage.a]\ntimeout = "soon"', 2, '[stage.a] timeout must be a time, such as "90s", "10m" or "2h"'),
        ('\n[stage."a@b"]\nmemory = 3', 3, '[stage.a@b] memory must be a size, such as "512 MiB" or "8 GB", it is 3'),
        ("[stage.a]\ncpus = 1", 2, "unknown key 'cpus' in [stage.a]"),
        ("[resources]\ncpu = 0", 2, "[resources] cpu must be a whole number, at least 1, it is 0"),
        ("[resources]\ngpu = true", 2, "[resources] gpu must be a whole number, or a list of device names, it is True"),
        ("[resources]\ntokens = { a = -1 }", 2, "[resources] tokens must be a table of names and whole numbers"),
        ("[seed]\nvalue = 3", 1, "[seed] takes one of flag, env and param"),
        ('[seed]\nparam = "p.yaml:s"\nvalue = 3', 3, "the value of a seed that is a parameter stands in its file"),
        ("stage = 3", 1, "[stage] must be a table, it is 3"),
        ("[stage]\na = 3", 2, "[stage.a] must be a table, it is 3"),
    ],
)
def test_what_a_build_cannot_take_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    error = refused(text)
    assert error.where == f"fossml.toml:{line}"
    assert error.message.startswith(message)


@pytest.mark.parametrize(("text", "value"), [("90 s", 90), ("1.5m", 90), ("2h", 7200), ("1d", 86400)])
def test_times_are_in_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(("text", "value"), [("1 KB", 1000), ("1KiB", 1024), ("1.5 GiB", 3 * 2**29)])
def test_sizes_are_in_bytes(text: str, value: int) -> None:
    assert size(text) == value


def test_the_schema_that_ships_is_the_one_of_the_tables() -> None:
    shipped = Path(parse_config.__code__.co_filename).with_name("fossml.schema.json")
    assert json.loads(shipped.read_text()) == schema(), "make docs"
    jsonschema.Draft202012Validator.check_schema(schema())


def _valid(text: str) -> bool:
    return jsonschema.Draft202012Validator(schema()).is_valid(tomllib.loads(text))


def _read(text: str) -> bool:
    try:
        read(text)
    except FossmlError:
        return False
    return True


ASKED = '[requirements]\nprofile = "neurips"\nD4 = "hard"\n'
WAIVED = '[[requirements.waive]]\ncode = "D4"\npaths = ["a/*"]\nbecause = "x"\n'
REFUSED = [
    ASKED.replace("hard", "loud"),
    ASKED.replace("D4", "d4"),
    WAIVED.replace("because", "since"),
    WAIVED.replace('because = "x"', ""),
    WAIVED.replace("[[", "[").replace("]]", "]"),
    WAIVED.replace('["a/*"]', '"a/*"'),
]


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        BUILD,
        "",
        "[seed]\nflag = 3",
        "[stge.a]",
        "[stage.a]\ncpus = 1",
        "[claim]",
        ASKED,
        ASKED + WAIVED,
        *REFUSED,
    ],
)
def test_the_schema_says_what_the_reader_says(text: str) -> None:
    assert _valid(text) == _read(text)


def test_what_is_asked_of_a_repository_is_read_with_its_lines() -> None:
    found = read("\n" + ASKED + WAIVED).requirements
    assert (found.profile, found.where) == ("neurips", "fossml.toml:3")
    assert found.levels == (SetLevel("D4", "hard", "fossml.toml:4"),)
    assert found.waivers == (Waiver("D4", "x", ("a/*",), "fossml.toml:5"),)


def test_the_manual_names_every_table_and_key() -> None:
    page = (REPOSITORY / "docs" / "fossml-toml.md").read_text()
    for table, keys in TABLES.items():
        assert re.search(rf"\[+{table}", page), table
        missing: list[Any] = [
            key for key in keys if f"`{key}`" not in page and not re.search(rf"^#? ?{key} = ", page, re.M)
        ]
        assert not missing, (table, missing)
