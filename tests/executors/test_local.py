from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.executors import local
from fossml.executors.local import Exit, Process, cancel_all, end_left, start

PYTHON = sys.executable


def begin(command: str, folder: Path, **env: str) -> Process:
    return start(command, cwd=folder, env={"PATH": os.environ["PATH"], **env}, stdout=folder / "out.txt")


def until(path: Path) -> str:
    """Wait for a file that the command writes; its text."""
    while not (path.exists() and path.read_text().endswith("\n")):
        time.sleep(0.01)
    return path.read_text().strip()


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie that nobody reaped counts as ended)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_a_command_runs_in_its_folder_with_exactly_its_environment(tmp_path: Path) -> None:
    exited = begin("pwd; echo $WORD; echo ${HOME-none}; exit 3", tmp_path, WORD="hello").wait()
    assert exited is not None
    assert (exited.code, exited.cancelled) == (3, False)
    assert exited.seconds > 0
    assert (tmp_path / "out.txt").read_text().split() == [str(tmp_path), "hello", "none"]


def test_streams_share_a_file_or_have_their_own(tmp_path: Path) -> None:
    begin("echo a; echo b >&2", tmp_path).wait()
    assert (tmp_path / "out.txt").read_text() == "a\nb\n"
    out, err = tmp_path / "o", tmp_path / "e"
    start("echo a; echo b >&2", cwd=tmp_path, env={}, stdout=out, stderr=err).wait()
    assert (out.read_text(), err.read_text()) == ("a\n", "b\n")


def test_a_command_reads_nothing(tmp_path: Path) -> None:
    assert begin("cat; read x || echo end", tmp_path).wait() is not None
    assert (tmp_path / "out.txt").read_text() == "end\n"


def test_poll_and_wait_say_none_while_it_runs(tmp_path: Path) -> None:
    process = begin("sleep 60", tmp_path)
    assert process.poll() is None
    assert process.wait(timeout=0.01) is None
    exited = process.cancel()
    assert exited.cancelled
    assert exited.code == -signal.SIGTERM
    assert process.poll() == process.wait() == process.cancel() == exited


def test_the_signal_that_killed_it_is_its_code(tmp_path: Path) -> None:
    exited = begin("kill -9 $$", tmp_path).wait()
    assert exited is not None
    assert (exited.code, exited.cancelled) == (-9, False)


def test_cancel_after_the_end_changes_nothing(tmp_path: Path) -> None:
    process = begin("exit 4", tmp_path)
    exited = process.wait()
    assert isinstance(exited, Exit)
    assert process.cancel() == exited
    assert not exited.cancelled


def test_cancel_ends_the_children_too(tmp_path: Path) -> None:
    process = begin("sleep 300 & echo $! > child; wait", tmp_path)
    child = int(until(tmp_path / "child"))
    process.cancel()
    assert gone(child)


def test_a_child_that_outlives_its_shell_gets_the_grace_to_finish(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n    time.sleep(0.3); pathlib.Path('saved').write_text('yes'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint(file=open('ready', 'w'))\ntime.sleep(300)\n"
    )
    process = begin(f"{PYTHON} slow.py; true", tmp_path)
    until(tmp_path / "ready")
    process.cancel(grace=20)
    assert (tmp_path / "saved").read_text() == "yes"


def test_a_group_of_zombies_does_not_run() -> None:
    zombie = subprocess.Popen(["true"], start_new_session=True)
    while not gone(zombie.pid):
        time.sleep(0.01)
    os.killpg(zombie.pid, 0)
    assert not local._members(zombie.pid)
    assert zombie.wait() == 0
    assert local._members(os.getpgid(0))


def test_what_a_killed_starter_left_is_ended_if_it_is_its_own(tmp_path: Path) -> None:
    process = begin("echo > ready; sleep 300", tmp_path, DVC_ROOT="/here")
    until(tmp_path / "ready")
    end_left("DVC_ROOT=/elsewhere")
    assert process.poll() is None
    end_left("DVC_ROOT=/here")
    assert process.wait() == Exit(-signal.SIGTERM, process.wait().seconds)  # type: ignore[union-attr]


def test_cancel_ends_what_left_the_group_and_bears_the_mark(tmp_path: Path) -> None:
    command = "setsid sh -c 'trap \"\" TERM; echo $$ > child; while true; do sleep 0.05; done' & wait"
    env = {"PATH": os.environ["PATH"], "MARK": "this"}
    process = start(command, cwd=tmp_path, env=env, stdout=tmp_path / "out.txt", mark="MARK=this")
    other = begin("sleep 300", tmp_path, MARK="other")
    child = int(until(tmp_path / "child"))
    process.cancel(grace=0.1)
    assert gone(child)
    assert other.poll() is None
    other.cancel()


def test_many_are_all_asked_and_then_killed(tmp_path: Path) -> None:
    stubborn = "trap 'touch asked' TERM; echo > ready; while true; do sleep 0.02; done"
    processes = []
    for name in "ab":
        (tmp_path / name).mkdir()
        processes.append(begin(stubborn, tmp_path / name))
        until_there(tmp_path / name / "ready")
    cancel_all(processes, grace=1.0)
    assert all((tmp_path / name / "asked").exists() for name in "ab")
    assert [exited.code for process in processes if (exited := process.poll())] == [-signal.SIGKILL] * 2


def until_there(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def test_what_ignores_the_request_is_killed(tmp_path: Path) -> None:
    process = begin("trap '' TERM; echo > ready; while true; do sleep 0.05; done", tmp_path)
    until(tmp_path / "ready")
    exited = process.cancel(grace=0.1)
    assert (exited.code, exited.cancelled) == (-signal.SIGKILL, True)


def test_a_missing_folder_or_shell_is_said(tmp_path: Path) -> None:
    with pytest.raises(FossmlError, match="nowhere"):
        start("true", cwd=tmp_path / "nowhere", env={}, stdout=tmp_path / "o")
    with pytest.raises(FossmlError, match="/no/shell"):
        start("true", cwd=tmp_path, env={}, stdout=tmp_path / "o", shell="/no/shell")
