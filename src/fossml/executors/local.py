"""Run a shell command on this machine, in a process group of its own, so that all of it can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError

_TICK = 0.02
"""Seconds between two looks at a group that was asked to end."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a command ended. `code` < 0: killed by that signal. `cancelled`: it was still running when told to stop."""

    code: int
    seconds: float
    cancelled: bool = False


class Process:
    """A started command. Every method may be called from any thread, any number of times."""

    def __init__(self, popen: subprocess.Popen[bytes], started: float) -> None:
        self._popen = popen
        self._started = started
        self._exit: Exit | None = None
        self._cancelled = False

    @property
    def pid(self) -> int:
        """The process id of the shell, which is the id of its process group too."""
        return self._popen.pid

    def poll(self) -> Exit | None:
        """How it ended, or None while it runs."""
        code = self._popen.poll()
        return None if code is None else self._ended(code)

    def wait(self, timeout: float | None = None) -> Exit | None:
        """Wait for the end, at most `timeout` seconds; None if it still runs then."""
        try:
            return self._ended(self._popen.wait(timeout))
        except subprocess.TimeoutExpired:
            return None

    def cancel(self, grace: float = 5.0) -> Exit:
        """Ask the whole group to end, wait `grace` seconds, then kill what is left of it.

        A command that had ended already keeps its Exit.
        """
        exited = self.poll()
        if exited is not None:
            return exited
        self._cancelled = True
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self._alive() and time.monotonic() < deadline:
            time.sleep(_TICK)
        self._signal(signal.SIGKILL)
        return self._ended(self._popen.wait())

    def _ended(self, code: int) -> Exit:
        if self._exit is None:
            self._exit = Exit(code, time.monotonic() - self._started, self._cancelled)
        return self._exit

    def _alive(self) -> bool:
        """Whether anything of the group still runs: a shell may die before its child."""
        self._popen.poll()
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):  # macOS refuses where nothing but zombies is left
            return False
        return _running(self.pid)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _running(group: int) -> bool:
    """Whether a member of the group is more than a zombie: in a container process 1 may never reap orphans."""
    states = [state for stat in Path("/proc").glob("[0-9]*/stat") for state in _state(stat, group)]
    return any(state not in "ZX" for state in states) if Path("/proc/self/stat").exists() else True


def _state(stat: Path, group: int) -> list[str]:
    """The state letter of a process of this group; nothing for any other."""
    try:
        fields = stat.read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []
    return [fields[0].decode()] if int(fields[2]) == group else []


def start(
    command: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Path,
    stderr: Path | None = None,
    shell: str = "/bin/sh",
) -> Process:
    """Start `command` in `cwd` with exactly `env`; it reads from /dev/null, both streams go to `stdout` if no `stderr`.

    Raises FossmlError if the folder or the shell is not there.
    """
    with contextlib.ExitStack() as files:
        out = files.enter_context(stdout.open("wb"))
        err = files.enter_context(stderr.open("wb")) if stderr else subprocess.STDOUT
        started = time.monotonic()
        try:
            popen = subprocess.Popen(
                [shell, "-c", command],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            raise FossmlError(f"cannot start `{command}`: {error.strerror}: {error.filename}") from error
    return Process(popen, started)
