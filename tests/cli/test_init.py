"""`fossml init`: what it shows, what it writes, its exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dvc

TRAIN = (
    "import argparse, json\n"
    "p = argparse.ArgumentParser(); p.add_argument('--lr'); p.add_argument('--seed'); p.parse_args()\n"
    "open('data/x.csv').read()\n"
    "json.dump({'accuracy': 0.9}, open('metrics.json', 'w')); open('model.bin', 'w').write('w')\n"
)
PREPARE = "import os\nos.makedirs('data', exist_ok=True)\nopen('data/x.csv', 'w').write('1')\n"


def call(root: Path, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    argv = [sys.executable, "-c", "from fossml.cli import main; main()", "init", *args]
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.run(argv, cwd=root, env=env, capture_output=True, text=True, check=False, **options)


def fill(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)


def listing(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if ".git" not in path.parts}


def test_looking_round_shows_a_diff_and_writes_nothing(repository: Path) -> None:
    fill(repository, train=TRAIN)
    before = listing(repository)
    done = call(repository)
    assert done.returncode == 0
    assert "train.py:4 (argparse)" in done.stdout
    assert "+++ b/fossml.toml" in done.stdout
    assert "nothing was written" in done.stdout
    assert listing(repository) == before


def test_yes_writes_what_the_diff_showed_once(repository: Path) -> None:
    fill(repository, train=TRAIN)
    (repository / ".gitignore").write_text("*.swp")
    assert call(repository, "--yes").returncode == 0
    text = (repository / "fossml.toml").read_text()
    assert '[seed]\nflag = "--seed"' in text
    assert (repository / ".gitignore").read_text() == "*.swp\n/.fossml/\n"
    again = call(repository, "--yes")
    assert (again.returncode, "fossml.toml is there already" in again.stdout) == (0, True)
    assert (repository / "fossml.toml").read_text() == text


def test_at_a_terminal_it_asks_first(repository: Path) -> None:
    fill(repository, train=TRAIN)
    for answer, written in (("n\n", False), ("y\n", True)):
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        done = call(repository, stdin=theirs)
        os.close(ours)
        os.close(theirs)
        assert (done.returncode, "write this?" in done.stdout) == (0, True)
        assert (repository / "fossml.toml").exists() is written


def test_commands_become_linked_stages_that_dvc_takes(repository: Path, dvc: Dvc) -> None:
    fill(repository, prepare=PREPARE, train=TRAIN)
    assert call(repository, "--yes", "--", "python", "prepare.py").returncode == 0
    assert call(repository, "-y", "--name", "fit", "--", "python", "train.py", "--lr", "0.1").returncode == 0
    listed = dvc(repository, "stage", "list", "--name-only").stdout.split()
    assert sorted(listed) == ["fit", "prepare"]
    assert dvc(repository, "dag", "--dot").stdout.count("->") == 1
    assert "python train.py --lr 0.1" in dvc(repository, "repro", "--dry").stdout
    for name in (".dvc/config", ".dvc/.gitignore", ".dvcignore"):
        assert (repository / name).exists()


def test_a_command_that_is_a_stage_already_is_not_run(repository: Path) -> None:
    fill(repository, prepare=PREPARE)
    call(repository, "--yes", "--", "python", "prepare.py")
    text = (repository / "dvc.yaml").read_text()
    (repository / "data" / "x.csv").unlink()
    done = call(repository, "--yes", "--", "python", "prepare.py")
    assert (done.returncode, "is not run" in done.stdout) == (0, True)
    assert not (repository / "data" / "x.csv").exists()
    assert (repository / "dvc.yaml").read_text() == text


def test_comments_in_dvc_yaml_stay(repository: Path) -> None:
    fill(repository, prepare=PREPARE)
    (repository / "dvc.yaml").write_text("# mine\nstages:\n  other:\n    cmd: echo 1  # so\n")
    assert call(repository, "--yes", "--", "python", "prepare.py").returncode == 0
    text = (repository / "dvc.yaml").read_text()
    assert text.startswith("# mine\nstages:\n  other:\n    cmd: echo 1  # so\n")
    assert "python prepare.py" in text


@pytest.mark.parametrize(
    "script",
    [
        "total = sum(float(l.split(':')[1]) for l in open('params.yaml')); 'lr'\nopen('out', 'w').write(str(total))\n",
        "import json\nd = json.loads(json.dumps({'lr': open('params.yaml').read()}))\n"
        "open('out', 'w').write(str(list(d.values())))\n",
    ],
)
def test_where_it_is_not_sure_which_parameters_are_used_all_are_declared(script: str, repository: Path) -> None:
    fill(repository, train=script)
    (repository / "params.yaml").write_text("lr: 0.1\nother: 2\n")
    done = call(repository, "--yes", "--json", "--", "python", "train.py")
    assert json.loads(done.stdout)["stage"]["params"] == ["lr", "other"]


def test_parameters_read_are_declared_by_key(repository: Path, dvc: Dvc) -> None:
    script = "import json\nrate = json.load(open('params.json'))['lr']\nopen('out', 'w').write(str(rate))\n"
    fill(repository, train=script)
    (repository / "params.json").write_text('{"lr": 0.1, "other": 2}\n')
    done = call(repository, "--yes", "--json", "--", "python", "train.py")
    report = json.loads(done.stdout)
    assert report["stage"]["params"] == [{"params.json": ["lr"]}]
    assert report["stage"]["deps"] == ["train.py"]
    assert (report["written"], report["name"]) == (True, "train")
    assert "train.py" in dvc(repository, "repro", "--dry").stdout


def test_a_command_that_fails_writes_nothing_and_shows_its_log(repository: Path) -> None:
    fill(repository, train="open('out', 'w').write('half'); print('so far'); raise SystemExit('it broke')\n")
    done = call(repository, "--yes", "--", "python", "train.py")
    assert done.returncode == 1
    assert "exit code 1, nothing was written" in done.stderr
    assert "it broke" in done.stderr
    assert not (repository / "dvc.yaml").exists()
    as_json = call(repository, "--yes", "--json", "--", "python", "train.py")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["log"] == ["so far", "it broke"]


def test_an_empty_folder_becomes_a_project(repository: Path, dvc: Dvc) -> None:
    (repository / "README.md").write_text("mine")
    done = call(repository, "--yes")
    assert done.returncode == 0
    assert "add a LICENSE" in done.stdout
    assert (repository / "README.md").read_text() == "mine"
    assert sorted(dvc(repository, "stage", "list", "--name-only").stdout.split()) == ["prepare", "train"]


def test_without_git_the_user_is_told(tmp_path: Path) -> None:
    done = call(tmp_path)
    assert (done.returncode, "git init" in done.stdout) == (0, True)
    assert listing(tmp_path) == set()


PIPELINE = """\
stages:
  prepare:
    cmd: python src/prepare.py data/data.xml
    deps: [data/data.xml, src/prepare.py]
    params: [prepare.seed]
    outs: [data/prepared]
  train:
    cmd: python src/train.py data/prepared model.pkl
    deps: [data/prepared, src/train.py]
    params: [train.seed]
    outs: [model.pkl]
    metrics:
      - live/train.json: {cache: false}
  evaluate:
    cmd: python src/evaluate.py model.pkl data/prepared
    deps: [data/prepared, model.pkl, src/evaluate.py]
    outs: [eval]
