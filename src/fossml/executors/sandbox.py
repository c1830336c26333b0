"""A closed room for a stranger's command: bubblewrap, a user of its own, no network, nothing of the machine but tools.

What the command sees: the system's programs and libraries and the folders that are named, read-only; the room, a home
and a /tmp, which it may write; processes of its own. It runs as nobody that the machine knows (where this process is
root), or as the user mapped to another number, without capabilities, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pwd
import select
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import UNKNOWN, FossmlError
from fossml.executors import cgroup
from fossml.executors.limits import Limits
from fossml.executors.seccomp import filtering

USER, HOST, HOME = "reader", "room", "/home/reader"
_UID = 1000
"""The number that an ordinary user has inside."""
_OWN_UIDS = range(61184, 65520)
"""Numbers that systemd keeps for users that exist only as long as a service runs; outside, root takes one of them."""
_SHARED_MEMORY = 2**30
_PATIENCE = 5.0
"""Seconds within which everything is gone once the first process of a sandbox is."""

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_ETC = (
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "fonts",
    "ImageMagick*",
    "java*",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "magic",
    "mime.types",
    "OpenCL",
    "perl",
    "pki/ca-trust",
    "pki/tls/certs",
    "pki/tls/cert.pem",
    "protocols",
    "python3*",
    "R",
    "services",
    "ssl/certs",
    "ssl/cert.pem",
    "ssl/openssl.cnf",
    "texmf",
    "vulkan",
)
_GPU = ("/dev/nvidia*", "/dev/kfd", "/dev/dri")
_GPU_FILES = ("/sys", "/opt/rocm*", "/etc/nvidia*", "/run/nvidia-persistenced")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a command may reach. `room`, `home` and `tmp` are folders of this machine that it may write.

    The room is where it is outside, the home at HOME, `tmp` at /tmp. `readable` are further folders and files, at their
    places; `locked` those inside the room that are read-only, `writable` those inside the locked ones that are not.
    `user` and `host` are the names that it sees.
    """

    room: Path
    home: Path
    tmp: Path
    limits: Limits
    readable: tuple[Path, ...] = ()
    locked: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    network: bool = False
    gpus: bool = False
    user: str = USER
    host: str = HOST

    @property
    def uid(self) -> int:
        """The user outside: one that is nobody else's where this process is root."""
        return _own_uid(self.room) if _may_become() else os.getuid()

    @property
    def grows(self) -> tuple[Path, ...]:
        """The folders whose growth counts."""
        return (self.room, self.home, self.tmp)

    def sees(self, path: Path) -> bool:
        """Whether `path` (absolute, without links) is the same inside as outside."""
        roots = [*map(Path, SYSTEM), *self.readable, self.room]
        return any(path.is_relative_to(root) for root in roots)


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
    for tool in ("bwrap", "prlimit", *(["setpriv"] if _may_become() else [])):
        if not shutil.which(tool, path=_PATH):
            return f"there is no {tool}"
    words = [
        "bwrap",
        *_namespaces(network=False),
        *_system(),
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--",
        *_drop(65519),
        "true",
    ]
    try:
        done = subprocess.run(words, env={"PATH": _PATH}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip() or f"bwrap ended with exit code {done.returncode}")


_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@functools.cache
def _may_become() -> bool:
    """Whether this process may take other users' numbers: root, and not one that is mapped alone."""
    if os.geteuid() != 0:
        return False
    rows = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(int(first) <= _OWN_UIDS[0] and int(first) + int(count) > _OWN_UIDS[-1] for first, _, count in rows)


def _own_uid(room: Path) -> int:
    """The number for a room: the same each time, and no user's."""
    first = zlib.crc32(os.fsencode(room)) % len(_OWN_UIDS)
    for offset in range(len(_OWN_UIDS)):
        uid = _OWN_UIDS[(first + offset) % len(_OWN_UIDS)]
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise FossmlError("no user number is free for a sandbox", code=UNKNOWN)


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
        passwd = self._file(_passwd(self.sandbox))
        groups = self._file(_groups(self.sandbox))
        hosts = self._file(f"127.0.0.1 localhost {self.sandbox.host}\n::1 localhost {self.sandbox.host}\n")
        switch = self._file("passwd: files\ngroup: files\nhosts: files dns\n")
        made = {"passwd": passwd, "group": groups, "hosts": hosts, "nsswitch.conf": switch}
        rules = filtering()
        refused = [] if rules is None else [self._file(rules)]
        words = [*_arguments(self.sandbox, made), *(word for one in refused for word in ("--seccomp", str(one)))]
        words += ["--chdir", str(cwd), "--clearenv"]
        words += [word for name, value in env.items() for word in ("--setenv", name, value)]
        told = self._file("".join(f"{word}\0" for word in words))
        bwrap = ["bwrap", "--args", str(told), "--info-fd", str(self.telling), "--"]
        inside = [*_limited(self.sandbox, self.group), *_drop(self.sandbox.uid), *argv]
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


def environment() -> dict[str, str]:
    """The variables that say who and where the command is, in place of the reader's."""
    return {"HOME": HOME, "USER": USER, "LOGNAME": USER, "TMPDIR": "/tmp", "SHELL": "/bin/sh"}


def outer() -> dict[str, str]:
    """The environment in which bwrap itself is started: nothing that could come from a project."""
    kept = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    return {"PATH": _PATH, **{name: os.environ[name] for name in kept if name in os.environ}}


