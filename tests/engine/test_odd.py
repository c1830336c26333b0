"""Stages and files that behave oddly: a clear error or a right result, and the terminal stays what it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fossml.engine.build import Summary
from fossml.errors import FossmlError
from tests.conftest import Dvc
from tests.engine.test_build import run, stages, times_run

FOSSML = (sys.executable, "-m", "fossml", "build")


def said(root: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*FOSSML, *args], cwd=root, capture_output=True)
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return done


@pytest.mark.parametrize("out", ["../o", "/elsewhere/o", "sub/../../o"])
def test_an_output_outside_the_repository_is_refused_before_anything_runs(
    repository: Path, tmp_path: Path, out: str
) -> None:
    out = out.replace("/elsewhere", str(tmp_path))
    (repository / "sub").mkdir()
    stages(repository, f"a: {{cmd: echo x >> ran; echo 1 > {out}, outs: [{out}]}}")
    assert said(repository).returncode in (1, 2)
    assert times_run(repository) == 0
    assert not (tmp_path / "o").exists()


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize("name", ["dvc.yaml", "params.yaml"])
def test_a_yaml_bomb_is_refused(repository: Path, name: str) -> None:
    stages(repository, "a: {cmd: cat in > o, deps: [in], params: [a11], outs: [o]}")
    (repository / name).write_text(BOMB)
    done = said(repository)
    assert done.returncode in (1, 2)
    assert f"{name}:2: its aliases unfold to more than" in done.stderr.decode()


def test_a_name_in_an_input_folder_that_is_not_utf8_is_told(repository: Path) -> None:
    stages(repository, "a: {cmd: ls d > o, deps: [d], outs: [o]}")
    (repository / "d").mkdir()
    Path(os.fsdecode(os.fsencode(repository) + b"/d/\xff\x1b]0;x\x07")).write_text("x")
    done = said(repository)
    assert done.returncode == 1
    assert b"not UTF-8" in done.stderr and b"\\udcff" in done.stderr
    assert b"\x1b]0" not in done.stdout + done.stderr


HOSTILE = "evil\n\x1b[2J\x1b]0;owned\x07\u202e"


def test_no_name_and_no_output_of_a_stage_drives_the_terminal(repository: Path) -> None:
    texts = {
        "dvc.yaml": {
            "stages": {
                "a": {"cmd": f"printf '\\033[2J\\033]0;x\\007'; cat '{HOSTILE}'; false", "deps": [HOSTILE]},
                "b": {"cmd": "echo", "deps": [f"missing{HOSTILE}"]},
                "c": {"cmd": "true", "outs": [f"never{HOSTILE}"]},
            }
        }
    }
    (repository / "dvc.yaml").write_text(json.dumps(texts["dvc.yaml"]))
    (repository / HOSTILE).write_text("hello")
    for args in ((), ("--keep-going",), ("--dry",), ("-j1", "-k", "--json"), ("nosuch\x1b[2J",)):
        done = said(repository, *args)
        raw = done.stdout + done.stderr
        assert not any(byte in raw for byte in (b"\x1b", b"\x07", "\u202e".encode())), (args, raw)
        assert args in (("nosuch\x1b[2J",), ("--dry",)) or b"evil" in raw


def test_a_folder_with_a_line_break_in_a_name_is_kept_and_restored(repository: Path) -> None:
    (repository / "make.sh").write_text("mkdir -p d && printf x > 'd/a\nb'\n")
    stages(repository, "a: {cmd: sh make.sh, outs: [d], deps: [make.sh]}")
    assert run(repository)[0] == Summary(ran=1)
    subprocess.run(["rm", "-r", "d"], cwd=repository, check=True)
    assert run(repository)[0] == Summary(restored=1)
    assert (repository / "d" / "a\nb").read_text() == "x"


def test_a_daemon_that_outlives_its_stage_holds_nothing_up(repository: Path) -> None:
    daemon = "(setsid sh -c 'echo $$ > daemon; exec sleep 300') & while ! test -s daemon; do sleep 0.02; done"
    stages(repository, f'a: {{cmd: "{daemon}; cp in o", deps: [in], outs: [o]}}')
    try:
        assert run(repository)[0] == Summary(ran=1)
        assert run(repository)[0] == Summary(current=1)
    finally:
        os.kill(int((repository / "daemon").read_text()), 9)


def test_what_a_daemon_writes_later_is_noticed_and_put_right(repository: Path) -> None:
    waits = "exec >> o; rm start; while ! test -e go; do sleep 0.02; done; echo late; touch done"
    daemon = f"test ! -e start || (setsid sh -c '{waits}') &"
    stages(repository, f'a: {{cmd: "cp in o; {daemon}", deps: [in], outs: [o]}}')
    for kind in ("copy", "hardlink"):
        (repository / ".dvc/config").write_text(f"[cache]\n    type = {kind}\n")
        (repository / "start").touch()
        assert run(repository, force=True)[0] == Summary(ran=1)
        while (repository / "start").exists():
            time.sleep(0.02)
        (repository / "go").touch()
        while not (repository / "done").exists():
            time.sleep(0.02)
        summary, _ = run(repository)
        assert summary.ran + summary.restored + summary.current == 1
        assert (repository / "o").read_text() == "1\n"
        for name in ("go", "done"):
            (repository / name).unlink()


def test_outputs_of_stages_that_work_in_one_anothers_folders(repository: Path, dvc: Dvc) -> None:
    stages(
        repository,
        """
        outer: {cmd: mkdir -p sub/inner && cp in sub/o, deps: [in], outs: [sub/o]}
        inner: {cmd: cp ../o p && mkdir -p deep && cp ../o deep/q, wdir: sub/inner, deps: [../o], outs: [p, deep]}
        deepest: {cmd: cat deep/q p > ../../r, wdir: sub/inner, deps: [deep, p], outs: [../../r]}
        """,
    )
    (repository / "sub/inner").mkdir(parents=True)
    assert run(repository)[0] == Summary(ran=3)
    assert (repository / "r").read_text() == "1\n1\n"
    assert "up to date" in dvc(repository, "status").stdout
    (repository / "in").write_text("2\n")
    assert run(repository)[0] == Summary(ran=3)
    assert run(repository)[0] == Summary(current=3)


def test_a_working_folder_inside_an_output_of_another_stage_is_refused_or_works(repository: Path) -> None:
    stages(
        repository,
        """
        a: {cmd: mkdir -p d/w && cp in d/w/x, deps: [in], outs: [d]}
        b: {cmd: cp x y, wdir: d/w, deps: [x], outs: [y]}
        """,
    )
    done = said(repository)
    assert done.returncode in (1, 2)
    assert b"d/w/y" in done.stderr


def test_a_stage_that_removes_its_own_folder(repository: Path) -> None:
    stages(repository, "a: {cmd: cp ../in ../o && rm -r ../w, wdir: w, deps: [../in], outs: [../o]}")
    (repository / "w").mkdir()
    assert run(repository)[0] == Summary(ran=1)
    assert (repository / "o").read_text() == "1\n"
    (repository / "in").write_text("2\n")
    summary, events = run(repository)
    assert summary == Summary(failed=1)
    assert (repository / "o").read_text() == "1\n"
    assert any("w" in reason for reason in events[-1].reasons)


def test_times_in_the_future_and_a_clock_set_back_hide_no_change(repository: Path) -> None:
    stages(repository, "a: {cmd: cp in o, deps: [in], outs: [o]}")
    future = time.time() + 10**6
    os.utime(repository / "in", (future, future))
    assert run(repository)[0] == Summary(ran=1)
    assert run(repository)[0] == Summary(current=1)
    (repository / "in").write_text("2\n")
    os.utime(repository / "in", (future, future))
    assert run(repository)[0] == Summary(ran=1)
    assert (repository / "o").read_text() == "2\n"
    (repository / "in").write_text("3\n")
    os.utime(repository / "in", (1, 1))
    assert run(repository)[0] == Summary(ran=1)
    os.utime(repository / "in", (future, future))
    assert run(repository)[0] == Summary(current=1)


def test_two_builds_at_once_leave_what_one_would(repository: Path) -> None:
    stages(repository, "a: {cmd: echo x >> ran; sleep 0.3; cp in o, deps: [in], outs: [o]}")
    both = [subprocess.Popen([*FOSSML], cwd=repository, stderr=subprocess.PIPE) for _ in range(2)]
    texts = [one.communicate()[1] for one in both]
    assert sorted(one.returncode for one in both) == [0, 2]
    assert any(b"another fossml builds here" in text for text in texts)
    assert times_run(repository) == 1
    assert run(repository)[0] == Summary(current=1)


def test_fossml_does_not_start_beside_a_dvc_and_is_right_after_it(repository: Path, dvc_path: Path) -> None:
    stages(repository, "a: {cmd: touch on; sleep 1; cp in o, deps: [in], outs: [o]}")
    env = {**os.environ, "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(repository / ".site")}
    other = subprocess.Popen([dvc_path, "repro"], cwd=repository, env=env, stdout=subprocess.DEVNULL)
    while not (repository / "on").exists():
        assert other.poll() is None
        time.sleep(0.02)
    with pytest.raises(FossmlError, match="dvc works here"):
        run(repository)
    assert other.wait() == 0
    assert run(repository)[0] == Summary(current=1, by_dvc=1)
