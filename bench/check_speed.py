"""How fast `fossml check` is: whole processes on a made tree, with its cache empty and full, beside ruff.

`python bench/check_speed.py [--files 10000] [--python 1000] [--bytes 1000000000] [--runs 5] [--adduce PROGRAM]`
prints medians. The tree is a git repository of Python modules, data and texts; ruff reads the Python only.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_MODULE = '''"""Part {number}."""

import os
import numpy as np
import pandas as pd
from torch import nn


class Net{number}(nn.Module):
    """A network."""

    def __init__(self, width: int = {number}, rate: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        self.rate = rate

    def forward(self, x):
        return self.layers(x) * self.rate


def load(folder: str):
    table = pd.read_csv(os.path.join(folder, "part{number}.csv"))
    for column in ("a", "b", "c"):
        table[column] = np.log1p(table[column]) if column in table else 0
    return table
'''


def main() -> None:
    """Make the tree, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--python", type=int, default=1_000)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--adduce", help="the program, where it is installed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder) / "tree", Path(folder) / "cache"
        make(root, args.files, args.python, args.bytes)
        env = {**os.environ, "FOSSML_CACHE_DIR": str(cache)}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        check = [sys.executable, "-m", "fossml", "check", str(root)]
        ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--exit-zero", str(root)]
        subprocess.run(check, env=env, capture_output=True, check=False)
        rows = {
            "fossml check, cache empty": median(check, env, args.runs, emptied=cache),
            "fossml check, cache full": median(check, env, args.runs),
            "ruff check, cache empty": median([*ruff, "--no-cache"], env, args.runs),
        }
        if args.adduce:
            rows["adduce"] = median([args.adduce, str(root)], env, args.runs)
        print(f"{args.files} files, {args.python} of them Python, {args.bytes / 1e9:g} GB; medians of {args.runs}\n")
        print("\n".join(f"{name:28} {seconds:6.2f} s" for name, seconds in rows.items()))


def make(root: Path, files: int, python: int, size: int) -> None:
    """A repository of so many files and bytes."""
    generator = random.Random(0)
    block = generator.randbytes(1_000_000)
    each = max(1, (size - python * 1000) // max(1, files - python))
    for number in range(files):
        kind = "src" if number < python else "data"
        path = root / kind / f"d{number % 97}" / (f"m{number}.py" if number < python else f"x{number}.{number % 3}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < python:
            path.write_text("\n".join(_MODULE.format(number=number + part) for part in range(3)))
        else:
            start = generator.randrange(len(block) - min(each, len(block) - 1))
            path.write_bytes((block[start : start + each] * (each // len(block) + 1))[:each])
    (root / "README.md").write_text("# A tree\n\n```\npython src/d0/m0.py\n```\n")
    (root / "requirements.txt").write_text("numpy==2.0\npandas==2.2\ntorch==2.4\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *command], cwd=root, check=True)
    past = time.time() - 100
    for path in root.rglob("*"):
        os.utime(path, (past, past))
    subprocess.run(["git", "update-index", "-q", "--refresh"], cwd=root, check=False)


def median(command: list[str], env: dict[str, str], runs: int, emptied: Path | None = None) -> float:
    """Seconds that the whole process takes."""
    taken = []
    for _ in range(runs):
        if emptied is not None:
            shutil.rmtree(emptied, ignore_errors=True)
        begun = time.perf_counter()
        subprocess.run(command, env=env, capture_output=True, check=False)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
