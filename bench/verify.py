"""What `fossml verify` costs beyond the trainings that it runs: `python bench/verify.py [--seconds 60] [--write]`.

A training of so many seconds (mostly idle, as one that waits for its GPU is) in a repository of its own, with a claim
that is settled at the first look, with the settings that a user gets: one rebuild, three runs with fresh seeds, and the
controls. The training is also run by itself, and so often as verify says that it ran it, that time is its price; what
verify took more is its own. CPU time tells it apart from what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TRAIN = """\
import json, os, random, sys, time

seconds, seed = float(sys.argv[1]), int(os.environ.get("SEED", 0))
end = time.monotonic() + seconds
draw = random.Random(seed)
weights = [draw.gauss(0, 1) for _ in range(10_000)]
while time.monotonic() < end:
    weights = [w * 0.999 + draw.gauss(0, 0.01) for w in weights]
    time.sleep(min(0.5, max(0.0, end - time.monotonic())))
json.dump(weights, open("model.json", "w"))
json.dump({"acc": draw.gauss(0.75, 0.01)}, open("metrics.json", "w"))
"""
PIPELINE = """\
stages:
  train:
    cmd: python3 train.py {seconds}
    deps: [train.py]
    outs: [model.json]
    metrics:
    - metrics.json: {{cache: false}}
"""
CLAIMS = """\
[seed]
env = "SEED"

[[claim]]
id = "acc"
metric = "metrics.json:acc"
value = "0.90"
reading = "mean"
"""
RESULTS = Path(__file__).with_name("VERIFY.md")


@dataclass(frozen=True)
class Measured:
    """Seconds: of one training by itself (median), of the whole verification, how many trainings that ran.

    `cpu` are the seconds that processors worked for the verification, its trainings apart.
    """

    alone: float
    whole: float
    trainings: int
    cpu: float

    @property
    def beyond(self) -> float:
        """Seconds that verify took beside its trainings."""
        return self.whole - self.trainings * self.alone

    @property
    def share(self) -> float:
        """Of the sum of the trainings."""
        return self.beyond / (self.trainings * self.alone)


def make(root: Path, seconds: float) -> None:
    """The repository, committed."""
    for name, text in (
        ("train.py", TRAIN),
        ("dvc.yaml", PIPELINE.format(seconds=seconds)),
        ("fossml.toml", CLAIMS),
        (".gitignore", "/model.json\n"),
    ):
        (root / name).write_text(text, encoding="utf-8")
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for args in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "A training"]):
        subprocess.run(["git", *args], cwd=root, check=True)


def measure(seconds: float, times: int) -> Measured:
    """The training `times` times by itself, then one verification from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "paper"
        root.mkdir()
        make(root, seconds)
        env = {**os.environ, "FOSSML_CACHE_DIR": str(Path(folder) / "cache")}
        alone, busy = [], []
        for _ in range(times):
            took, worked, _said = timed(["python3", "train.py", str(seconds)], root, env)
            alone.append(took)
            busy.append(worked)
        for made in ("model.json", "metrics.json"):
            (root / made).unlink()
        command = [sys.executable, "-m", "fossml", "verify", "-q", "--json", "--runs", "3"]
        whole, worked, answer = timed(command, root, env)
        said = json.loads(answer)
        assert [claim["verdict"] for claim in said["claims"]] == ["not reproduced"], answer
        trainings = len(said["runs"])
        return Measured(statistics.median(alone), whole, trainings, worked - trainings * statistics.median(busy))


def timed(command: list[str], root: Path, env: dict[str, str]) -> tuple[float, float, str]:
    """Seconds by the clock, seconds that processors worked for `command` and its children, what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=root, env=env, stdout=subprocess.PIPE, text=True, check=False)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def row(seconds: float, found: Measured) -> str:
    """One line of the table."""
    return (
        f"| {seconds:g} s | {found.alone:.2f} s | {found.trainings} | {found.whole:.1f} s | {found.beyond:.1f} s "
        f"| {100 * found.share:.1f} % | {found.beyond / found.trainings:.2f} s | {found.cpu / found.trainings:.2f} s |"
    )


HEAD = """\
# What verify costs beside its trainings

`python bench/verify.py --seconds S --write`: a training of S seconds, one claim, rebuilt once, measured with three
fresh seeds and under control, in sandboxes, under the trace. Two cores, shared with other work. CPU: what processors
worked for verify beside its trainings.

| training | by itself | trainings in verify | verify, whole | beyond the trainings | share | a run | CPU, a run |
|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Measure and print; 1 where verify costs a tenth of its trainings or more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--times", type=int, default=2, help="how often the training is run by itself")
    parser.add_argument("--write", action="store_true", help="into bench/VERIFY.md")
    given = parser.parse_args()
    found = measure(given.seconds, given.times)
    line = row(given.seconds, found)
    print(HEAD.splitlines()[-2], HEAD.splitlines()[-1], line, sep="\n")
    if given.write:
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
        kept = [one for one in before.splitlines() if not one.startswith(f"| {given.seconds:g} s |")]
        RESULTS.write_text("\n".join([*kept, line]) + "\n", encoding="utf-8")
    return 0 if found.share < 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
