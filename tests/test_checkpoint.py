"""Checkpoints: whole or not there, whatever kills the script; and a resumed training ends with the same bytes."""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fossml import checkpoint

DOCS = Path(__file__).resolve().parent.parent / "docs" / "checkpoints.md"
SAVES = """\
import hashlib, itertools, os, sys
from fossml import checkpoint

def blob(step):
    body = os.urandom(200_000)
    return hashlib.sha256(body).digest() + body

def folder(path, step):
    os.mkdir(path)
    for name in "ab":
        with open(os.path.join(path, name), "wb") as file:
            file.write(blob(step))

print("ready", flush=True)
for step in itertools.count(int(sys.argv[2])):
    state = (lambda path: folder(path, step)) if sys.argv[1] == "folder" else blob(step)
    checkpoint.save(state, step, keep=int(sys.argv[3]))
    print(step, flush=True)
"""
DIES = """\
import os, signal, sys
from fossml import checkpoint

checkpoint.save(b"before", 0, keep=1)
seen = 0

def die(name, args):
    global seen
    seen += name.startswith(("open", "os.", "shutil."))
    if seen == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
checkpoint.save(b"after", int(sys.argv[2]), keep=1)
seen = 10**9
print("survived")
"""
TRAINS = """\
import pickle
import numpy as np
from fossml import checkpoint

rng = np.random.default_rng(7)
x = rng.normal(size=(200, 5))
y = x @ np.arange(5.0)
weights, velocity, start = np.zeros(5), np.zeros(5), 0
last = checkpoint.latest()
if last is not None:
    weights, velocity, rng.bit_generator.state = pickle.loads(last.read())
    start = last.step + 1
for epoch in range(start, 30):
    for batch in np.array_split(rng.permutation(200), 10):
        noise = rng.normal(scale=0.1, size=len(batch))
        gradient = x[batch].T @ (x[batch] @ weights - y[batch] + noise) / len(batch)
        velocity = 0.9 * velocity - 0.01 * gradient
        weights = weights + velocity
    checkpoint.save(pickle.dumps((weights, velocity, rng.bit_generator.state)), step=epoch)
    print(epoch, flush=True)
weights.tofile("model.bin")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(checkpoint.VARIABLE, str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


def start(script: str, *args: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True)


def kill_after(process: subprocess.Popen[str], lines: int) -> list[str]:
    """Kill -9 once so many lines have come; everything it had said by then."""
    assert process.stdout
    said = [process.stdout.readline().strip() for _ in range(lines)]
    process.kill()
    rest, _ = process.communicate()
    return [*said, *rest.split()]


def whole(data: bytes) -> bool:
    return hashlib.sha256(data[32:]).digest() == data[:32] and len(data) == 200_032


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_newest_two_stay_and_the_newest_is_the_latest(folder: Path) -> None:
    for step in range(9, 13):
        saved = checkpoint.save(b"state %d" % step, step)
    last = checkpoint.latest()
    assert last == saved
    assert last is not None
    assert (last.step, last.read(), Path(last)) == (12, b"state 12", folder / "step-0000000012")
    assert names(folder) == ["step-0000000011", "step-0000000012"]


def test_keep_says_how_many_stay(folder: Path) -> None:
    for step in range(5):
        checkpoint.save(b"", step, keep=3)
    assert [one[-1] for one in names(folder)] == ["2", "3", "4"]


def test_without_the_variable_nothing_is_written_and_the_writer_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for value in (None, ""):
        monkeypatch.delenv(checkpoint.VARIABLE, raising=False)
        if value is not None:
            monkeypatch.setenv(checkpoint.VARIABLE, value)
        assert checkpoint.save(lambda _path: pytest.fail("called"), 1) is None
        assert checkpoint.latest() is None
        assert names(tmp_path) == []


def test_without_a_folder_there_is_no_latest(folder: Path) -> None:
    assert checkpoint.latest() is None
    assert not folder.exists()


def test_a_writer_may_make_a_file_or_a_folder(folder: Path) -> None:
    def write_folder(path: str) -> None:
        (Path(path) / "inner").mkdir(parents=True)
        (Path(path) / "inner" / "weights").write_bytes(b"2")

    checkpoint.save(lambda path: Path(path).write_bytes(b"1"), 1)
    made = checkpoint.save(write_folder, 2)
    assert made is not None
    assert (Path(made.path) / "inner" / "weights").read_bytes() == b"2"
    assert (folder / "step-0000000001").read_bytes() == b"1"


def test_an_ending_that_the_writer_adds_is_kept_and_one_that_it_needs_can_be_given(folder: Path) -> None:
    checkpoint.save(lambda path: np.savez(path, weights=np.arange(3)), 1)
    checkpoint.save(lambda path: Path(path).write_text(Path(path).suffix), 2, suffix=".keras")
    assert names(folder) == ["step-0000000001.npz", "step-0000000002.keras"]
    assert (folder / "step-0000000002.keras").read_text() == ".keras"


def test_a_step_saved_again_replaces_the_old_one_files_and_folders_alike(folder: Path) -> None:
    for write in (Path.touch, Path.mkdir, Path.mkdir, Path.touch):
        make: Callable[[Path], None] = write
        made = checkpoint.save(lambda path, make=make: make(Path(path)), 1)  # type: ignore[misc]  # bound now
        assert made is not None
        assert Path(made.path).is_dir() == (write is Path.mkdir)
        assert names(folder) == ["step-0000000001"]


def test_what_was_just_saved_stays_though_higher_steps_are_there(folder: Path) -> None:
    for step in (80, 90, 1):
        checkpoint.save(b"", step)
    assert names(folder) == ["step-0000000001", "step-0000000080", "step-0000000090"]


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("step-7", 7),
        ("step-0000000007.pt", 7),
        ("step-7.tar.gz", 7),
        (".step-7", None),
        ("step-7x", None),
        ("step--7", None),
        ("step-", None),
        ("epoch-7", None),
    ],
)
def test_the_rule_for_names_holds_for_what_others_wrote(folder: Path, name: str, step: int | None) -> None:
    folder.mkdir()
    (folder / name).touch()
    last = checkpoint.latest()
    assert (last and last.step) == step


def test_steps_are_compared_as_numbers(folder: Path) -> None:
    folder.mkdir()
    for name in ("step-9", "step-10", "step-0000000008.pt"):
        (folder / name).touch()
    last = checkpoint.latest()
    assert last is not None
    assert last.step == 10


def test_a_writer_that_fails_leaves_everything_as_it_was(folder: Path) -> None:
    checkpoint.save(b"good", 1, keep=1)

    def fail(path: str) -> None:
        Path(path).write_bytes(b"half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        checkpoint.save(fail, 2, keep=1)
    with pytest.raises(FileNotFoundError, match="it made \\[\\]"):
        checkpoint.save(lambda _path: None, 2, keep=1)
    assert names(folder) == ["step-0000000001"]


@pytest.mark.parametrize(("step", "keep", "suffix"), [(-1, 2, ""), (1, 0, ""), (1, 2, "pt"), (1, 2, "./x")])
def test_a_wrong_argument_is_told_even_where_nothing_is_saved(
    monkeypatch: pytest.MonkeyPatch, step: int, keep: int, suffix: str
) -> None:
    monkeypatch.delenv(checkpoint.VARIABLE, raising=False)
    with pytest.raises(ValueError, match=r"step counts|suffix"):
        checkpoint.save(b"", step, keep=keep, suffix=suffix)


def test_what_a_killed_process_left_unfinished_is_removed_by_the_next(folder: Path, tmp_path: Path) -> None:
    start(DIES, 3, 1, cwd=tmp_path).communicate()
    assert any(name.startswith(".") for name in names(folder))
    os.utime(next(folder.glob(".*")), (0, 0))  # this very process, not a next one, saves below
    checkpoint.save(b"", 5)
    assert not any(name.startswith(".") for name in names(folder))


@pytest.mark.parametrize("step", [0, 1], ids=["the same step again", "the next step"])
def test_a_kill_before_any_single_call_leaves_the_old_or_the_new_one(folder: Path, tmp_path: Path, step: int) -> None:
    seen = set()
    said, count = "", 0
    for count in range(1, 100):
        said, _ = start(DIES, count, step, cwd=tmp_path).communicate()
        last = checkpoint.latest()
        assert last is not None
        assert (last.step, last.read()) in ((0, b"before"), (step, b"after"))
        seen.add(last.read())
        if said:
            break
        (folder / "step-0000000001").unlink(missing_ok=True)
    assert said == "survived\n"
    assert count > 8
    assert seen == {b"before", b"after"}


@pytest.mark.parametrize(("kind", "keep"), [("file", 2), ("file", 1), ("folder", 2)])
def test_a_kill_at_a_random_moment_loses_nothing_that_was_saved(
    folder: Path, tmp_path: Path, kind: str, keep: int
) -> None:
    chance = random.Random(kind)
    step = 0
    for _ in range(10):
        said = kill_after(start(SAVES, kind, step, keep, cwd=tmp_path), chance.randrange(1, 5))
        last = checkpoint.latest()
        acknowledged = max((int(one) for one in said[1:] if one), default=step - 1)
        assert (last.step if last else -1) >= acknowledged
        for path in folder.glob("step-*"):
            files = [path] if path.is_file() else [path / "a", path / "b"]
            assert all(whole(file.read_bytes()) for file in files)
        step = (last.step if last else -1) + 1
    assert step > 5


def test_a_training_killed_three_times_ends_with_the_bytes_of_one_that_was_not(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    start(TRAINS, cwd=tmp_path / "plain").communicate()
    env = {checkpoint.VARIABLE: str(tmp_path / "checkpoints")}
    firsts = []
    for lines in (3, 1, 9):
        firsts.append(kill_after(start(TRAINS, cwd=tmp_path, env=env), lines)[0])
        assert not (tmp_path / "model.bin").exists()
    said, _ = start(TRAINS, cwd=tmp_path, env=env).communicate()
    assert firsts[0] == "0"
    assert "0" not in [*firsts[1:], *said.split()]
    assert (tmp_path / "model.bin").read_bytes() == (tmp_path / "plain" / "model.bin").read_bytes()


def blocks(language: str) -> Iterator[str]:
    yield from re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.fixture
def sklearn_example() -> str:
    return next(block for block in blocks("python") if "sklearn" in block)


def test_the_example_for_scikit_learn_keeps_its_word(tmp_path: Path, sklearn_example: str) -> None:
    (tmp_path / "plain").mkdir()
    start(sklearn_example, cwd=tmp_path / "plain").communicate()
    env = {checkpoint.VARIABLE: str(tmp_path / "checkpoints")}
    for lines in (4, 9):
        kill_after(start(sklearn_example, cwd=tmp_path, env=env), lines)
        assert not (tmp_path / "model.joblib").exists()
    start(sklearn_example, cwd=tmp_path, env=env).communicate()
    assert (tmp_path / "model.joblib").read_bytes() == (tmp_path / "plain" / "model.joblib").read_bytes()


def test_the_example_without_an_import_goes_on_from_its_last_step(tmp_path: Path) -> None:
    (script,) = blocks("sh")
    lines = "".join(f"step {step}\n" for step in range(1, 21))
    env = {**os.environ, checkpoint.VARIABLE: str(tmp_path)}
    (tmp_path / "step-0000000011").write_text("".join(f"step {step}\n" for step in range(1, 12)))
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "model.txt").read_text() == lines
    assert (tmp_path / "step-0000000020").read_text() == lines


def test_the_import_is_cheap() -> None:
    code = "import sys; before = set(sys.modules); import fossml.checkpoint; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("fossml")} == {"fossml", "fossml.checkpoint"}
    assert not {"pathlib", "numpy", "click", "subprocess", "pickle", "tempfile"} & set(loaded)
