"""`fossml verify` of a commit: of a folder, at a revision, by a URL; with --cmd too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.verify.said import Said
from tests.cli.verify.said import call as say
from tests.conftest import Dvc
from tests.verify.projects import CLAIM, COUNTED, FILES, Paper


def sources(said: Said) -> list[str]:
    """The codes of what is said of the files."""
    return [one["code"] for one in said.document["findings"] if one["code"].startswith("SRC")]


Verify = Callable[..., Said]


@pytest.fixture
def paper(repository: Path, tmp_path: Path) -> Paper:
    """Two stages, one metric of 0.75, one claim about it, all in git, nothing built."""
    paper = Paper(repository, tmp_path / "records")
    paper.save(FILES)
    return paper


@pytest.fixture
def verify(paper: Paper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Verify:
    monkeypatch.chdir(paper.root)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COUNT", str(paper.cache / "count"))
    paper.cache.mkdir()

    def call(*words: str) -> Said:
        return say(capsys, "--trust", *words)

    return call


def head(paper: Paper) -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=paper.root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_commit_is_verified_and_what_is_not_committed_is_said(verify: Verify, paper: Paper) -> None:
    paper.write({"raw.txt": "0.9\n"})
    said = verify("--json")
    assert (said.code, said.document["commit"], said.document["dirty"]) == (0, head(paper), False)
    assert said.document["source"]["uncommitted"] == ["raw.txt"]
    assert sources(said) == ["SRC001"]
    assert "what is not committed: raw.txt" in said.document["claims"][0]["not_checked"]
    told = verify()
    assert "SRC001" in told.out
    assert "raw.txt" in told.out


def test_outputs_and_locks_that_are_not_committed_are_not_missed(verify: Verify, paper: Paper) -> None:
    paper.write({"m.json": "{}", "data.txt": "x", "dvc.lock": "schema: '2.0'\n", "fossml.lock": ""})
    assert sources(verify("--json")) == []


def test_the_work_tree_is_verified_on_request(verify: Verify, paper: Paper) -> None:
    paper.write({"raw.txt": "0.9\n"})
    said = verify("--worktree", "--json")
    assert (said.code, said.document["dirty"], sources(said)) == (1, True, ["SRC002"])


def test_a_claim_that_is_not_committed_is_asked_for(verify: Verify, paper: Paper) -> None:
    paper.save({"fossml.toml": "[project]\n"})
    paper.write({"fossml.toml": CLAIM})
    said = verify()
    assert said.code == 3
    assert "fossml.toml has changes that are not committed" in said.err
    assert verify("--worktree").code == 0


def test_a_revision_leaves_the_record_of_the_folder_alone(verify: Verify, paper: Paper) -> None:
    paper.save({"raw.txt": "0.9\n"})
    assert (verify().code, verify(".@HEAD~1").code) == (1, 0)
    document = json.loads((paper.root / "fossml.verify.json").read_text())
    assert (document["exit_code"], document["commit"]) == (1, head(paper))


def test_a_folder_and_a_url_of_it_share_the_records(verify: Verify, paper: Paper) -> None:
    url = f"file://{paper.root}"
    first = verify(url, "--no-controls", "--json")
    assert (first.code, first.document["source"]["url"], first.document["source"]["kind"]) == (0, url, "commit")
    assert first.document["repeat"] == f"fossml verify {url}@{head(paper)} --trust --no-controls"
    ran = paper.count
    assert (verify(url, "--no-controls", "--json").code, verify("--no-controls").code, paper.count) == (0, 0, ran)
    paper.save({"raw.txt": "0.9\n"})
    assert verify(url, "--no-controls").code == 1
    assert len(paper.count) > len(ran)


def test_a_url_leaves_nothing_in_the_repository(verify: Verify, paper: Paper) -> None:
    verify(f"file://{paper.root}")
    done = subprocess.run(["git", "status", "--porcelain", "--ignored"], cwd=paper.root, capture_output=True, text=True)
    assert done.stdout == ""


def test_a_project_in_a_folder_of_the_repository(verify: Verify, paper: Paper) -> None:
    paper.save(
        {f"sub/{name}": text for name, text in FILES.items()} | {"sub/fossml.toml": CLAIM.replace("0.75", "0.9")}
    )
    assert verify("sub").code == 1
    assert verify(f"file://{paper.root}#subdirectory=sub").code == 1
    assert verify(f"file://{paper.root}").code == 0


def test_data_comes_out_of_the_cache_of_the_folder(verify: Verify, paper: Paper, dvc: Dvc) -> None:
    dvc(paper.root, "init", "-q")
    dvc(paper.root, "config", "cache.dir", "../elsewhere", "--local")
    subprocess.run(["git", "rm", "-q", "--cached", "raw.txt"], cwd=paper.root, check=True)
    dvc(paper.root, "add", "-q", "raw.txt")
    paper.save({})
    (paper.root / "raw.txt").unlink()
    said = verify("--json")
    assert (said.code, said.document["failed"]) == (0, {})
    stranger = verify(f"file://{paper.root}", "--fresh", "--json")
    assert (stranger.code, list(stranger.document["failed"])) == (3, ["prepare"])


def test_data_that_no_cache_holds_comes_out_of_the_folder_if_it_is_what_is_named(
    verify: Verify, paper: Paper, dvc: Dvc
) -> None:
    dvc(paper.root, "init", "-q")
    subprocess.run(["git", "rm", "-q", "--cached", "raw.txt"], cwd=paper.root, check=True)
    dvc(paper.root, "add", "-q", "raw.txt")
    paper.save({})
    subprocess.run(["rm", "-rf", str(paper.root / ".dvc/cache")], check=True)
    assert verify().code == 0
    (paper.root / "raw.txt").unlink()
    (paper.root / "raw.txt").write_text("0.9\n")
    assert verify("--fresh").code == 3


def test_python_path_into_the_folder_leads_into_the_commit(
    verify: Verify, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = COUNTED + 'import lib\njson.dump({"acc": lib.acc}, open("m.json", "w"))\n'
    paper.save({"train.py": script, "src/lib.py": "acc = 0.75\n"})
    paper.write({"src/lib.py": "acc = 0.9\n"})
    monkeypatch.setenv("PYTHONPATH", str(paper.root / "src"))
    assert verify().code == 0


@pytest.mark.parametrize("way", ["path", "url"])
def test_any_command_on_a_commit(way: str, verify: Verify, paper: Paper) -> None:
    command = ("--cmd", "cp raw.txt data.txt && python3 train.py", "--metric", "m.json:acc", "--reading", "exact")
    url = {"path": ".", "url": f"file://{paper.root}"}[way]
    paper.write({"raw.txt": "0.9\n"})
    said = verify(url, *command, "--claim", "0.75", "--json")
    assert (said.code, said.document["commit"]) == (0, head(paper))
    assert sources(said) == (["SRC001"] if way == "path" else [])
    assert verify(*command, "--claim", "0.9").code == 0
    assert verify(".", "--worktree", *command, "--claim", "0.9").code == 0


def test_any_command_on_a_commit_is_recorded(verify: Verify, paper: Paper) -> None:
    words = ("--cmd", "cp raw.txt data.txt && python3 train.py", "--metric", "m.json:acc", "--claim", "0.75")
    url = f"file://{paper.root}"
    assert verify(url, *words, "--reading", "exact").code == 0
    ran = len(paper.count)
    assert verify(url, *words, "--reading", "exact").code == 0
    assert len(paper.count) == ran


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("ext::sh -c true",),
        (".@--upload-pack=x",),
        (".@v1", "--worktree"),
    ],
)
def test_what_makes_no_sense_is_said(words: tuple[str, ...], verify: Verify) -> None:
    said = verify(*words)
    assert said.code == 2
    assert "Traceback" not in said.err


def test_nothing_is_left_when_it_ends(verify: Verify, tmp_path: Path) -> None:
    verify()
    assert list((tmp_path / "cache/verify/checkouts").iterdir()) == []


SIX = COUNTED + 'import six\njson.dump({"acc": 0.75 if six.__version__ == "1.15.0" else 0.5}, open("m.json", "w"))\n'


def test_the_environment_that_the_project_declares(verify: Verify, paper: Paper) -> None:
    paper.save({"train.py": SIX, "requirements.txt": "six==1.15.0\n"})
    said = verify("--json")
    made = said.document["made"]
    assert (said.code, made["kind"], made["files"]) == (0, "project", ["requirements.txt"])
    assert said.document["environment"]["distributions"] == {"six": "1.15.0"}
    assert made["digest"]
    assert not [one for one in said.document["claims"][0]["not_checked"] if "PATH" in one]


def test_another_environment_is_another_record(verify: Verify, paper: Paper) -> None:
    paper.save({"train.py": SIX, "requirements.txt": "six==1.15.0\n"})
    assert verify().code == 0
    paper.save({"requirements.txt": "six==1.14.0\n"})
    assert verify().code == 1


def test_a_claim_that_needs_what_cannot_be_installed_is_not_evaluable_and_the_other_is(
    verify: Verify, paper: Paper
) -> None:
    pipeline = FILES["dvc.yaml"] + "  other:\n    cmd: python3 other.py\n    deps: [other.py]\n    metrics: [o.json]\n"
    other = COUNTED + 'import docopt\njson.dump({"n": 3}, open("o.json", "w"))\n'
    claim = '[[claim]]\nid = "other"\nmetric = "o.json:n"\nvalue = 3\nreading = "exact"\n'
    requirements = "six==1.15.0\ndocopt==0.9\n"
    paper.save({"train.py": SIX, "other.py": other, "dvc.yaml": pipeline, "requirements.txt": requirements})
    paper.save({"fossml.toml": CLAIM + claim})
    said = verify("--json")
    names = [one["verdicts"][0]["verdict"] for one in said.document["claims"]]
    assert (said.code, names) == (3, ["numeric", "not evaluable"])
    (found,) = [one for one in said.document["findings"] if one["code"] == "ENV003"]
    assert (found["evidence"][0]["path"], found["evidence"][0]["line"]) == ("requirements.txt", 2)


def test_without_an_environment_no_claim_is_evaluable(verify: Verify, paper: Paper) -> None:
    paper.save({"uv.lock": "nonsense [", "pyproject.toml": "[project]\n"})
    said = verify("--json")
    assert (said.code, said.document["claims"][0]["verdicts"][0]["verdict"]) == (3, "not evaluable")
    assert "the environment could not be made" in said.document["claims"][0]["verdicts"][0]["reason"]
    assert paper.count == []
    assert verify("--environment", "path").code == 0


def test_the_python_that_the_author_builds_with_is_no_part_of_it(verify: Verify, paper: Paper) -> None:
    paper.save({"train.py": SIX, "requirements.txt": "six==1.15.0\n", ".gitignore": ".venv\n"})
    paper.save({"fossml.toml": '[environment]\npython = ".venv"\n' + CLAIM})
    (paper.root / ".venv/bin").mkdir(parents=True)
    (paper.root / ".venv/bin/python").symlink_to("/bin/true")
    assert verify().code == 0


@pytest.mark.parametrize("words", [(".",), ("--environment", "project")])
def test_any_command_in_the_environment_of_the_project(words: tuple[str, ...], verify: Verify, paper: Paper) -> None:
    paper.save({"train.py": SIX, "requirements.txt": "six==1.15.0\n"})
    command = ("--cmd", "python train.py", "--metric", "m.json:acc", "--claim", "0.75", "--reading", "exact")
    said = verify(*words, *command, "--json")
    assert (said.code, said.document["environment"]["distributions"]) == (0, {"six": "1.15.0"})


def test_any_command_without_an_environment_is_an_error(verify: Verify, paper: Paper) -> None:
    paper.save({"uv.lock": "nonsense [", "pyproject.toml": "[project]\n"})
    said = verify(".", "--cmd", "python train.py", "--metric", "m.json:acc", "--claim", "0.75")
    assert (said.code, "the environment could not be made" in said.err) == (3, True)


def test_what_is_missing_is_named_with_the_line_that_asked_and_other_claims_are_judged(
    verify: Verify, paper: Paper
) -> None:
    other = "  other:\n    cmd: python3 other.py\n    deps: [other.py]\n    metrics: [o.json]\n"
    claim = '[[claim]]\nid = "other"\nmetric = "o.json:n"\nvalue = 3\nreading = "exact"\n'
    paper.save({"other.py": "import json\nopen('/home/anna/birds.csv')\n", "dvc.yaml": FILES["dvc.yaml"] + other})
    paper.save({"fossml.toml": CLAIM + claim})
    said = verify("--json")
    names = [one["verdicts"][0]["verdict"] for one in said.document["claims"]]
    assert (said.code, names) == (3, ["numeric", "not evaluable"])
    (found,) = [one for one in said.document["findings"] if one["code"] == "DAT006"]
    assert (found["subject"], found["evidence"][0]["path"], found["evidence"][0]["line"]) == (
        "/home/anna/birds.csv",
        "other.py",
        2,
    )


def test_data_that_cannot_be_had_makes_a_claim_not_evaluable_with_the_reason(
    verify: Verify, paper: Paper, dvc: Dvc
) -> None:
    dvc(paper.root, "init", "-q")
    subprocess.run(["git", "rm", "-q", "--cached", "raw.txt"], cwd=paper.root, check=True)
    dvc(paper.root, "add", "-q", "raw.txt")
    paper.save({})
    said = verify(f"file://{paper.root}", "--json")
    assert said.code == 3
    (found,) = [one for one in said.document["findings"] if one["code"] == "DAT002"]
    assert (found["subject"], found["evidence"][0]["path"]) == ("raw.txt", "raw.txt.dvc")
    reason = said.document["claims"][0]["verdicts"][0]["reason"]
    assert "raw.txt" in reason


def test_data_that_no_claim_rests_on_is_no_failure(verify: Verify, paper: Paper, dvc: Dvc) -> None:
    paper.write({"extra.csv": "1\n"})
    dvc(paper.root, "init", "-q")
    dvc(paper.root, "add", "-q", "extra.csv")
    paper.save({})
    said = verify(f"file://{paper.root}", "--json")
    assert said.code == 0
    (found,) = [one for one in said.document["findings"] if one["code"] == "DAT002"]
    assert (found["subject"], found["status"], found["level"]) == ("extra.csv", "unknown", "soft")
    assert "no stage that a claim rests on declares that it reads it" in found["message"]


def test_any_command_gets_the_data_of_the_commit(verify: Verify, paper: Paper, dvc: Dvc) -> None:
    dvc(paper.root, "init", "-q")
    subprocess.run(["git", "rm", "-q", "--cached", "raw.txt"], cwd=paper.root, check=True)
    dvc(paper.root, "add", "-q", "raw.txt")
    paper.save({})
    (paper.root / "raw.txt").unlink()
    command = ("--cmd", "cp raw.txt data.txt && python3 train.py", "--metric", "m.json:acc", "--claim", "0.75")
    assert verify(".", *command, "--reading", "exact").code == 0


CLAIMS = """[run]
cmd = "python -c 'print(0.75)'"

