"""What bubblewrap is told so that a command finds itself in a Sandbox."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fossml.executors.limits import Limits
from fossml.executors.sandbox import HOME, HOST, SYSTEM, Sandbox
from fossml.executors.users import UID, may_become

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_SHARED_MEMORY = 2**30
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


def namespaces(*, network: bool, host: str = HOST) -> list[str]:
    """What is the sandbox's own. Root needs no user namespace: it takes another user's number outright."""
    words = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--hostname", host]
    words += [] if network else ["--unshare-net"]
    if may_become():
        needed = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
        words += ["--cap-drop", "ALL", *(word for name in needed for word in ("--cap-add", name))]
    else:
        words += ["--unshare-user", "--uid", str(UID), "--gid", str(UID)]
        words += ["--disable-userns"] if "--disable-userns" in _options() else []
    return [*words, "--die-with-parent"]


@functools.cache
def _options() -> str:
    return subprocess.run(["bwrap", "--help"], env={"PATH": PATH}, capture_output=True, text=True, check=False).stdout


def system() -> list[str]:
    """The programs and libraries of the machine, read-only."""
    words: list[str] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            words += ["--ro-bind", name, name]
    return words


def arguments(sandbox: Sandbox, made: Mapping[str, int]) -> list[str]:
    """Everything that bwrap is told, the command apart."""
    words = [*namespaces(network=sandbox.network, host=sandbox.host), *system(), "--proc", "/proc", "--dev", "/dev"]
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


def etc(sandbox: Sandbox) -> dict[str, str]:
    """The files of /etc that say who and where the command is, and nothing else of the machine."""
    uid = sandbox.uid if may_become() else UID
    user, host = sandbox.user, sandbox.host
    return {
        "passwd": f"root:x:0:0:root:/nonexistent:/bin/false\n{user}:x:{uid}:{uid}:{user}:{HOME}:/bin/sh\n",
        "group": f"root:x:0:\n{user}:x:{uid}:\n",
        "hosts": f"127.0.0.1 localhost {host}\n::1 localhost {host}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    }