def hand_over(sandbox: Sandbox) -> None:
    """Give what lies in the room, the home and /tmp to the user inside; what shares its bytes with others stays.

    Nothing where the user inside is the one that runs this.
    """
    if not _may_become():
        return
    kept = {str(path) for path in sandbox.locked}
    for top in sandbox.grows:
        _give(str(top), sandbox.uid, kept)
    for top in sandbox.writable:
        _give(str(top), sandbox.uid, set())


def _give(top: str, uid: int, kept: set[str]) -> None:
    os.chown(top, uid, uid, follow_symlinks=False)
    pending = [top]
    while pending:
        # What is too deep for a path is its user's already.
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.path in kept:
                    continue
                seen = entry.stat(follow_symlinks=False)
                folder = entry.is_dir(follow_symlinks=False)
                if seen.st_uid != uid and (folder or seen.st_nlink == 1):
                    os.chown(entry.path, uid, uid, follow_symlinks=False)
                if folder:
                    pending.append(entry.path)


def _namespaces(*, network: bool, host: str = HOST) -> list[str]:
    """What is the sandbox's own. Root needs no user namespace: it takes another user's number outright."""
    words = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--hostname", host]
    words += [] if network else ["--unshare-net"]
    if _may_become():
        needed = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
        words += ["--cap-drop", "ALL", *(word for name in needed for word in ("--cap-add", name))]
    else:
        words += ["--unshare-user", "--uid", str(_UID), "--gid", str(_UID)]
        words += ["--disable-userns"] if "--disable-userns" in _options() else []
    return [*words, "--die-with-parent"]


@functools.cache
def _options() -> str:
    return subprocess.run(["bwrap", "--help"], env={"PATH": _PATH}, capture_output=True, text=True, check=False).stdout


def _limited(sandbox: Sandbox, group: cgroup.Group | None) -> list[str]:
    """Limits of the processes themselves, for what no group counts."""
    limits = sandbox.limits
    words = ["prlimit", f"--nproc={limits.processes}", f"--fsize={limits.disk}", "--core=0"]
    return [*words, *([] if group else [f"--data={limits.memory}"]), "--"]


def _drop(uid: int) -> list[str]:
    """Become `uid` for good, where this process is root."""
    if not _may_become():
        return []
    who = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return ["setpriv", *who, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"]


def _system() -> list[str]:
    words: list[str] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            words += ["--ro-bind", name, name]
    return words


def _arguments(sandbox: Sandbox, made: Mapping[str, int]) -> list[str]:
    """Everything that bwrap is told, the command apart."""
    words = [*_namespaces(network=sandbox.network, host=sandbox.host), *_system(), "--proc", "/proc", "--dev", "/dev"]
    words += _shared_memory(sandbox.limits)
    binds = [*_files(), *_mounts(sandbox)]
    if sandbox.network and Path("/etc/resolv.conf").exists():
        binds.append(("--ro-bind", str(Path("/etc/resolv.conf").resolve()), "/etc/resolv.conf"))
    for how, source, target in sorted(binds, key=lambda one: (one[2].count("/"), one[2])):
        above = [str(parent) for parent in reversed(Path(target).parents)]
        # Made where they are missing, at this point: below /tmp there is nothing until that is mounted.
        words += [word for parent in above[1:] for word in ("--perms", "0755", "--dir", parent)]
        words += [how, source, target]
    for name, number in made.items():
        words += ["--perms", "0644", "--ro-bind-data", str(number), f"/etc/{name}"]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/"]


def _shared_memory(limits: Limits) -> list[str]:
    size = str(min(_SHARED_MEMORY, limits.memory))
    bounded = ["--size", size] if "--size" in _options() else []
    return ["--perms", "1777", *bounded, "--tmpfs", "/dev/shm"]


def _mounts(sandbox: Sandbox) -> Iterator[tuple[str, str, str]]:
    """(option, what, where) for all that is particular to this sandbox."""
    for path in sandbox.readable:
        if not path.is_relative_to("/usr") and path.exists():
            yield "--ro-bind", str(path), str(path)
    yield "--bind", str(sandbox.room), str(sandbox.room)
    yield "--bind", str(sandbox.home), HOME
    yield "--bind", str(sandbox.tmp), "/tmp"
    for path in sandbox.locked:
        yield "--ro-bind", str(path), str(path)
    for path in sandbox.writable:
        yield "--bind", str(path), str(path)
    if sandbox.gpus:
        for path in _globbed(_GPU):
            yield "--dev-bind", str(path), str(path)
        for path in _globbed(_GPU_FILES):
            yield "--ro-bind", str(path), str(path)


def _files() -> Iterator[tuple[str, str, str]]:
    """What programs look up of the machine: libraries, certificates, fonts, the shape of the processor."""
    for path in _globbed([*(f"/etc/{name}" for name in _ETC), "/sys/devices/system/cpu"]):
        yield "--ro-bind", str(path), str(path)


def _globbed(patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))


def _passwd(sandbox: Sandbox) -> str:
    uid = sandbox.uid if _may_become() else _UID
    return f"root:x:0:0:root:/nonexistent:/bin/false\n{sandbox.user}:x:{uid}:{uid}:{sandbox.user}:{HOME}:/bin/sh\n"


def _groups(sandbox: Sandbox) -> str:
    uid = sandbox.uid if _may_become() else _UID
    return f"root:x:0:\n{sandbox.user}:x:{uid}:\n"
