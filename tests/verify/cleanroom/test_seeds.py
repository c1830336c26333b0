from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.verify.cleanroom.seeds import Delivery, check, command_with, env_with, fresh, plant


@pytest.mark.parametrize(
    ("cmd", "flag", "command"),
    [
        ("python t.py", "--seed", "python t.py --seed 7"),
        ("python t.py", "--seed=", "python t.py --seed=7"),
        ("python t.py", "seed=", "python t.py seed=7"),
        ("python t.py {seed} > log.{seed}", None, "python t.py 7 > log.7"),
        ("cd src && python t.py", "-s", "cd src && python t.py -s 7"),
        ("python t.py", None, "python t.py"),
    ],
)
def test_a_seed_gets_into_the_command(cmd: str, flag: str | None, command: str) -> None:
    assert command_with(Delivery(cmd, flag), 7) == command
    assert command_with(Delivery(cmd, flag), None) == cmd


def test_a_seed_gets_into_the_environment() -> None:
    assert env_with({"A": "1"}, Delivery("x", env="SEED"), 7) == {"A": "1", "SEED": "7"}
    assert env_with({"A": "1"}, Delivery("x", env="SEED"), None) == {"A": "1"}


def test_a_seed_gets_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("seed: 1 # one\nlr: 0.1\n")
    plant(tmp_path, Delivery("x", param="params.yaml:seed"), 7)
    assert path.read_text() == "seed: 7 # one\nlr: 0.1\n"


@pytest.mark.parametrize(
    ("param", "said"), [("none.yaml:seed", "no none.yaml"), ("p.yaml:sead", "no `sead`"), ("bad.json:a", "bad|Expect")]
)
def test_a_file_that_cannot_take_it_is_said(tmp_path: Path, param: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text("seed: 1\n")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(FossmlError, match=said):
        plant(tmp_path, Delivery("x", param=param), 7)


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("seed: 1\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/p.yaml").symlink_to(outside)
    with pytest.raises(FossmlError):
        plant(tmp_path / "in", Delivery("x", param="p.yaml:seed"), 7)
    assert outside.read_text() == "seed: 1\n"


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery("python t.py | tee log", "--seed"),
        Delivery("python t.py 'unclosed", "--seed"),
        Delivery("x", param="params.yaml"),
        Delivery("x", param="../p.yaml:seed"),
        Delivery("x", param="/etc/p.yaml:seed"),
    ],
)
def test_what_cannot_work_is_refused_first(delivery: Delivery) -> None:
    with pytest.raises(FossmlError):
        check(delivery)


def test_a_bar_in_quotes_is_no_pipe() -> None:
    check(Delivery("python -c 'print(1|2)'", "--seed"))


@pytest.mark.parametrize(
    ("delivery", "seeded"),
    [
        (Delivery("x"), False),
        (Delivery("x {seed}"), True),
        (Delivery("x", "-s"), True),
        (Delivery("x", env="S"), True),
        (Delivery("x", param="p:s"), True),
    ],
)
def test_it_is_known_whether_a_seed_is_given(delivery: Delivery, seeded: bool) -> None:
    assert delivery.seeded is seeded


def test_fresh_seeds_are_new_and_differ() -> None:
    drawn = list(itertools.islice(fresh(random.Random(0), ()), 200))
    assert len(set(drawn)) == 200
    again = list(itertools.islice(fresh(random.Random(0), drawn[:100]), 100))
    assert again == drawn[100:]
