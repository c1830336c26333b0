"""Bare `fossml`: where things stand, and the next command."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fossml.cli import main

FILES = {
    "dvc.yaml": "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n"
    "    metrics:\n    - m.json:\n        cache: false\n",
    "train.py": 'import json\n\njson.dump({"acc": 0.5}, open("m.json", "w"))\n',
    "README.md": "# A\n\nBuild it:\n\n    fossml build\n",
    "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this\n"
    'software and associated documentation files (the "Software"), to deal in the Software without restriction\n',
    "requirements.txt": "",
}
CLAIM = (
    '[project]\ntitle = "A coin"\n\n[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nvalue = "0.5"\nreading = "exact"\n'
)
WORK = "import json\n\njson.dump({}, open('x', 'w'))\n"


@dataclass(frozen=True)
class Said:
    code: int
    out: str

    @property
    def next(self) -> str:
        return self.out.splitlines()[-1].removeprefix("next: ")

    def line(self, name: str) -> str:
        return next(line.split(None, 1)[1] for line in self.out.splitlines() if line.split()[:1] == [name])


@pytest.fixture
def fossml(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))

    def call(*args: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        code = ended.value.code or 0
        assert isinstance(code, int)
        return Said(code, capsys.readouterr().out)

    return call


@pytest.fixture
def project(repository: Path) -> Path:
    for name, text in FILES.items():
        (repository / name).write_text(text)
    save(repository)
    return repository


def save(root: Path) -> None:
    for args in (["add", "-A"], ["commit", "-q", "-m", "more"]):
        subprocess.run(["git", *args], cwd=root, check=True)


def test_an_empty_folder_has_nothing_and_init_is_next(
    fossml: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    said = fossml()
    assert (said.code, said.line("build"), said.line("verify")) == (3, "no stages", "no claims")
    assert said.line("commit").startswith("none: this is not in git yet")
    assert said.next.startswith("fossml init")
    assert list((tmp_path / "empty").iterdir()) == []


def test_stages_that_must_run_are_named_with_a_reason(project: Path, fossml: Any) -> None:
    said = fossml()
    assert (said.code, said.next) == (0, "fossml build")
    assert said.line("build") == "1 stage: 0 current, 1 to run or restore"
    assert said.line("train:") != ""
    assert not (project / "m.json").exists()


def test_a_changed_source_makes_a_built_stage_stale(project: Path, fossml: Any) -> None:
    fossml("build", "-q")
    assert fossml().line("build") == "1 stage: 1 current, 0 to run or restore"
    (project / "train.py").write_text(FILES["train.py"].replace("0.5", "0.6"))
    said = fossml()
    assert said.next == "fossml build"
    assert said.line("train:").startswith("train.py changed")
    assert said.line("commit").endswith("and files that differ from it")


def test_after_the_build_what_check_finds_is_next(project: Path, fossml: Any) -> None:
    (project / "requirements.txt").unlink()
    (project / "train.py").write_text("import numpy\n" + FILES["train.py"] + "open('/home/anna/x.csv') if 0 else 0\n")
    fossml("build", "-q")
    save(project)
    said = fossml()
    assert said.next == "fossml check"
    assert not said.line("check").startswith("0 hard")


def test_what_the_author_waives_is_not_next(project: Path, fossml: Any) -> None:
    (project / "train.py").write_text(FILES["train.py"] + "open('/home/anna/x.csv') if 0 else 0\n")
    fossml("build", "-q")
    save(project)
    assert fossml().next == "fossml check"
    (project / "fossml.toml").write_text('[requirements]\nPATH001 = "soft"\n')
    save(project)
    assert fossml().line("check").startswith("0 hard findings")


def test_without_claims_a_claim_is_next(project: Path, fossml: Any) -> None:
    fossml("build", "-q")
    save(project)
    said = fossml()
    assert said.line("check").startswith("0 hard findings"), fossml("check").out
    assert said.next == "add a [[claim]] to fossml.toml, then: fossml verify"


def test_all_current_and_verified_leaves_nothing_to_do(project: Path, fossml: Any) -> None:
    (project / "fossml.toml").write_text(CLAIM)
    fossml("build", "-q")
    save(project)
    assert fossml().line("verify") == "1 claim, not verified here"
    assert fossml().next == "fossml verify"
    assert fossml("verify", "-q").code == 0
    said = fossml()
    assert said.out.startswith("A coin\n")
    assert (said.code, said.next) == (0, "commit what is not in git yet: git add -A && git commit")
    assert said.line("verify") == "The claim holds, at this commit"
    head = json.loads(fossml("--json").out)["commit"]["id"]
    save(project)
    assert fossml().next == "nothing is left to do: publish it"
    (project / "README.md").write_text("# B\n\n    fossml build\n")
    said = fossml()
    assert said.line("verify") == (
        f"The claim holds, but that record is no longer valid: README.md differs from commit {head[:10]}"
    )
    assert said.next == "fossml verify"


@pytest.mark.usefixtures("project")
def test_json_says_the_same(fossml: Any) -> None:
    said = fossml("--json")
    document = json.loads(said.out)
    assert (said.code, document["stages"], document["next"], document["problem"]) == (0, 1, "fossml build", "")
    assert document["todos"][0]["stage"]["name"] == "train"
    assert document["todos"][0]["reasons"]
    assert len(document["commit"]["id"]) == 40


@pytest.mark.parametrize(
    ("file", "text", "place"), [("fossml.toml", "[sed]\n", "fossml.toml:1"), ("dvc.yaml", "stages: 3\n", "dvc.yaml:1")]
)
def test_an_error_in_a_file_is_shown_and_exits_2(file: str, text: str, place: str, project: Path, fossml: Any) -> None:
    (project / file).write_text(text)
    said = fossml()
    assert (said.code, said.next) == (2, "mend that error")
    assert said.line("error").startswith(f"{place}: ")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"claims": 3, "commit": 1, "dirty": 0}', "[" * 100_000])
def test_a_damaged_record_of_a_verification_is_none(text: str, project: Path, fossml: Any) -> None:
    (project / "fossml.toml").write_text(CLAIM)
    (project / "fossml.verify.json").write_text(text)
    assert fossml().line("verify") == "1 claim, not verified here"


def test_code_that_ran_and_is_not_in_git_is_named(project: Path, fossml: Any) -> None:
    (project / "helper.py").write_text("")
    (project / "train.py").write_text("import helper\n" + FILES["train.py"])
    fossml("build", "-q")
    assert fossml().line("helper.py:") == "executed, and not in git"


def test_a_soft_claim_that_fails_is_not_passed_over(project: Path, fossml: Any) -> None:
    failing = CLAIM.replace('"0.5"', '"0.6"') + 'level = "soft"\nreason = "an old number"\n'
    (project / "fossml.toml").write_text(failing)
    fossml("build", "-q")
    save(project)
    assert fossml("verify", "-q").code == 0
    save(project)
    assert fossml().next == "1 soft claim not shown to hold: publish it with that, or mend it"


def test_before_the_first_commit_it_is_said_that_there_is_none(
    fossml: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path / "new")], check=True)
    monkeypatch.chdir(tmp_path / "new")
    assert fossml().line("commit") == "none: there is no commit yet, so nobody can name this state of it"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"src/evaluate.py": WORK, "src/prepare.py": WORK, "src/train.py": WORK}, "python src/train.py"),
        ({"a.py": WORK, "zebra.py": WORK.replace("dump", "fit")}, "python zebra.py"),
        ({"README.md": "# A\n\n    python train.py --lr 1\n", "a/train.py": WORK}, "python a/train.py --lr 1"),
        ({"README.md": "# A\n\n    python gone.py\n", "a.py": WORK}, "python a.py"),
    ],
)
def test_what_trains_and_is_there_is_proposed_first(
    files: dict[str, str], command: str, fossml: Any, repository: Path
) -> None:
    for path, text in files.items():
        (repository / path).parent.mkdir(exist_ok=True)
        (repository / path).write_text(text)
    assert fossml().next == f"fossml init -- {command}"


def test_what_cannot_run_is_looked_at_first(project: Path, fossml: Any) -> None:
    (project / "dvc.yaml").write_text(FILES["dvc.yaml"].replace("[train.py]", "[train.py, dta.csv]"))
    assert fossml().next == "fossml build --dry"
