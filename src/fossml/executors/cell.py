"""A Sandbox made ready for one command; and whether this machine can make any."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import UNKNOWN, FossmlError
from fossml.executors import cgroup
from fossml.executors.bubblewrap import PATH, arguments, etc, namespaces, system
from fossml.executors.sandbox import Sandbox
from fossml.executors.seccomp import filtering
from fossml.executors.users import ANY, drop, may_become

_PATIENCE = 5.0
"""Seconds within which everything is gone once the first process of a sandbox is."""


def available() -> str | None:
    """None where this machine can run a sandbox, else why it cannot; asked once."""
    return _trial()


def require() -> None:
    """FossmlError where there is no sandbox."""
    if why := available():
        raise FossmlError(
            f"a stranger's code would run here, and this machine has no sandbox for it: {why}",
            hint="install bubblewrap (Debian, Ubuntu: apt install bubblewrap); "
            "--trust runs the code as you, with all that you can read and write",
            code=UNKNOWN,
        )


@functools.cache
def _trial() -> str | None:
    if not sys.platform.startswith("linux"):
        return "it is made of Linux namespaces"
    for tool in ("bwrap", "prlimit", *(["setpriv"] if may_become() else [])):
        if not shutil.which(tool, path=PATH):
            return f"there is no {tool}"
    words = [
        "bwrap",
        *namespaces(network=False),
        *system(),
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--",
        *drop(ANY),
        "true",
    ]
    try:
        done = subprocess.run(words, env={"PATH": PATH}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip() or f"bwrap ended with exit code {done.returncode}")


@contextlib.contextmanager
def opened(sandbox: Sandbox) -> Iterator[Cell]:
    """The sandbox made ready for one command: its group, and the files through which bwrap is told what to do.

    The files close at the end; the group is the Cell's own, to be closed when the command has ended.
    """
    require()
    group = cgroup.make(sandbox.limits)
    tidy = cgroup.Tidy(group.folders) if group and group.folders else None
    with contextlib.ExitStack() as files:
        try:
            reading, writing = os.pipe()
            files.callback(os.close, writing)
            yield Cell(sandbox, group, tidy, reading, writing, files)
        except BaseException:
            if tidy:
                tidy.now()
            raise


@dataclass(slots=True)
class Cell:
    """A sandbox for one command."""

    sandbox: Sandbox
    group: cgroup.Group | None
    tidy: cgroup.Tidy | None
    told: int
    telling: int
    files: contextlib.ExitStack

    def command(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[list[str], list[int]]:
        """What is to be started, in any environment, so that `argv` runs inside with `env`, and the descriptors."""
        made = {name: self._file(text) for name, text in etc(self.sandbox).items()}
        rules = filtering()
        refused = [] if rules is None else [self._file(rules)]
        words = [*arguments(self.sandbox, made), *(word for one in refused for word in ("--seccomp", str(one)))]
        words += ["--chdir", str(cwd), "--clearenv"]
        words += [word for name, value in env.items() for word in ("--setenv", name, value)]
        told = self._file("".join(f"{word}\0" for word in words))
        bwrap = ["bwrap", "--args", str(told), "--info-fd", str(self.telling), "--"]
        inside = [*_limited(self.sandbox, self.group), *drop(self.sandbox.uid), *argv]
        prefix = self.group.prefix if self.group else ()
        return [*prefix, *bwrap, *inside], [told, self.telling, *made.values(), *refused]

    def _file(self, content: str | bytes) -> int:
        number = os.memfd_create("fossml")
        self.files.callback(os.close, number)
        os.write(number, os.fsencode(content))
        os.lseek(number, 0, os.SEEK_SET)
        return number

    def emptied(self) -> None:
        """Once the command has ended: wait until nothing that it started runs."""
        with os.fdopen(self.told, "rb") as file:
            _await(_first(file.read()))

    def close(self) -> None:
        """Remove the group, and kill what would still be in it."""
        if self.tidy:
            self.tidy.now()


def _first(told: bytes) -> int | None:
    """The first process of the sandbox, as bwrap names it; None where it did not get so far."""
    try:
        return int(json.loads(told)["child-pid"])
    except (ValueError, KeyError, TypeError):
        return None


def _await(pid: int | None) -> None:
    """Wait for the end of the first process: when it is gone, so is every other one of its sandbox."""
    try:
        number = os.pidfd_open(pid) if pid else None
    except OSError:
        return
    if number is not None:
        with os.fdopen(number) as file:
            select.select([file], [], [], _PATIENCE)


def outer() -> dict[str, str]:
    """The environment in which bwrap itself is started: nothing that could come from a project."""
    kept = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    return {"PATH": PATH, **{name: os.environ[name] for name in kept if name in os.environ}}


def _limited(sandbox: Sandbox, group: cgroup.Group | None) -> list[str]:
    """Limits of the processes themselves, for what no group counts."""
    limits = sandbox.limits
    words = ["prlimit", f"--nproc={limits.processes}", f"--fsize={limits.disk}", "--core=0"]
    return [*words, *([] if group else [f"--data={limits.memory}"]), "--"]
