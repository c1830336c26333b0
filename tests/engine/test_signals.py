"""Ctrl-C in a terminal and SIGTERM: what runs ends, children too, and what was done stays done."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engine.kill.truth import processes
from tests.engine.test_build import run, stages

STUBBORN = """
a: {cmd: cp in o, deps: [in], outs: [o]}
b: {cmd: sh stubborn.sh, deps: [o, stubborn.sh], outs: [p]}
"""
SCRIPT = """
trap 'touch asked' TERM
(trap '' TERM; sleep 300) &
setsid sh -c "trap '' TERM; sleep 300" &
touch on
while true; do wait; sleep 1; done
"""


def in_terminal(root: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A build with a terminal of its own, and our end of it."""
    ours, theirs = pty.openpty()
    build = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
            "from fossml.cli import main; main(['build', '-j2'])",
        ],
        cwd=root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    return build, ours


def read_all(ours: int) -> bytes:
    """All that the terminal shows until nobody has it open any more."""
    data = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:
            return data
        if not more:
            return data
        data += more


def asked(root: Path) -> None:
    """Return when the stage has been asked to end."""
    while not (root / "asked").exists():
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-C twice", "SIGTERM"])
def test_an_interrupted_build_ends_all_it_started_and_keeps_what_was_done(repository: Path, how: str) -> None:
    stages(repository, STUBBORN)
    (repository / "stubborn.sh").write_text(SCRIPT)
    (repository / "p").write_text("old")
    build, ours = in_terminal(repository)
    while not (repository / "on").exists():
        assert build.poll() is None
        time.sleep(0.02)
    assert processes(repository)
    if how.startswith("Ctrl-C"):
        os.write(ours, b"\x03")
        if how == "Ctrl-C twice":
            asked(repository)
            os.write(ours, b"\x03")
    else:
        build.send_signal(signal.SIGTERM)
    shown = read_all(ours)
    assert build.wait() == 130
    assert processes(repository) == []
    assert b"interrupted" in shown and b"Traceback" not in shown
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l")  # the cursor is back
    assert (repository / "p").read_text() == "old"
    text = (repository / "dvc.yaml").read_text()
    (repository / "dvc.yaml").write_text(text[: text.index("  b:")])
    assert run(repository)[0].current == 1
