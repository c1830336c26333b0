"""strace around a command: it sees what native code and programs in any language open, where the machine allows it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from fossml.trace.hook import ignored_folders, is_ignored
from fossml.trace.records import Record
from fossml.trace.syscalls import Call, calls
from fossml.trace.tree import Tree

OPTIONS = (
    "--follow-forks",
    "--output-separately",
    "--seccomp-bpf",
    "-qq",
    "--decode-fds=path",
    "--string-limit=4096",
    "--signal=none",
    "--absolute-timestamps=format:unix,precision:ns",
)
CALLS = (
    *("open", "openat", "openat2", "creat", "execve", "execveat", "chdir", "fchdir", "clone", "clone3", "fork"),
    *("vfork", "getdents", "getdents64", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
    *("truncate", "mkdir", "mkdirat", "stat", "lstat", "fstat", "newfstatat", "fstatat64", "statx", "access"),
    *("faccessat", "faccessat2"),
)
OLDEST = (5, 8)
"""The version of strace that has all of OPTIONS."""

NAME = "strace"


def wrapped(argv: Sequence[str], folder: Path) -> list[str]:
    """`argv` under strace, which writes what each thread did into `folder`; its exit code is that of `argv`."""
    traced = "trace=" + ",".join(f"?{name}" for name in CALLS)
    return ["strace", *OPTIONS, "-e", traced, "-o", str(folder.absolute() / NAME), "--", *argv]


def available() -> str:
    """ "" where strace can be used here, else why not, in words."""
    program = shutil.which("strace")
    if not sys.platform.startswith("linux"):
        return "strace is for Linux"
    if program is None:
        return "strace is not installed (Debian: apt install strace)"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\d+)\.(\d+)", told)
    if version and (int(version[1]), int(version[2])) < OLDEST:
        return f"strace {version[1]}.{version[2]} is too old: {OLDEST[0]}.{OLDEST[1]} is needed"
    done = subprocess.run([program, *OPTIONS[2:], "-f", "-e", "trace=none", "true"], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        return f"strace may not trace processes here: {reason.removeprefix('strace: ')}"
    return ""


def read_strace(folder: Path, root: Path) -> list[Record]:
    """The records of what strace wrote into `folder`, in the order of time; the repository is `root`."""
    files = sorted(folder.glob(f"{NAME}.*")) if folder.is_dir() else []
    tree = Tree(_version)
    every = sorted((pair for file in files for pair in _calls(file)), key=_time)
    records = [record for thread, call in every for record in tree.records(thread, call)]
    ignored = (*ignored_folders(str(folder.absolute()), str(root.absolute()), tree.prefixes), _own())
    return [record for record in records if not _is_ignored(record, ignored)]


def _is_ignored(record: Record, folders: tuple[str, ...]) -> bool:
    if record.kind == "P":
        return "/".join(record.fields).startswith(_own())
    return record.kind in "RWNSLM" and is_ignored(record.fields[record.kind == "M"], folders)


def _calls(file: Path) -> Iterator[tuple[str, Call]]:
    thread = file.suffix[1:]
    with file.open(encoding="latin-1", newline="\n") as lines:
        for call in calls(line.rstrip("\n") for line in lines):
            yield thread, call


def _time(pair: tuple[str, Call]) -> int:
    return pair[1].time


def _own() -> str:
    """The hook's folder: where both are used, strace sees it load."""
    return str(Path(__file__).resolve().parent) + "/"


@lru_cache(maxsize=64)
def _version(program: str) -> str:
    """The version of an interpreter that has just run here; "" where it is gone."""
    argv = [program, "-I", "-S", "-c", "import sys; print(sys.version.split()[0])"]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
