"""Run a shell command on this machine, in a process group of its own, so that all of it can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.executors.cell import Cell, opened, outer
from fossml.executors.limits import Breach
from fossml.executors.sandbox import Sandbox, hand_over
from fossml.executors.watch import TICK, Watch

GRACE = 5.0
"""Seconds that what was asked to end has for it."""
_TICK = 0.02
"""Seconds between two looks at a group that was asked to end."""
_KILLS = 50
"""So often what will not end is killed: what is killed may just have started another."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a command ended. `code` < 0: killed by that signal. `cancelled`: it was still running when told to stop.

    `breach` is the limit of its sandbox that it was stopped for, or would have gone over.
    """

    code: int
    seconds: float
    cancelled: bool = False
    breach: Breach | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """What looks after a command in a sandbox."""

    cell: Cell
    watch: Watch


class Process:
    """A started command. Every method may be called from any thread, any number of times."""

    def __init__(
        self, popen: subprocess.Popen[bytes], started: float, mark: str | None = None, guard: Guard | None = None
    ) -> None:
        self._popen = popen
        self._guard = guard
        self._breach: Breach | None = None
        self._ending = threading.Lock()
        self._family = _Family(popen.pid, mark, reap=popen.poll)
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
        """Wait for the end, at most `timeout` seconds; None if it still runs then.

        A command in a sandbox is looked at meanwhile, and stopped where it takes more than it may.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                return self._ended(self._popen.wait(_sooner(left, TICK if self._guard else None)))
            except subprocess.TimeoutExpired:
                if deadline is not None and time.monotonic() >= deadline:
                    return None
            if self._guard and (breach := self._guard.watch.look(self.pid)):
                self._breach = self._breach or breach
                return self.cancel(0.0)

    def ask(self) -> None:
        """Ask the group, and what left it and bears the mark, to end; once, and not where the command has ended."""
        if self.poll() is None and not self._cancelled:
            self._cancelled = True
            self._family.signal(signal.SIGTERM)

    def cancel(self, grace: float = GRACE) -> Exit:
        """`ask`, wait `grace` seconds, then kill what is left. A command that had ended already keeps its Exit."""
        self.ask()
        if self._cancelled:
            self._family.end(grace)
        return self._ended(self._popen.wait())

    def _ended(self, code: int) -> Exit:
        with self._ending:
            if self._exit is None:
                seconds = time.monotonic() - self._started
                if self._guard:
                    self._guard.cell.emptied()
                    late = self._guard.watch.afterwards(self.pid)
                    self._breach = self._breach or late
                    self._guard.cell.close()
                self._exit = Exit(code, seconds, self._cancelled, self._breach)
            return self._exit


def _sooner(left: float | None, tick: float | None) -> float | None:
    return tick if left is None else left if tick is None else min(left, tick)


def end_left(mark: str, grace: float = GRACE) -> None:
    """End the processes that bear `mark` (NAME=value in their environment) and whose starter was killed.

    Without /proc nothing can be told, and nothing is ended.
    """
    left = _Family(None, mark, reap=lambda: None)
    left.signal(signal.SIGTERM)
    left.end(grace)


def cancel_all(processes: Iterable[Process], grace: float = GRACE) -> None:
    """`cancel` them all in the time that one takes; on another interrupt meanwhile, without any more grace."""
    known = list(processes)
    for process in known:
        process.ask()
    deadline = time.monotonic() + grace
    for process in known:
        try:
            process.cancel(max(0.0, deadline - time.monotonic()))
        except KeyboardInterrupt:
            deadline = 0.0
            process.cancel(0.0)


@dataclass(frozen=True, slots=True)
class _Family:
    """A process group, and the processes that bear `mark` in whatever group. `reap` waits for a child that ended."""

    group: int | None
    mark: str | None
    reap: Callable[[], object]

    def end(self, grace: float) -> None:
        """Wait `grace` seconds for it to end, then kill what is left, and what that started meanwhile."""
        self._wait(grace)
        for _ in range(_KILLS):
            self.signal(signal.SIGKILL)
            if self._wait(_TICK):
                return

    def _wait(self, seconds: float) -> bool:
        """Whether all has ended within so many seconds."""
        deadline = time.monotonic() + seconds
        while alive := self._alive():
            if time.monotonic() >= deadline:
                break
            time.sleep(_TICK)
        return not alive

    def _alive(self) -> bool:
        """Whether anything of it still runs: a shell may die before its child."""
        self.reap()
        if Path("/proc/self/stat").exists():
            return bool(self.group and _members(self.group)) or bool(self._strays())
        return self.group is not None and _signalled(os.killpg, self.group, 0)

    def signal(self, number: int) -> None:
        """Send all of it a signal."""
        if self.group is not None:
            _signalled(os.killpg, self.group, number)
        for stray in self._strays():
            _signalled(os.kill, stray, number)

    def _strays(self) -> list[int]:
        """Those that bear the mark and are not in the group, this process apart."""
        if self.mark is None:
            return []
        wanted, own = self.mark.encode(), os.getpid()
        found = (stat.parent for stat in Path("/proc").glob("[0-9]*/stat") if _runs_outside(stat, self.group))
        return [pid for process in found if wanted in _environ(process) and (pid := int(process.name)) != own]


def _signalled(send: Callable[[int, int], None], target: int, number: int) -> bool:
    """Whether there was something to send a signal to."""
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):  # macOS refuses where nothing but zombies is left
        return False
    return True


def _environ(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _members(group: int) -> list[Path]:
    """The processes of the group that are more than zombies: in a container process 1 may never reap orphans."""
    return [stat.parent for stat in Path("/proc").glob("[0-9]*/stat") if _running_in(stat) == group]


def _runs_outside(stat: Path, group: int | None) -> bool:
    return (here := _running_in(stat)) is not None and here != group


def _running_in(stat: Path) -> int | None:
    """The group of a process; None for one that has ended."""
    try:
        fields = stat.read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[2])


def start(
    command: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Path,
    stderr: Path | None = None,
    shell: str = "/bin/sh",
    mark: str | None = None,
    sandbox: Sandbox | None = None,
) -> Process:
    """Start `command` in `cwd` with exactly `env`; it reads from /dev/null, both streams go to `stdout` if no `stderr`.

    `mark` (NAME=value) is a variable of `env` that no other command has: what leaves the group is known by it.
    With a `sandbox` it runs inside, and what lies in the sandbox's folders becomes its user's. Raises FossmlError if
    the folder or the shell is not there, or no sandbox can be made.
    """
    with contextlib.ExitStack() as files:
        out = files.enter_context(stdout.open("wb"))
        err = files.enter_context(stderr.open("wb")) if stderr else subprocess.STDOUT
        argv, around, guard = [shell, "-c", command], dict(env), None
        needed: list[int] = []
        if sandbox:
            hand_over(sandbox)
            cell = files.enter_context(opened(sandbox))
            argv, needed = cell.command(argv, env, cwd)
            around = outer() | ({} if mark is None else dict([mark.split("=", 1)]))
            logs = (stdout, stderr) if stderr else (stdout,)
            guard = Guard(cell, Watch(sandbox.limits, sandbox.grows, logs, cell.group))
        started = time.monotonic()
        try:
            popen = subprocess.Popen(
                argv,
                cwd=cwd,
                env=around,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=needed,
            )
        except OSError as error:
            raise FossmlError(f"cannot start `{command}`: {error.strerror}: {error.filename}") from error
    return Process(popen, started, mark, guard)
