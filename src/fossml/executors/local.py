"""Run a shell command on this machine, in a process group of its own, so that all of it can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
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
        _end(self.pid, grace, self._popen.poll)
        return self._ended(self._popen.wait())

    def _ended(self, code: int) -> Exit:
        if self._exit is None:
            self._exit = Exit(code, time.monotonic() - self._started, self._cancelled)
        return self._exit


def end_left(group: int, variable: str, grace: float = 5.0) -> None:
    """End a process group whose starter was killed, if `variable` (NAME=value) in its environment shows that it is it.

    Without /proc nothing can be told, and nothing is ended.
    """
    if any(variable.encode() in _environ(process) for process in _members(group)):
        _end(group, grace, lambda: None)


def _environ(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _end(group: int, grace: float, reap: Callable[[], object]) -> None:
    """Ask the group to end, wait `grace` seconds, then kill what is left of it."""
    _signal(group, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while _alive(group, reap) and time.monotonic() < deadline:
        time.sleep(_TICK)
    _signal(group, signal.SIGKILL)


def _alive(group: int, reap: Callable[[], object]) -> bool:
    """Whether anything of the group still runs: a shell may die before its child."""
    reap()
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS refuses where nothing but zombies is left
        return False
    return bool(_members(group)) or not Path("/proc/self/stat").exists()


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _members(group: int) -> list[Path]:
    """The processes of the group that are more than zombies: in a container process 1 may never reap orphans."""
    return [stat.parent for stat in Path("/proc").glob("[0-9]*/stat") if _is_member(stat, group)]


def _is_member(stat: Path, group: int) -> bool:
    try:
        fields = stat.read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return int(fields[2]) == group and fields[0] not in (b"Z", b"X")


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
