"""What the trace costs: training loops with and without it, in interleaved pairs, and a Python that only starts.

`python bench/trace_cost.py [--seconds 60] [--pairs 10] [--strace]`; `--seconds 3` is a quick look. A loop does a fixed
number of steps, as many as fill SECONDS without the trace. The cost is the ratio of the loops' seconds, its 95 %
interval by Student's t on the logarithms of the pairs' ratios; within a pair the order changes. Beside the wall-clock
stands the time on a core of the loop alone, which other work on the machine disturbs less (strace's own is not in it).
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import t

from fossml.trace import traced_env
from fossml.trace.strace import available, wrapped

FILES = 64
EPOCH = 20
"""Steps until the same files come again."""

SIZE = 8192

COMPUTE = """
import numpy as np
rng = np.random.default_rng(0)
x, y, w = rng.normal(size=(256, 512)), rng.normal(size=(256, 64)), np.zeros((512, 64))
def step(i):
    global w
    for _ in range(4):
        w -= 1e-4 * x.T @ (x @ w - y)
"""
LOAD = """
def batch(i):
    first = i % {epoch} * {files}
    return [open(f"data/{{n // 100:03}}/{{n:06}}.bin", "rb").read() for n in range(first, first + {files})]
"""
STEPS = {
    "compute": COMPUTE + "work = step\n",
    "load and compute": COMPUTE + LOAD + "def work(i):\n    batch(i); step(i)\n",
    "load alone": LOAD + "work = batch\n",
}
LOOP = """
import sys, time
{step}
def loop(steps):
    began, worked = time.perf_counter(), time.process_time()
    for i in range(steps):
        work(i)
    return time.perf_counter() - began, time.process_time() - worked
if sys.argv[1] == "count":
    loop(5)
    print(max(1, int(float(sys.argv[2]) / (loop(40)[0] / 40))))
else:
    print(*loop(int(sys.argv[2])))
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A repository with a script in it, run plainly, under the hook, or under strace."""

    root: Path

    def run(self, means: str, *args: str) -> str:
        """What the script prints; the records go to a folder that is removed."""
        with tempfile.TemporaryDirectory(prefix="fossml-records-") as name:
            folder = Path(name)
            argv = [sys.executable, "loop.py", *args]
            env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            if means == "hook":
                env = traced_env(env, folder, self.root)
            if means == "strace":
                argv = wrapped(argv, folder)
            return subprocess.run(argv, cwd=self.root, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout

    def loop(self, means: str, steps: int) -> tuple[float, float]:
        """Seconds that the loop takes, without the start of the process: on the wall, and of its own on a core."""
        wall, cpu = self.run(means, "run", str(steps)).split()
        return float(wall), float(cpu)

    def start(self, means: str) -> float:
        """Seconds that a process takes which does nothing."""
        began = time.perf_counter()
        self.run(means)
        return time.perf_counter() - began


def interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The geometric mean of `ratios` and its 95 % interval."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.mean(logs)
    half = t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def pairs(bench: Bench, means: str, steps: int, count: int) -> tuple[list[float], list[float]]:
    """The ratios of traced to plain of `count` pairs, on the wall and on a core."""
    wall, cpu = [], []
    for i in range(count):
        order = ("none", means) if i % 2 else (means, "none")
        seconds = {name: bench.loop(name, steps) for name in order}
        wall.append(seconds[means][0] / seconds["none"][0])
        cpu.append(seconds[means][1] / seconds["none"][1])
    return wall, cpu


def shown(ratios: Sequence[float]) -> str:
    """`ratios` as a cost in per cent with its interval."""
    mean, low, high = (100 * (value - 1) for value in interval(ratios))
    return f"{mean:+6.2f} % [{low:+.2f} to {high:+.2f}]"


def measure(bench: Bench, means: Sequence[str], seconds: float, count: int) -> None:
    """Print the cost for each kind of step."""
    for name, step in STEPS.items():
        code = step.format(files=FILES, epoch=EPOCH) if "load" in name else step
        (bench.root / "loop.py").write_text(LOOP.format(step=code))
        steps = int(bench.run("none", "count", str(seconds)))
        for mean in means:
            wall, cpu = pairs(bench, mean, steps, count)
            told = f"{steps} steps of {1000 * seconds / steps:.2f} ms, {count} pairs"
            print(f"{name:17} {mean:7} wall {shown(wall)}  core {shown(cpu)}  {told}", flush=True)


def starting(bench: Bench, means: Sequence[str], count: int) -> None:
    """Print what a process takes longer to start, as the median of the pairs' differences."""
    for name, code in (("start, nothing", ""), ("start, numpy", "import numpy\n")):
        (bench.root / "loop.py").write_text(code)
        bench.start("none")
        for mean in means:
            took = [(bench.start("none"), bench.start(mean)) for _ in range(count)]
            more = statistics.median(traced - plain for plain, traced in took)
            plain = statistics.median(plain for plain, _ in took)
            print(f"{name:17} {mean:7} {1000 * more:+6.1f} ms on {1000 * plain:.1f} ms, {count} pairs", flush=True)


def main() -> None:
    """Measure all and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--strace", action="store_true", help="measure strace as well")
    args = parser.parse_args()
    if args.strace and available():
        raise SystemExit(available())
    means = ("hook", "strace") if args.strace else ("hook",)
    root = Path(tempfile.mkdtemp(prefix="fossml-cost-"))
    try:
        for n in range(FILES * EPOCH):
            file = root / "data" / f"{n // 100:03}" / f"{n:06}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(os.urandom(SIZE))
        measure(Bench(root), means, args.seconds, args.pairs)
        starting(Bench(root), means, 2 * args.pairs)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
