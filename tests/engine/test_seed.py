"""The seed goes to the stage as the project takes it, and is part of what its result rests on."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fossml.engine.build import Options, Summary, dry
from fossml.engine.seed import seed_for, with_flag
from fossml.errors import FossmlError
from fossml.project.config import SeedRoute, StageSettings
from fossml.project.declared import read_project
from fossml.types import Stage
from tests.conftest import Dvc
from tests.engine.test_build import run, stages


@pytest.mark.parametrize(
    ("cmd", "flagged"),
    [
        ("python train.py", "python train.py --seed 7"),
        ("python train.py --lr 1 > log.txt", "python train.py --lr 1 --seed 7 > log.txt"),
        ("python train.py 2> log", "python train.py --seed 7 2> log"),
        ("python train.py --seed 3", "python train.py --seed 3 --seed 7"),
        ("python a.py -n 2 && python b.py -n 3", "python a.py -n 2 --seed 7 && python b.py -n 3 --seed 7"),
        ("python a.py -n 2 | tee log", "python a.py -n 2 --seed 7 | tee log"),
        ("python a.py | tee log", "python a.py --seed 7 | tee log"),
        ("python a.py && ./b.py x; cp a b", "python a.py --seed 7 && ./b.py x --seed 7; cp a b"),
        ("mkdir -p out && python3.11 -m pkg.train", "mkdir -p out && python3.11 -m pkg.train --seed 7"),
        ("python t.py --name 'a | b' --x \"c > d\"", "python t.py --name 'a | b' --x \"c > d\" --seed 7"),
        ("python a.py\npython b.py", "python a.py --seed 7\npython b.py --seed 7"),
        ("env A=1 .venv/bin/python a.py", "env A=1 .venv/bin/python a.py --seed 7"),
        ("python a.py >& log", "python a.py --seed 7 >& log"),
        ("python a.py \\; b", "python a.py \\; b --seed 7"),
        ("./train", "./train --seed 7"),
        (("mkdir x", "python a.py"), ("mkdir x", "python a.py --seed 7")),
    ],
)
def test_the_flag_goes_behind_each_command_that_starts_python(cmd: str | tuple[str, ...], flagged: object) -> None:
    assert with_flag(cmd, "--seed", 7) == flagged


def test_a_flag_that_ends_in_an_equals_sign_is_joined() -> None:
    assert with_flag("python a.py", "seed=", 7) == "python a.py seed=7"


@pytest.mark.parametrize(
    ("cmd", "route", "own", "seed"),
    [
        ("python a.py", SeedRoute("flag", "--seed", 3), None, 3),
        ("python a.py", SeedRoute("flag", "--seed", 3), 5, 5),
        ("python a.py", SeedRoute("flag", "--seed"), None, None),
        ("cp a b", SeedRoute("flag", "--seed", 3), None, None),
        ("./own", SeedRoute("flag", "--seed", 3), 5, 5),
        ("cp a b", SeedRoute("env", "SEED", 3), None, 3),
        ("python a.py", SeedRoute("param", "params.yaml:seed"), None, 42),
        ("python a.py", SeedRoute("param", "other.yaml:seed"), None, None),
        ("python a.py", None, None, None),
    ],
)
def test_whose_seed_a_stage_gets(cmd: str, route: SeedRoute | None, own: int | None, seed: int | None) -> None:
    params = {"params.yaml": {"seed": 42}}
    assert seed_for(Stage("a", cmd), route, StageSettings(seed=own), params) == seed


def test_a_seed_that_cannot_go_in_is_refused() -> None:
    with pytest.raises(FossmlError, match="does not say how it goes in"):
        seed_for(Stage("a", "python a.py"), None, StageSettings(seed=1), {})


def test_the_seed_is_given_recorded_and_a_reason_to_run(repository: Path, dvc: Dvc) -> None:
    stages(repository, "a: {cmd: 'echo $SEED $FOSSML_SEED > o', deps: [in], outs: [o]}")
    config = repository / "fossml.toml"
    config.write_text('[seed]\nenv = "SEED"\nvalue = 4\n')
    assert run(repository)[0] == Summary(ran=1)
    assert (repository / "o").read_text() == "4 4\n"
    assert json.loads((repository / "fossml.lock").read_text())["a"]["seed"] == 4
    assert run(repository)[0] == Summary(current=1)
    config.write_text('[seed]\nenv = "SEED"\nvalue = 5\n')
    assert dry(read_project(repository), Options(env=os.environ))[0][0].reasons == ("the seed was 4, is 5",)
    run(repository)
    config.write_text('[seed]\nenv = "SEED"\nvalue = 4\n')
    assert run(repository)[0] == Summary(restored=1)
    assert (repository / "o").read_text() == "4 4\n"
    assert "up to date" in dvc(repository, "status").stdout


def test_naming_the_parameter_by_which_the_seed_goes_in_runs_nothing(repository: Path) -> None:
    stages(repository, "a: {cmd: 'cat params.yaml > o', deps: [in], params: [seed], outs: [o]}")
    (repository / "params.yaml").write_text("seed: 7\n")
    run(repository)
    (repository / "fossml.toml").write_text('[seed]\nparam = "params.yaml:seed"\n')
    assert run(repository)[0] == Summary(current=1)
    (repository / "params.yaml").write_text("seed: 8\n")
    assert dry(read_project(repository), Options(env=os.environ))[0][0].reasons == ("params.yaml:seed was 7, is 8",)
    run(repository)
    (repository / "fossml.toml").unlink()
    (repository / "params.yaml").write_text("seed: 7\n")
    assert run(repository)[0] == Summary(restored=1)


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ("params.yaml:sed", "fossml.toml:3: [seed] param: params.yaml has no 'sed' | did you mean 'seed'?"),
        ("param.yaml:seed", "fossml.toml:3: [seed] param: there is no param.yaml | did you mean 'params.yaml'?"),
    ],
)
def test_a_parameter_that_is_nowhere_is_named_with_its_line(repository: Path, param: str, said: str) -> None:
    stages(repository, "a: {cmd: 'cat params.yaml > o', deps: [in], params: [seed], outs: [o]}")
    (repository / "params.yaml").write_text("seed: 7\n")
    (repository / "fossml.toml").write_text(f'\n[seed]\nparam = "{param}"\n')
    with pytest.raises(FossmlError) as raised:
        read_project(repository)
    assert f"{raised.value} | {raised.value.hint}" == said


def test_a_parameter_in_a_file_that_a_stage_makes_may_not_be_there_yet(repository: Path) -> None:
    stages(repository, "a: {cmd: 'echo seed: 7 > p.yaml', deps: [in], outs: [p.yaml]}")
    (repository / "fossml.toml").write_text('[seed]\nparam = "p.yaml:seed"\n')
    assert run(repository)[0] == Summary(ran=1)


def test_a_seeded_result_is_not_in_dvc_s_run_cache(repository: Path) -> None:
    stages(repository, "a: {cmd: 'echo $SEED > o', deps: [in], outs: [o]}")
    (repository / "fossml.toml").write_text('[seed]\nenv = "SEED"\nvalue = 4\n')
    run(repository)
    assert not (repository / ".dvc/cache/runs").exists()


def test_the_flag_is_not_in_the_recorded_command(repository: Path, dvc: Dvc) -> None:
    (repository / "a.py").write_text("import sys; open('o', 'w').write(' '.join(sys.argv[1:]))\n")
    stages(repository, "a: {cmd: python3 a.py, deps: [a.py], outs: [o]}")
    (repository / "fossml.toml").write_text('[seed]\nflag = "--seed"\nvalue = 4\n')
    assert run(repository)[0] == Summary(ran=1)
    assert (repository / "o").read_text() == "--seed 4"
    assert "up to date" in dvc(repository, "status").stdout
    subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
