"""A control group for one run: what limits processes and memory whoever the run is, and counts what it was refused.

Version 1 and 2, below the group of this process where that can be written (root, or a delegated one), else a scope of
the user's systemd. Where there is neither, the caller has to do with limits of the process.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.executors.limits import Kind, Limits

_MOUNTS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_ENTER = (
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; n=$((n-1)); done; exec "$@"'
)
# Whoever is left is killed: bwrap that loses its parent while it starts does not notice.
_TIDY = """read -r _
n=0
while [ "$n" -lt 600 ]; do
  for g; do while read -r pid; do kill -9 "$pid"; done <"$g/cgroup.procs"; rmdir "$g"; done
  for g; do [ -d "$g" ] && break; done
  [ -d "$g" ] || exit 0
  sleep 0.05
  n=$((n+1))
done"""


@dataclass(frozen=True, slots=True)
class Group:
    """A group that was made. `prefix` are the words that put a command into it; `folders` are its files.

    None of the folders: systemd makes and removes it, and `unit` is its name.
    """

    prefix: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    unit: str = ""

    def refused(self, pid: int) -> Kind | None:
        """What the group was refused so far: memory or processes. `pid` is a process in it."""
        folders = self.folders or _of_process(pid) if self.unit or self.folders else ()
        if any(_count(folder / name, "oom_kill") for folder in folders for name in _OOM):
            return "memory"
        if any(_count(folder / "pids.events", "max") for folder in folders):
            return "processes"
        return None


_OOM = ("memory.events", "memory.oom_control")


class Tidy:
    """A process that removes groups when it is told to, or when this process has ended, however that came about."""

    def __init__(self, folders: Iterable[Path]) -> None:
        argv = ["/bin/sh", "-c", _TIDY, "sh", *map(str, folders)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=quiet,
            stderr=quiet,
            env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )

    def now(self) -> None:
        """Remove them, once all that ran in them is gone."""
        self._process.communicate()


def make(limits: Limits) -> Group | None:
    """A group of its own with `limits`; None where this process can make none."""
    name = f"fossml-{os.getpid()}-{secrets.token_hex(4)}"
    return _version_1(name, limits) or _version_2(name, limits) or _by_systemd(name, limits)


def paths(text: str) -> dict[str, str]:
    """/proc/PID/cgroup: controller -> path; "" is the controller of version 2."""
    rows = (line.split(":", 2) for line in text.splitlines())
    return {name: path for _, names, path in rows for name in names.split(",")}


def _version_1(name: str, limits: Limits) -> Group | None:
    swap = "memory.memsw.limit_in_bytes"
    memory = _child("memory", name, {"memory.limit_in_bytes": limits.memory}, {swap: limits.memory})
    processes = _child("pids", name, {"pids.max": limits.processes})
    made = tuple(folder for folder in (memory, processes) if folder)
    if len(made) == 2:
        return Group(_entering(made), made)
    _undo(made)
    return None


def _child(
    controller: str, name: str, settings: Mapping[str, int], more: Mapping[str, int] | None = None
) -> Path | None:
    own = paths(_text(_OWN)).get(controller)
    mount = _MOUNTS / controller
    if own is None or not mount.is_dir():
        return None
    parent = mount / own.lstrip("/")
    return _made((parent if parent.is_dir() else mount) / name, settings, more)


def _version_2(name: str, limits: Limits) -> Group | None:
    """A sibling of the own group: one that holds processes can have no children with limits."""
    own = paths(_text(_OWN)).get("")
    if own is None or not (_MOUNTS / "cgroup.controllers").exists():
        return None
    parent = (_MOUNTS / own.lstrip("/")).parent if own != "/" else _MOUNTS
    if not {"memory", "pids"} <= set(_text(parent / "cgroup.subtree_control").split()):
        return None
    settings = {"memory.max": limits.memory, "pids.max": limits.processes}
    made = _made(parent / name, settings, {"memory.swap.max": 0, "memory.oom.group": 1})
    if made is None:
        return None
    group = Group(_entering([made]), (made,))
    if subprocess.run([*group.prefix, "true"], capture_output=True, check=False).returncode:
        _undo([made])
        return None
    return group


def _by_systemd(name: str, limits: Limits) -> Group | None:
    if not _has_user_manager():
        return None
    properties = (f"MemoryMax={limits.memory}", "MemorySwapMax=0", f"TasksMax={limits.processes}")
    given = [word for one in properties for word in ("-p", one)]
    scope = ("systemd-run", "--user", "--scope", "--quiet", "--collect", f"--unit={name}", *given, "--")
    return Group(scope, unit=name)


@functools.cache
def _has_user_manager() -> bool:
    if not shutil.which("systemd-run"):
        return False
    words = ["systemd-run", "--user", "--scope", "--quiet", "--collect", "-p", "TasksMax=100", "--", "true"]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        quiet = subprocess.DEVNULL
        return subprocess.run(words, stdin=quiet, capture_output=True, check=False, timeout=10).returncode == 0
    return False


def _entering(folders: Iterable[Path]) -> tuple[str, ...]:
    names = tuple(map(str, folders))
    return ("/bin/sh", "-c", _ENTER, "sh", str(len(names)), *names)


def _made(folder: Path, settings: Mapping[str, int], more: Mapping[str, int] | None) -> Path | None:
    """`folder` with `settings`, and with `more` as far as the kernel knows them; None where it may not be made."""
    try:
        folder.mkdir()
    except OSError:
        return None
    try:
        for name, value in settings.items():
            (folder / name).write_text(str(value))
    except OSError:
        _undo([folder])
        return None
    for name, value in (more or {}).items():
        with contextlib.suppress(OSError):
            (folder / name).write_text(str(value))
    return folder


def _undo(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _of_process(pid: int) -> tuple[Path, ...]:
    own = paths(_text(Path(f"/proc/{pid}/cgroup"))).get("")
    return (_MOUNTS / own.lstrip("/"),) if own else ()


def _count(file: Path, key: str) -> int:
    """The number behind `key` in one of the kernel's tables; 0 where there is none."""
    for line in _text(file).splitlines():
        name, _, number = line.partition(" ")
        if name == key and number.strip().isdigit():
            return int(number)
    return 0


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
