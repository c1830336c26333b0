from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from check_accuracy import COLUMNS, Case, agreement, cases, held_out, table
from fossml.types import Finding, Status
from tests.checks.repository import git, write


def case(label: bool, status: Status, url: str = "https://a.b/c/d") -> Case:
    finding = Finding("D1", status, "soft", "", "")
    return Case(url, dict.fromkeys(COLUMNS, label), "c", dict.fromkeys(COLUMNS, finding))


def test_an_unknown_is_a_wrong_answer_on_either_side() -> None:
    found = agreement("D1", [case(True, "unknown"), case(False, "unknown"), case(True, "pass"), case(False, "fail")])
    assert (found.both, found.neither, found.only_check, found.only_label, found.unknown) == (1, 1, 1, 1, 2)
    assert (found.agreement, found.kappa) == (0.5, 0.0)


def test_kappa_is_above_chance_and_the_best_constant_answer_has_none() -> None:
    judged = [case(True, "pass")] * 6 + [case(True, "fail")] * 2 + [case(False, "not applicable")] * 2
    found = agreement("D1", judged)
    assert (found.precision, found.recall, found.constant) == (1.0, 0.75, 0.8)
    assert found.balanced == pytest.approx((0.75 + 1) / 2)
    assert found.kappa == pytest.approx((0.8 - 0.56) / (1 - 0.56))
    assert agreement("D1", [case(True, "pass")] * 8 + [case(False, "pass")] * 2).kappa == pytest.approx(0)
    assert len(table(judged).splitlines()) == 2 + len(COLUMNS)


def test_the_halves_are_fixed_by_the_url() -> None:
    urls = [f"https://github.com/a/{number}" for number in range(400)]
    assert 140 < sum(held_out(url) for url in urls) < 260
    assert held_out(urls[0]) == held_out(urls[0])


def test_a_repository_is_judged_as_it_stood_before_the_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = tmp_path / "mirrors" / "A+b" / "repo"
    repo.mkdir(parents=True)
    git(repo, "init", "-q")
    for date, files in (
        ("2020-01-01T00:00:00Z", {"train.py": "import torch\nloss.backward()\n"}),
        ("2021-01-01T00:00:00Z", {"requirements.txt": "torch\n"}),
    ):
        write(repo, files)
        monkeypatch.setenv("GIT_COMMITTER_DATE", date)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "x")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "url,training,evaluation,pretrained_model,results,dependencies\n"
        "https://github.com/a/B,1,0,0,0,0\nhttps://github.com/a/none,1,0,0,0,0\n"
    )
    early, absent = cases(labels, tmp_path / "mirrors", "2020-04-01", None)
    assert {code: one.status for code, one in early.findings.items()} == {
        "D1": "fail",
        "D2": "pass",
        "D3": "fail",
        "D4": "fail",
        "D5": "fail",
    }
    assert absent.commit == ""
    (late, _) = cases(labels, tmp_path / "mirrors", "2022-01-01", None)
    assert late.findings["D1"].status == "pass"
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, text=True, check=True).stdout
    assert late.commit == head.strip()
