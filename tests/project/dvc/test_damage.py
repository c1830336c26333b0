"""Random damage gives an answer or a FossmlError with file and line, within bounded time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import pytest

from fossml.errors import FossmlError
from fossml.project.dvc import read_lock, read_params, read_stages, read_tracked, select_params
from fossml.project.dvcconfig import read_cache_config
from tests.conftest import REPOSITORY, soak
from tests.project.dvc.examples import FILES


@pytest.mark.soak
def test_damage_is_an_error_with_its_place(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    count, seed = soak((2_000, 1), (20_000, SystemRandom().randrange(10**9)))
    command = [sys.executable, "-m", "tests.project.dvc.damage", str(tmp_path), str(count), str(seed)]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    account = json.loads(done.stdout)
    outcomes, (seconds, case) = account["outcomes"], account["slowest"]
    record_property(
        "summary",
        f"damaged files, seed {seed}: {outcomes['refused']:,} refused with file and line, {outcomes['accepted']:,} "
        f"taken; the slowest took {seconds:.1f} s ({case})",
    )
    assert not account["wrong"]
    assert sum(outcomes.values()) == count
    assert min(outcomes.values()) > count / 10, "damage that is always noticed, or never, tests nothing"


def test_what_is_damaged_was_good(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    stages = read_stages(tmp_path)
    assert len(stages) == 10
    assert all(select_params(tmp_path, stage) is not None for stage in stages)
    assert len(read_lock(tmp_path)) == 3
    assert len(read_tracked(tmp_path)) == 2
    assert read_cache_config(tmp_path).links == ("hardlink", "copy")
    assert all(read_params(tmp_path, name) for name in FILES if name.startswith(("conf/", "params")))


def _refused(root: Path, files: dict[str, str], read: Callable[[Path], object]) -> str:
    for name, text in files.items():
        (root / name).write_text(text)
    with pytest.raises(FossmlError) as error:
        read(root)
    return str(error.value)


DEEP = {
    "p.json": '{"a":\n' + "[" * 150 + "]" * 150 + "}",
    "p.toml": "b = 1\na = " + "[" * 150 + "]" * 150,
    "p.py": "b = 1\na = " + "[" * 150 + "]" * 150,
    "p.yaml": "b: 1\na: " + "[" * 150 + "]" * 150,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    assert _refused(tmp_path, {name: DEEP[name]}, lambda root: read_params(root, name)) == (
        f"{name}:2: is nested too deeply"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.json", '{\n"a": ' + "9" * 5000 + "}"),
        ("p.toml", "\na = " + "9" * 5000),
        ("p.toml", "\na = 0x" + "f" * 5000),
        ("p.py", "\na = 0x" + "f" * 5000),
        ("p.yaml", "\na: " + "9" * 5000),
        ("p.yaml", "\na: 0x" + "f" * 5000),
    ],
)
def test_a_number_too_long_to_write_is_refused_with_its_line(tmp_path: Path, name: str, text: str) -> None:
    assert "number is too long" in _refused(tmp_path, {name: text}, lambda root: read_params(root, name))
    assert f"{name}:2:" in _refused(tmp_path, {name: text}, lambda root: read_params(root, name))


def test_aliases_that_nest_without_end_are_refused(tmp_path: Path) -> None:
    chain = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{y: *a{i - 1}}}\n" for i in range(1, 400))
    assert "unfold to more than 100 levels" in _refused(
        tmp_path, {"params.yaml": chain}, lambda root: read_params(root, "params.yaml")
    )


def test_merge_keys_without_end_are_refused_with_their_line(tmp_path: Path) -> None:
    text = "a: &a {b: 1}\n" + "".join(f"k{i}: {{<<: *a}}\n" for i in range(300))
    assert _refused(tmp_path, {"params.yaml": text}, lambda root: read_params(root, "params.yaml")) == (
        "params.yaml:202: more than 200 merge keys (<<)"
    )


def test_a_command_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    files = {
        "params.yaml": f"a: {'x' * 100_000}\n",
        "dvc.yaml": f"stages:\n  s:\n    cmd: echo {'${a}' * 10_000}\n",
    }
    assert "dvc.yaml:3: stage 's': the text becomes longer" in _refused(tmp_path, files, read_stages)


def test_a_matrix_without_end_is_refused(tmp_path: Path) -> None:
    axes = "".join(f"      k{i}: [{', '.join('abcdefghij')}]\n" for i in range(12))
    assert "dvc.yaml:3: the matrix has 1,000,000,000,000" in _refused(
        tmp_path, {"dvc.yaml": f"stages:\n  s:\n    matrix:\n{axes}    cmd: x\n"}, read_stages
    )


@pytest.mark.parametrize("path", ["/dev/zero", "pipe"])
def test_what_is_no_file_is_not_read(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = f"vars: [{path}]\nstages:\n  s:\n    cmd: x\n"
    assert "is not a regular file" in _refused(tmp_path, {"dvc.yaml": text}, read_stages)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "dvc.yaml").open("w") as file:
        file.truncate(1 << 33)
    with pytest.raises(FossmlError, match="larger than 256 MiB"):
        read_stages(tmp_path)


@pytest.mark.parametrize("name", ["p.json", "p.toml", "p.yaml", "p.py"])
def test_a_merge_conflict_is_called_one(tmp_path: Path, name: str) -> None:
    text = "\n<<<<<<< HEAD\na = 1\n=======\na: 2\n>>>>>>> other\n"
    assert _refused(tmp_path, {name: text}, lambda root: read_params(root, name)).startswith(f"{name}:2: is not ")
    assert "a merge conflict of git" in _refused(tmp_path, {name: text}, lambda root: read_params(root, name))
