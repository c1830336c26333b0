"""An author at work: writes a small repository, builds it, commits; and what a case of a defect is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py, data.csv]
    params: [seed, rate]
    outs: [model.json]
    metrics:
    - metrics.json:
        cache: false
"""
PARAMS = "seed: 3\nrate: 0.1\n"
CONFIG = '[seed]\nparam = "params.yaml:seed"\n\n'
CLAIM = """\
[[claim]]
id = "accuracy"
statement = "The classifier is right in most cases."
metric = "metrics.json:accuracy"
value = ">= 0.7"
"""

TRAIN = """\
import csv
import json
import math
import random


def parameters():
    lines = open("params.yaml").read().split("\\n")
    return {name: float(value) for name, value in (line.split(": ") for line in lines if line)}


def rows(path):
    with open(path) as file:
        return [([float(row["a"]), float(row["b"])], int(row["label"])) for row in csv.DictReader(file)]


def split(found, rng):
    found = list(found)
    rng.shuffle(found)
    edge = len(found) * 7 // 10
    return found[:edge], found[edge:]


def fit(train, rng, rate):
    weights = [rng.gauss(0, 0.1) for _ in range(3)]
    for _ in range(30):
        rng.shuffle(train)
        for values, label in train:
            error = label - predict(weights, values)
            for place, value in enumerate([*values, 1.0]):
                weights[place] += rate * error * value
    return weights


def predict(weights, values):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(w * v for w, v in zip(weights, [*values, 1.0]))))))


def accuracy(weights, test):
    return sum((predict(weights, values) > 0.5) == (label == 1) for values, label in test) / len(test)


def main():
    given = parameters()
    rng = random.Random(int(given["seed"]))
    train, test = split(rows("data.csv"), rng)
    weights = fit(train, rng, given["rate"])
    json.dump({"weights": weights}, open("model.json", "w"))
    json.dump({"accuracy": accuracy(weights, test)}, open("metrics.json", "w"))


if __name__ == "__main__":
    main()
"""
"""A sound training: logistic regression in plain Python, the seed decides the split, the start and the order."""


def data(rows: int = 200) -> str:
    """A table of two overlapping classes of points: the same text each time."""
    import random

    rng = random.Random(11)
    lines = ["a,b,label"]
    for place in range(rows):
        label = place % 2
        lines.append(f"{rng.gauss(2.5 * label, 1):.3f},{rng.gauss(-1.5 * label, 1):.3f},{label}")
    return "\n".join(lines) + "\n"


SOUND: Mapping[str, str] = {
    "dvc.yaml": PIPELINE,
    "params.yaml": PARAMS,
    "fossml.toml": CONFIG + CLAIM,
    "train.py": TRAIN,
    "data.csv": data(),
    "README.md": "# A classifier\n\n`fossml build` trains it.\n",
    ".gitignore": "/model.json\n",
}


@dataclass
class Author:
    """Somebody with a repository at `root`; `home` is their home folder, `env` what they have set."""

    root: Path
    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, files: Mapping[str, str] = SOUND) -> None:
        """An empty repository with `files` in it."""
        self.root.mkdir(parents=True)
        self.home.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "An Author")
        self.git("config", "user.email", "author@example.org")
        self.write(files)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files; the text may be indented."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a part of a file that is surely there."""
        text = (self.root / name).read_text()
        assert old in text, f"{name} has no {old!r}"
        (self.root / name).write_text(text.replace(old, new))

    def build(self, **env: str) -> None:
        """`fossml build`, as the author would."""
        done = self._fossml("build", **env)
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, *command: str, **env: str) -> str:
        """Any other command in the repository; its output."""
        done = subprocess.run(
            command, cwd=self.root, env=self._environ(env), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def git(self, *args: str) -> None:
        """The real git."""
        self.run("git", *args)

    def commit(self, message: str = "work") -> None:
        """Everything that is not ignored."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def publish(self, **env: str) -> None:
        """Build and commit: what an author does at the end."""
        self.commit()
        self.build(**env)
        self.commit("results")

    def metric(self, name: str = "accuracy", file: str = "metrics.json") -> float:
        """A number that a run has left."""
        value = json.loads((self.root / file).read_text())[name]
        assert isinstance(value, int | float)
        return float(value)

    def _fossml(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fossml", *args]
        return subprocess.run(
            command, cwd=self.root, env=self._environ(env), capture_output=True, text=True, check=False
        )

    def _environ(self, env: Mapping[str, str]) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHASHSEED", "VIRTUAL_ENV")}
        return {**kept, "PATH": path, "HOME": str(self.home), **self.env, **env}


@dataclass(frozen=True)
class Case:
    """One defect: the repository that has it, its sound twin, and what it must be called by.

    `named` are patterns, each of which must match a line of what verify says against the claims: the code of a finding
    or a verdict, what is wrong, and where. `options` are given to verify in both cases.
    """

    name: str
    defect: Callable[[Author], None]
    sound: Callable[[Author], None]
    named: tuple[str, ...]
    options: tuple[str, ...] = ()
    missed: str = ""


def plain(author: Author) -> None:
    """The sound repository, built and committed."""
    author.start()
    author.publish()


def gone(path: Path) -> None:
    """Remove what only the author had."""
    shutil.rmtree(path, ignore_errors=True)
