"""The outputs of a rebuild beside the author's: how they differ, in `verify` of real projects."""

from __future__ import annotations

import os
import subprocess

import pytest

from fossml.engine.build import Options, build
from fossml.project.declared import read_project
from fossml.verify.project.verified import Verified
from fossml.views.compared import places, summary
from tests.verify.projects import COUNTED, PIPELINE, Paper

WRITES = COUNTED + 'json.dump({body}, open("m.json", "w"))\n'
ONE_ROW = 'n = open(os.environ["COUNT"]).read().count("train.py")\n'


def published(paper: Paper, body: str, *, keep: bool = True) -> Verified:
    """Build with `body` as what is written, publish, and verify."""
    built(paper, body, keep=keep)
    return paper.verify()


def built(paper: Paper, body: str, *, keep: bool = True) -> None:
    paper.cache.mkdir(exist_ok=True)
    pipeline = PIPELINE.replace("cache: false", f"cache: {str(keep).lower()}")
    paper.save({"train.py": WRITES.format(body=body).replace("json.dump", ONE_ROW + "json.dump"), "dvc.yaml": pipeline})
    env = {**os.environ, "COUNT": str(paper.cache / "count")}
    assert build(read_project(paper.root), Options(env=env), lambda _event: None).failed == 0
    paper.save({})


@pytest.mark.parametrize(
    ("body", "level", "status"),
    [
        ('{"acc": 0.75}', None, None),
        ('{"acc": 0.75, "fit_time": n}', "normalised", None),
        ('{"acc": 0.75, "b": 1} if n == 1 else {"b": 1, "acc": 0.75}', "normalised", None),
        ('{"acc": 0.75, "loss": 0.1 + 0.2 if n == 1 else 0.3}', "precision", None),
        ('{"acc": 0.75, "loss": n}', "different", "fail"),
    ],
)
def test_an_output_is_as_like_the_authors_as_it_is(
    body: str, level: str | None, status: str | None, paper: Paper
) -> None:
    verified = published(paper, body)
    compared = verified.compared
    assert ("m.json" in compared.same) == (level is None)
    assert {path: one.level for path, one in compared.how.items()} == ({"m.json": level} if level else {})
    found = [one.status for one in verified.findings if one.code == "OUT001"]
    assert found == ([status] if status else [])


def test_the_finding_says_where_it_is_recorded_how_it_differs_and_why(paper: Paper) -> None:
    verified = published(paper, '{"acc": 0.75, "loss": n}')
    [found] = [one for one in verified.findings if one.code == "OUT001"]
    assert found.subject == "m.json"
    assert "1 of 2" in found.message
    assert "Likely: train was given the same and other values came out: no seed reaches it" in found.message
    assert found.hint.startswith("add [seed]")
    [place] = found.evidence
    line = (paper.root / "dvc.lock").read_text().splitlines()[(place.line or 0) - 1]
    assert "m.json" in line


def test_bytes_of_the_author_that_cannot_be_had_are_unknown(paper: Paper) -> None:
    built(paper, '{"acc": 0.75, "loss": n}')
    subprocess.run(["chmod", "-R", "u+w", paper.root / ".dvc" / "cache"], check=True)
    for name in (".dvc/cache", "m.json", ".git"):
        subprocess.run(["rm", "-rf", paper.root / name], check=True)
    verified = paper.verify()
    assert verified.compared.how["m.json"].level == "unknown"
    assert "how is unknown" in summary(verified.compared.how["m.json"])
    [found] = [one for one in verified.findings if one.code == "OUT001"]
    assert found.status == "unknown"


def test_what_was_told_is_told_again_from_the_record(paper: Paper) -> None:
    first = published(paper, '{"acc": 0.75, "loss": n}')
    again = paper.verify()
    assert again.rebuilt.recorded
    assert again.compared.how == first.compared.how
    assert places(again.compared.how["m.json"])[0].startswith("loss  1 -> 2")


def test_the_metric_that_git_keeps_is_found_there(paper: Paper) -> None:
    built(paper, '{"acc": 0.75, "loss": n}', keep=False)
    (paper.root / "m.json").write_text('{"acc": 0.1}')
    paper.save({})
    verified = paper.verify()
    assert verified.compared.how["m.json"].level == "different"
