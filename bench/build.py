"""`fossml build` beside `dvc repro` and `dvc status` on the same work, in one run: medians of whole processes, warm.

`python bench/build.py [--write]`; the real dvc is FOSSML_DVC or .tools/dvc/bin/dvc. --write puts bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fossml

REPOSITORY = Path(__file__).resolve().parent.parent
DVC = os.environ.get("FOSSML_DVC") or str(REPOSITORY / ".tools" / "dvc" / "bin" / "dvc")
FOSSML = str(Path(sys.prefix) / "bin" / "fossml")


@dataclass(frozen=True, slots=True)
class Work:
    """A repository to make and the commands to compare on it; `bar` is the ratio that is aimed at."""

    name: str
    make: Callable[[Path], None]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    bar: str
    times: int = 5
    afresh: bool = False


def chain(root: Path, stages: int) -> None:
    """Stages that copy a file, one after the other."""
    lines = ["stages:"]
    for i in range(stages):
        lines += [f"  s{i:03}:", f"    cmd: cp f{i:03} f{i + 1:03}", f"    deps: [f{i:03}]", f"    outs: [f{i + 1:03}]"]
    (root / "f000").write_text("x\n")
    (root / "dvc.yaml").write_text("\n".join(lines) + "\n")


def fan(root: Path, stages: int) -> None:
    """A foreach of independent stages."""
    (root / "in").write_text("x\n")
    items = ", ".join(f"i{i:04}" for i in range(stages))
    (root / "dvc.yaml").write_text(
        f"stages:\n  fan:\n    foreach: [{items}]\n    do:\n      cmd: cp in out-${{item}}\n      deps: [in]\n"
        "      outs: ['out-${item}']\n"
    )


def folder(root: Path, files: int) -> None:
    """A stage that depends on a folder of many small files."""
    for i in range(files):
        place = root / "data" / f"{i % 100:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:06}").write_text(f"{i}\n")
    (root / "dvc.yaml").write_text("stages:\n  count:\n    cmd: ls data > n\n    deps: [data]\n    outs: [n]\n")


WORK = (
    Work("nothing to do, 50 stages in a chain", lambda r: chain(r, 50), ("build",), ("repro",), "1/10"),
    Work("nothing to do, 300 foreach stages", lambda r: fan(r, 300), ("build",), ("repro",), "1/20", times=3),
    Work("nothing to do, a folder of 20,000 files", lambda r: folder(r, 20_000), ("build",), ("status",), "1/5"),
    Work("50 trivial stages from nothing", lambda r: chain(r, 50), ("build",), ("repro",), "1/3", 3, afresh=True),
)


def prepare(work: Work) -> Path:
    """A git repository with the work in it, everything done once."""
    root = Path(tempfile.mkdtemp(prefix="fossml-bench-"))
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    call(root, DVC, "init", "-q")
    work.make(root)
    if not work.afresh:
        call(root, FOSSML, "build")
        call(root, DVC, "repro")
        call(root, FOSSML, "build")
    return root


def call(root: Path, program: str, *args: str) -> float:
    """Seconds that one process takes."""
    env = {**os.environ, "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(root / ".dvc" / "site")}
    began = time.perf_counter()
    done = subprocess.run([program, *args], cwd=root, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{program} {' '.join(args)} failed in {root}:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


def undo(root: Path) -> None:
    """Take away what was made, so that the work is there again."""
    for path in (*root.glob("f*[1-9]"), *root.glob("f*[1-9]0"), root / "dvc.lock", root / ".gitignore"):
        path.unlink(missing_ok=True)
    for path in (root / ".dvc" / "cache", root / ".fossml"):
        shutil.rmtree(path, ignore_errors=True)


def measure(work: Work) -> tuple[float, float]:
    """Median seconds of ours and of theirs, taken in turns."""
    root = prepare(work)
    ours: list[float] = []
    theirs: list[float] = []
    try:
        for _ in range(work.times):
            for program, args, into in ((FOSSML, work.ours, ours), (DVC, work.theirs, theirs)):
                if work.afresh:
                    undo(root)
                into.append(call(root, program, *args))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return statistics.median(ours), statistics.median(theirs)


def main() -> None:
    """Measure all, print a table, write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    version = subprocess.run([DVC, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = [
        "# fossml build beside dvc",
        "",
        f"Whole processes, warm, medians, taken in turns; fossml {fossml.__version__}, dvc {version}, Python "
        f"{platform.python_version()}, {len(os.sched_getaffinity(0))} cores. `make bench` measures it again.",
        "",
        "| work | fossml, s | dvc, s | ratio | bar |",
        "|---|---|---|---|---|",
    ]
    for work in WORK:
        ours, theirs = measure(work)
        lines.append(f"| {work.name} | {ours:.2f} | {theirs:.2f} | 1/{theirs / ours:.1f} | {work.bar} |")
        print(lines[-1], flush=True)
    if args.write:
        (REPOSITORY / "bench" / "RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