metrics: ["${where}/metrics.json"]
plots:
  - eval/plots/images
"""
TRACKED = "outs:\n- {path: %s, md5: 22a1a2931c8370d3aeedd7183606fd7f%s, size: 14445097, hash: md5}\n"


def test_what_dvc_names_is_found_in_a_clone_where_none_of_it_lies(repository: Path) -> None:
    for path, text in {
        "dvc.yaml": PIPELINE,
        "params.yaml": "prepare: {seed: 1}\ntrain: {seed: 2}\nwhere: eval\n",
        "data/data.xml.dvc": TRACKED % ("data.xml", ""),
        "data/raw.dvc": TRACKED % ("raw", ".dir"),
        "live/train.json": '{"steps": ["a"], "loss": 0.25}',
        "src/train.py": "if __name__ == '__main__': pass\n",
    }.items():
        (repository / path).parent.mkdir(exist_ok=True)
        (repository / path).write_text(text)
    out = call(repository).stdout
    assert "data          data/data.xml, data/raw/\n" in out
    assert "metrics       live/train.json:loss = 0.25, eval/metrics.json (named in dvc.yaml, not here yet)\n" in out
    (repository / "live/train.json").unlink()
    out = call(repository).stdout
    assert 'metric = "eval/metrics.json:accuracy"' in out
    assert "dvc.yaml names the file, which is not here yet" in out


def test_a_pipeline_that_cannot_be_read_does_not_keep_init_from_looking_round(repository: Path) -> None:
    (repository / "dvc.yaml").write_text("stages: 1\n")
    (repository / "a.dvc").write_text("outs: 1\n")
    (repository / "metrics.json").write_text('{"acc": 1}')
    said = call(repository)
    assert (said.returncode, "metrics.json:acc = 1" in said.stdout) == (0, True)


def test_json_is_one_object(repository: Path) -> None:
    fill(repository, train=TRAIN)
    report = json.loads(call(repository, "--json").stdout)
    assert (report["kind"], report["written"], report["config"]) == ("survey", False, None)
    assert report["found"]["scripts"][0]["path"] == "train.py"
    assert [file["path"] for file in report["files"]] == ["fossml.toml", ".gitignore"]


def test_a_stage_is_drafted_in_the_root_only(repository: Path) -> None:
    (repository / "sub").mkdir()
    done = call(repository / "sub", "--", "true")
    assert (done.returncode, "in the root of the repository" in done.stderr) == (2, True)


def test_help_has_examples(tmp_path: Path) -> None:
    done = call(tmp_path, "--help")
    assert done.returncode == 0
    assert "fossml init -- python train.py --lr 0.1" in done.stdout


def test_a_name_that_cannot_be_is_refused_before_the_run(repository: Path) -> None:
    fill(repository, prepare=PREPARE)
    (repository / "dvc.yaml").write_text("stages:\n  taken:\n    cmd: echo 1\n")
    for name in ("a b", "a@b", "taken"):
        assert call(repository, "--yes", "--name", name, "--", "python", "prepare.py").returncode == 2
    assert not (repository / "data").exists()


def test_a_file_of_parameters_that_has_none_is_a_dependency(repository: Path) -> None:
    fill(repository, train="open('config.json').read()\nopen('out', 'w').write('x')\n")
    (repository / "config.json").write_text("[1, 2")
    report = json.loads(call(repository, "--json", "--", "python", "train.py").stdout)
    assert report["stage"]["deps"] == ["config.json", "train.py"]


def test_unknown_options_are_usage(tmp_path: Path) -> None:
    assert call(tmp_path, "--nonsense").returncode == 2
    assert call(tmp_path, "--name", "x").returncode == 2


def test_what_a_failed_command_printed_is_shown_once_and_the_hint_is_a_line(repository: Path) -> None:
    fill(repository, train="raise ValueError('no such data')\n")
    done = call(repository, "--", "python", "train.py")
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.splitlines()[-1] == "hint: it ended with: ValueError: no such data"
