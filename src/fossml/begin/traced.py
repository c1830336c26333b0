"""Run a command once, in place and under the trace, and remember how the repository looked before and after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fossml.begin.files import Snapshot, snapshot
from fossml.trace import collect, traced_env
from fossml.types import Trace

SHOWN = 20
"""Lines of the log that are kept for a message."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What happened. `code` is as a shell gives it; `tail` the last lines that the command printed."""

    code: int
    trace: Trace
    before: Snapshot
    after: Snapshot
    tail: tuple[str, ...]


def run(cmd: str, root: Path, env: Mapping[str, str], show: Callable[[bytes], object]) -> Ran:
    """Run `cmd` with /bin/sh in `root`, in a process group of its own; `show` gets its output as it comes."""
    before = snapshot(root)
    with tempfile.TemporaryDirectory(prefix="fossml-trace-") as folder:
        variables = {"PYTHONUNBUFFERED": "1", **traced_env(env, Path(folder), root)}
        code, tail = _wait(_start(cmd, root, variables), show)
        trace = collect(Path(folder), root)
    return Ran(code, trace, before, snapshot(root), tail)


def _start(cmd: str, root: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", cmd],
        cwd=root,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], show: Callable[[bytes], object]) -> tuple[int, tuple[str, ...]]:
    tail: deque[bytes] = deque(maxlen=SHOWN)
    assert process.stdout is not None
    reader = threading.Thread(target=_copy, args=(process.stdout, show, tail), daemon=True)
    reader.start()
    try:
        code = process.wait()
    except KeyboardInterrupt:
        code = _interrupt(process)
    reader.join(timeout=2)  # not forever: what the command left running may hold the pipe
    lines = b"".join(tail).decode("utf-8", "replace").splitlines()
    return code if code >= 0 else 128 - code, tuple(lines[-SHOWN:])


def _copy(stream: IO[bytes], show: Callable[[bytes], object], tail: deque[bytes]) -> None:
    with stream:
        for line in stream:
            tail.append(line)
            show(line)


def _interrupt(process: subprocess.Popen[bytes]) -> int:
    """Pass Ctrl-C on to the whole group; end it when it does not end by itself."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=10)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return 128 + signal.SIGINT


def to_stderr(data: bytes) -> None:
    """Show output where it does not mix with what is reported."""
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()
