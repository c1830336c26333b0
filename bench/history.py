"""Replay the history of DVC repositories: what had to run, and what fossml and dvc ran. See replay/report.py.

`python bench/history.py [--write] [--most N] [--jobs N] REPO...`: each REPO is a git directory, bare or not. The real
dvc is FOSSML_DVC or .tools/dvc/bin/dvc. --write puts bench/HISTORY.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fossml
from replay.history import History, replay
from replay.mirror import Mirror
from replay.report import page, row
from replay.tools import Tool, command

REPOSITORY = Path(__file__).resolve().parent.parent
DVC = Path(os.environ.get("FOSSML_DVC") or REPOSITORY / ".tools" / "dvc" / "bin" / "dvc")
PYTHON = Path(sys.prefix) / "bin"


def one(folder: Path, most: int | None, verbose: bool) -> History:
    """Replay one repository and print its counts."""
    tools = (
        Tool("fossml", command(str(PYTHON / "fossml"), "build")),
        Tool("dvc", command(str(DVC), "repro", "--all-pipelines")),
    )
    told = (lambda line: print(line, file=sys.stderr, flush=True)) if verbose else (lambda _line: None)
    history = replay(Mirror(folder), tools, dvc_python=DVC.parent / "python", python=PYTHON, most=most, told=told)
    print("  ".join(row(history)), flush=True)
    for tool, tally in history.tallies.items():
        for commit, error in tally.failures[:3] if verbose else ():
            print(f"  {tool} failed at {commit[:8]}: {error[-600:]}", file=sys.stderr, flush=True)
    for commit, error in history.unreadable[:3] if verbose else ():
        print(f"  dvc does not read {commit[:8]}: {error[:300]}", file=sys.stderr, flush=True)
    return history


def main() -> None:
    """Replay all, print the counts, write the page where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPO")
    parser.add_argument("--most", type=int, help="commits to build of each repository")
    parser.add_argument("--jobs", type=int, default=1, help="repositories at the same time")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    with ThreadPoolExecutor(args.jobs) as pool:
        histories = list(pool.map(lambda path: one(path, args.most, args.verbose), args.repositories))
    version = subprocess.run([DVC, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    limit = f", at most {args.most} built commits of each" if args.most else ""
    about = f"fossml {fossml.__version__} beside dvc {version}, Python {platform.python_version()}{limit}"
    if args.write:
        (REPOSITORY / "bench" / "HISTORY.md").write_text(page(histories, about), encoding="utf-8")


if __name__ == "__main__":
    main()
