"""The moments at which a build writes, each a call to the system before which it can be killed."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.engine.kill.pipeline import FOSSML, environment

CALLS = (
    "write,pwrite64,rename,renameat,renameat2,fsync,fdatasync,syncfs,unlink,unlinkat,rmdir,link,linkat,symlink,"
    "symlinkat,mkdir,mkdirat,chmod,fchmod,fchmodat,ftruncate"
)
PHASES = {
    "run cache": r"\.dvc/cache/runs",
    "object store": r"\.dvc/cache",
    "ledger": r"\.fossml/ledger\.jsonl",
    "dvc.lock": r"/dvc\.lock|, \"schema: '2\.0'",
    "fossml.lock": r"/fossml\.lock|, \"\{\\n\\\"",
    "aside": r"\.fossml/aside",
    "attempts and checkpoints": r"\.fossml/attempts",
    ".gitignore": r"/\.gitignore",
    "stat cache": r"\.fossml/stat\.db",
    "other memory": r"\.fossml/",
    "outputs": r"\.fossml-tmp-|/(data\.txt|parts|one\.txt|two\.txt|score\.json|seen|sum\.txt|weights)\b",
}
"""Phase -> what is written to then; the first that fits."""
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")


@dataclass(frozen=True, slots=True)
class Point:
    """Just before the `number`th call (from 1) of `call` in the main thread; it is then writing to `phase`."""

    start: str
    call: str
    number: int
    phase: str


def phase_of(line: str, root: Path) -> str | None:
    """The phase of a line of strace; None for what is not written into the repository."""
    match = _LINE.match(line)
    if match is None or str(root) not in match[2]:
        return None
    return next((phase for phase, pattern in PHASES.items() if re.search(pattern, match[2])), None)


def points(root: Path, start: str, log: Path) -> list[Point]:
    """All of them in an uninterrupted build of `root`."""
    assert traced(root, log) == 0
    return list(_points(log.read_text(errors="replace"), root, start))


def _points(text: str, root: Path, start: str) -> Iterator[Point]:
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        if match := _LINE.match(line):
            counts[match[1]] += 1
            if (phase := phase_of(line, root)) is not None:
                yield Point(start, match[1], counts[match[1]], phase)


def traced(root: Path, log: Path, *options: str) -> int:
    """Build under strace, which sees the main thread only: stages and threads that only read are left alone."""
    strace = ["strace", "-qq", "-y", "-s", "256", "-o", str(log), "-e", f"trace={CALLS}", *options]
    done = subprocess.run(
        [*strace, *FOSSML, "-j", "1"],
        cwd=root,
        env=environment(root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode


def killed(root: Path, point: Point, log: Path) -> str | None:
    """Build and be killed at `point`; the phase in which that was, None where the build came to its end before."""
    code = traced(root, log, f"--inject={point.call}:signal=KILL:when={point.number}")
    if code == 0:
        return None
    last = next(line for line in reversed(log.read_text(errors="replace").splitlines()) if _LINE.match(line))
    return phase_of(last, root) or "elsewhere"
