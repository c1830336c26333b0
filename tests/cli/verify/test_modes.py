"""Every option of `fossml verify` in all that it can be asked to do: it has a meaning there, or it is refused."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from fossml.cli.verify import brought, command, modes, oneliner, project, propose
from fossml.cli.verify.given import Given
from fossml.cli.verify.modes import Mode
from tests.cli.verify.said import call
from tests.verify.projects import FILES, Paper

PRINTS = f"{shlex.quote(sys.executable)} -c 'print(0.75)'"
CLAIM = '[[claim]]\nid = "number"\nmetric = \'{}\'\nvalue = "0.75"\nreading = "exact"\n'
HERE = ("--trust", "--environment", "path")
WORDS: dict[str, tuple[Mode, tuple[str, ...]]] = {
    "cmd": (modes.COMMAND, ("--cmd", PRINTS, "--metric", "stdout:([0-9.]+)", "--claim", "0.75", "--reading", "exact")),
    "project": (modes.PROJECT, HERE),
    "claims by command": (
        modes.CLAIMS_BY_COMMAND,
        (".", "--claims", "../run.toml", "--trust", "--environment", "path"),
    ),
    "claims by pipeline": (modes.CLAIMS_BY_PIPELINE, ("--claims", "../own.toml", *HERE)),
    "propose": (modes.PROPOSE, ("--propose", "t.csv")),
}
VALUES = {
    "target": ["."],
    "cmd": ["--cmd", "true"],
    "metrics": ["--metric", "stdout:x"],
    "claims": ["--claim", "number"],
    "brought": ["--claims", "../run.toml"],
    "propose": ["--propose", "t.csv"],
    "readings": ["--reading", "one"],
    "spreads": ["--spread", "0.01:sd"],
    "margin": ["--margin", "0"],
    "seed_flag": ["--seed-flag", "--seed"],
    "seed_env": ["--seed-env", ""],
    "seed_param": ["--seed-param", "p.yaml:seed"],
    "seeds": ["--seeds", "1,2"],
    "runs": ["--runs", "2"],
    "budget": ["--budget", "9h"],
    "memory": ["--memory", "8GiB"],
    "timeout": ["--timeout", "9h"],
    "jobs": ["--jobs", "1"],
    "environment": ["--environment", "path"],
    "folder": ["--folder", "."],
    "html": ["--html", "../a.html"],
    "output": ["--output", "../a.json"],
}
OPTIONS = sorted({one.name or "" for one in command.params} - {"printed"}) + ["json", "markdown"]


@pytest.fixture
def paper(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    """A project with a claim, and beside it a reader's claims on its pipeline and on a command."""
    paper = Paper(repository, tmp_path / "records")
    paper.save({**FILES, "t.csv": "model,accuracy\nours,0.91\n"})
    (repository.parent / "own.toml").write_text(CLAIM.format("m.json:acc"))
    run = f"[run]\ncmd = {json.dumps(PRINTS)}\n\n"
    (repository.parent / "run.toml").write_text(run + CLAIM.format("stdout:([0-9.]+)"))
    paper.cache.mkdir()
    monkeypatch.chdir(repository)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COUNT", str(paper.cache / "count"))
    return paper


def typed(option: str) -> list[str]:
    return VALUES.get(option, [f"--{option.replace('_', '-')}"])


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("what", WORDS)
def test_an_option_without_a_meaning_is_refused_with_a_way_out(
    what: str, option: str, paper: Paper, capsys: pytest.CaptureFixture[str]
) -> None:
    mode, words = WORDS[what]
    if ("printed" if option in ("json", "markdown") else option) in mode.takes or (option, what) in CHOOSES_ANOTHER:
        return
    said = call(capsys, *words, *typed(option))
    assert said.code == 2
    assert said.err.startswith(f"error: {typed(option)[0]} does not go with {mode.said}\nhint: ")
    assert paper.count == []


CHOOSES_ANOTHER = {("cmd", "project"), ("brought", "cmd"), ("brought", "project")} | {
    ("propose", what) for what in WORDS
}
"""What is asked for with such an option is something else."""


class Watched:
    """Options that remember which of them were asked for."""

    def __init__(self, given: Given, seen: set[str]) -> None:
        self._given, self._seen = given, seen

    def __getattr__(self, name: str) -> Any:
        self._seen.add(name)
        return getattr(self._given, name)


@pytest.mark.usefixtures("paper")
@pytest.mark.parametrize("what", WORDS)
def test_an_option_with_a_meaning_is_looked_at(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mode, words = WORDS[what]
    seen: set[str] = set()

    def watched(run: Callable[..., int]) -> Callable[..., int]:
        return lambda given, *more: run(Watched(given, seen), *more)

    for module in (oneliner, project, brought, propose):
        monkeypatch.setattr(module, "run", watched(module.run))
    monkeypatch.setattr(modes, "refuse", lambda *_: None)
    assert call(capsys, *words).code == 0
    assert mode is not modes.COMMAND or call(capsys, ".", *words).code == 0  # what only matters with a PATH
    assert seen - {"words", "there"} == mode.takes


def test_every_option_is_known_here() -> None:
    names = {one.name for one in command.params if isinstance(one, (click.Option, click.Argument))}
    assert names == {field.name for field in dataclasses.fields(Given)} - {"words", "there"}
    assert names == frozenset().union(*(mode.takes for mode, _ in WORDS.values()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*WORDS["cmd"][1], "--worktree"), "--worktree goes with a PATH"),
        (("--claims", "../run.toml", "--worktree"), "--worktree goes with a PATH"),
        ((".", *WORDS["cmd"][1], "--folder", "."), "--folder goes without a PATH"),
        ((*WORDS["cmd"][1], "--sandbox", "--trust"), "--trust and --sandbox exclude each other"),
        (("--cmd", " "), "--cmd is empty"),
        (("--cmd", "true"), "--metric and --claim are both needed"),
        (("--metric", "m.json:a"), "--metric metrics.json:test.accuracy"),  # an example
    ],
)
def test_options_that_depend_on_each_other(
    words: tuple[str, ...], said: str, paper: Paper, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = call(capsys, *words)
    assert (ended.code, said in ended.err) == (2, True)
    assert paper.count == []


@pytest.mark.parametrize("columns", [80, 120])
def test_the_help_groups_the_options_and_fits(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = call(capsys, "--help").out.splitlines()
    assert max(map(len, lines)) <= columns
    options = [line for line in lines if line.startswith("  -")]
    assert {line.index(re.split(r"\s{2,}", line.strip())[1]) for line in options} == {25}
    headings = [line.partition(" (")[0].rstrip(":") for line in lines if line and line[0] != " "][1:]
    assert headings == [
        "What is verified",
        "The claim, with --cmd",
        "How the command takes its seed",
        "Limits",
        "Where it runs",
        "Shows that it can fail",
        "How the answer is told",
        "Other",
    ]
