"""Texts of a stranger's repository do nothing to the terminal, whatever command prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fossml.cli import main

EVIL = "\x1b]0;title\x07\x1b[2J\u202eevil"
STAGES = f"""stages:
  train:
    cmd: {json.dumps(f"false {EVIL}")}
    deps: [{json.dumps(f"data{EVIL}")}]
    metrics:
    - m.json:
        cache: false
"""
CLAIM = f"""[project]
title = {json.dumps(EVIL)}
[[claim]]
id = "acc"
statement = {json.dumps(EVIL)}
metric = {json.dumps(f"m.json:acc{EVIL}")}
value = "0.75"
reading = "exact"
"""


@pytest.mark.parametrize(
    "words", [[], ["check"], ["verify", "--no-controls", "--no-record"], ["build"], ["diff", "HEAD", "HEAD"]]
)
def test_nothing_that_is_printed_steers_the_terminal(
    words: list[str],
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    (repository / "dvc.yaml").write_text(STAGES)
    (repository / "fossml.toml").write_text(CLAIM)
    (repository / f"a{EVIL}.py".replace("/", "")).write_text("import six\n")
    with pytest.raises(SystemExit):
        main(words)
    said = "".join(capfd.readouterr())
    assert said
    assert not [letter for letter in said if not letter.isprintable() and letter not in "\n"]


def test_a_draft_is_made_for_the_folder_where_one_stands(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository)
    (repository / "README.md").write_text("| model | accuracy |\n|---|---|\n| A | 0.95 |\n")
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--propose", "README.md"])
    assert ended.value.code == 0
    assert "0.95" in capfd.readouterr().out