[[claim]]
id = "number"
metric = 'stdout:([0-9.]+)$'
value = "0.75"
"""


def claims(paper: Paper) -> tuple[str, ...]:
    file = paper.cache / "claims.toml"
    file.write_text(CLAIMS)
    return "--claims", str(file), "--trust", "--json"


def test_claims_of_a_reader_say_what_was_noticed_of_the_environment(verify: Verify, paper: Paper) -> None:
    paper.save({**FILES, "requirements.txt": "six\n"})
    document = verify(str(paper.root), *claims(paper)).document
    assert {one["code"] for one in document["findings"]} >= {"ENV001", "ENV005"}
    assert document["made"]["files"] == ["requirements.txt"]
    assert document["environment"]["distributions"].keys() == {"six"}
    assert any("no control ran" in one for one in document["not_checked"])


def test_claims_of_a_reader_without_an_environment_are_not_evaluable(verify: Verify, paper: Paper) -> None:
    paper.save({"uv.lock": "nonsense [", "pyproject.toml": "[project]\n"})
    said = verify(str(paper.root), *claims(paper))
    assert (said.code, said.document["claims"][0]["verdict"]) == (3, "not evaluable")
    assert "environment" in said.document["claims"][0]["reason"]


def test_the_record_is_not_written_through_a_link_of_the_repository(
    paper: Paper, verify: Verify, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (paper.root / "fossml.verify.json").symlink_to(mine)
    paper.save({})
    assert verify("--no-controls").code == 0
    assert mine.read_text() == "mine"
    assert json.loads((paper.root / "fossml.verify.json").read_text())["claims"][0]["verdict"] == "numeric"


def test_where_the_record_cannot_be_written_the_answer_is_told_all_the_same(paper: Paper, verify: Verify) -> None:
    (paper.root / "fossml.verify.json").mkdir()
    said = verify("--no-controls", "--json")
    assert (said.code, said.document["claims"][0]["verdict"]) == (0, "numeric")
    assert "the record is not kept" in said.err
    assert not list(paper.root.glob(".fossml.verify*"))
