"""The programs that are compared, and one process of them: its seconds and its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
TOOLS = REPOSITORY / ".tools"
PROGRAMS = {
    "fossml": str(Path(sys.prefix) / "bin" / "fossml"),
    "dvc": os.environ.get("FOSSML_DVC") or str(TOOLS / "dvc" / "bin" / "dvc"),
    "snakemake": os.environ.get("FOSSML_SNAKEMAKE") or str(TOOLS / "snakemake" / "bin" / "snakemake"),
    "command": "/bin/sh",
}
"""`command` is what the work does itself, without a build tool."""


@dataclass(frozen=True, slots=True)
class Spent:
    """`seconds` of wall-clock time; `peak` resident memory in MiB of the process or of a child it waited for."""

    seconds: float
    peak: float


NEVER = Spent(float("inf"), float("nan"))
"""It did not finish within the limit."""


def call(root: Path, program: str, args: Sequence[str], limit: float = 600) -> Spent:
    """Run one process of `program` in `root` to its end. SystemExit where it fails, NEVER past `limit` seconds."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [PROGRAMS[program], *args],
            cwd=root,
            env=environment(root),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        late = threading.Timer(limit, _kill, [process.pid])
        late.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if seconds >= limit and process.returncode:
            return NEVER
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{program} {' '.join(args)} failed in {root}:\n{said.read().decode(errors='replace')}")
    return Spent(seconds, usage.ru_maxrss / 1024)


def _kill(group: int) -> None:
    os.killpg(group, signal.SIGKILL)


def environment(root: Path) -> dict[str, str]:
    """The user's own, with everything that a program keeps for later below `root`'s parent."""
    home = root.parent / "home"
    return {
        **os.environ,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc"),
        "FOSSML_CACHE_DIR": str(home / "fossml"),
        "XDG_CACHE_HOME": str(home / "cache"),
    }


def version(program: str) -> str:
    """What `--version` says, the last word of it."""
    done = subprocess.run([PROGRAMS[program], "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]
