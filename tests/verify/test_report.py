"""The one value that all views tell: made from a project's verification and from a command's alike."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fossml.cli import main
from fossml.types import Finding, Status
from fossml.verify.report import Circumstances, of_project
from fossml.views.document import SCHEMA, document
from fossml.views.report import Source
from tests.verify.diff.test_outputs import published
from tests.verify.project.test_flow import OTHER, OTHER_CLAIM, TWO, seeded
from tests.verify.projects import Paper

ABOUT = Circumstances("A", Source("a"), "fossml verify", "2026-01-01T00:00:00+00:00")


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def valid(document: Any) -> Any:
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    return document


def test_values_of_runs_stand_at_the_places_of_their_claims(paper: Paper) -> None:
    seeded(paper, "env")
    toml = OTHER_CLAIM + (paper.root / "fossml.toml").read_text()
    pipeline = (paper.root / "dvc.yaml").read_text() + TWO.partition("  other:")[1] + TWO.partition("  other:")[2]
    paper.save({"dvc.yaml": pipeline, "other.py": OTHER, "fossml.toml": toml})
    targets, _ = paper.rebuilder()
    said = of_project(paper.verify(), targets, ABOUT)
    assert [told.judged.claim.id for told in said.claims] == ["other", "acc"]
    base, *again = said.runs
    assert [bool(values) for values in base.values] == [True, True]
    assert len(again) >= 2
    assert all(run.values[0] is None and run.values[1] for run in again)
    assert said.seeds == tuple(run.seed for run in again)
    valid(json.loads(json.dumps(document(said))))


@pytest.mark.parametrize(
    ("status", "said"),
    [("fail", "it depends on the room"), ("unknown", "what the room does was not looked for")],
)
def test_where_the_room_makes_the_difference_no_seed_is_blamed(status: Status, said: str, paper: Paper) -> None:
    verified = published(paper, '{"acc": 0.75, "loss": n}')
    targets, _ = paper.rebuilder()
    room = Finding("ROOM010", status, "hard", "paper", "it depends on the time zone", (), "say which")
    for findings, guess in (((), "no seed reaches it"), ((room,), f"{said} (ROOM010)")):
        report = of_project(replace(verified, findings=(*findings, *verified.findings)), targets, ABOUT)
        [out] = [one for one in report.findings if one.code == "OUT001"]
        assert out.message.endswith(f"train was given the same and other values came out: {guess}")
        assert out.hint == ("say which" if findings else out.hint)


@pytest.fixture
def here(paper: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    monkeypatch.chdir(paper.root)
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    return paper


def test_a_project_is_told_in_each_form_and_recorded(
    here: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, copy = tmp_path / "page.html", tmp_path / "copy.json"
    assert call("verify", "--trust", "-q", "--json", "--html", str(page), "--output", str(copy), "--runs", "4") == 0
    said = valid(json.loads(capsys.readouterr().out))
    assert [said["claims"][0][name] for name in ("id", "verdict", "rung", "runs")] == ["acc", "numeric", "L3", 1]
    assert (said["dirty"], said["repeat"].splitlines()[1]) == (False, "fossml verify --runs 4 --trust")
    assert said == json.loads(copy.read_text()) == json.loads((here.root / "fossml.verify.json").read_text())
    assert "numeric" in page.read_text()
    assert call("verify", "--trust", "-q", "--markdown") == 0
    assert capsys.readouterr().out.startswith("### ✅ The claim holds")


def test_the_record_is_no_difference_and_no_new_state(here: Paper, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("verify", "--trust", "-q", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert call("verify", "--trust", "-q", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert (first["dirty"], again["dirty"]) == (False, False)
    assert [run["recorded"] for run in (*first["runs"], *again["runs"])] == [False, True]
    assert (here.root / "fossml.verify.json").exists()


@pytest.mark.parametrize("words", [("--no-record",), ("--claim", "acc")])
def test_no_record_is_written_where_none_is_wanted_or_not_all_was_verified(
    words: tuple[str, ...], here: Paper, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("verify", "--trust", "-q", *words) == 0
    assert "acc  L3  numeric" in capsys.readouterr().out
    assert not (here.root / "fossml.verify.json").exists()


def test_a_command_is_told_by_the_same_schema(here: Paper, capsys: pytest.CaptureFixture[str]) -> None:
    assert here.root.exists()
    words = ("verify", "-q", "--cmd", "echo acc 0.5", "--metric", r"stdout:acc (\S+)", "--claim", "0.5", "--json")
    assert call(*words) == 0
    said = valid(json.loads(capsys.readouterr().out))
    assert (said["command"], said["claims"][0]["verdict"], said["outputs"]) == ("echo acc 0.5", "numeric", None)
    assert said["repeat"].splitlines()[1] == (
        r"fossml verify --cmd 'echo acc 0.5' --metric 'stdout:acc (\S+)' --claim 0.5"
    )


@pytest.mark.usefixtures("here")
def test_a_file_that_cannot_be_written_is_said_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("verify", "--html", str(tmp_path / "no" / "page.html")) == 2
    assert "lies in a folder that does not exist" in capsys.readouterr().err
    assert not (tmp_path / "count").exists()
