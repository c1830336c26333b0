"""Small projects that learn something from a table: nearest class means, with the standard library alone."""

from __future__ import annotations

import random
from collections.abc import Mapping

LOAD = """\
import csv, json, random, sys, os

def load(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [([float(r["a"]), float(r["b"])], r["label"]) for r in rows]

def means(rows):
    found = {}
    for x, label in rows:
        found.setdefault(label, []).append(x)
    return {label: [sum(c) / len(c) for c in zip(*xs)] for label, xs in sorted(found.items())}

def predict(model, x):
    return min(model, key=lambda label: sum((p - q) ** 2 for p, q in zip(x, model[label])))

def accuracy(model, rows):
    return sum(predict(model, x) == label for x, label in rows) / len(rows)
"""
TRAIN = LOAD + (
    'model = means(load("train.csv"))\n'
    'json.dump(model, open("model.json", "w"))\n'
    'json.dump({"acc": accuracy(model, load("test.csv"))}, open("metrics.json", "w"))\n'
)
PIPELINE = """\
stages:
  train:
    cmd: python3 train.py
    deps: [train.py, train.csv, test.csv]
    outs: [model.json]
    metrics:
    - metrics.json:
        cache: false
"""


def table(n: int, seed: int, far: float = 1.5) -> str:
    """`n` rows of two classes that overlap."""
    rng = random.Random(seed)
    lines = ["a,b,label"]
    for _ in range(n):
        label = rng.choice("xy")
        middle = far if label == "y" else 0.0
        lines.append(f"{rng.gauss(middle, 1):.4f},{rng.gauss(middle, 1):.4f},{label}")
    return "\n".join(lines) + "\n"


def claim(value: str = "0.85", metric: str = "metrics.json:acc", name: str = "acc", more: str = "") -> str:
    return f'[[claim]]\nid = "{name}"\nmetric = "{metric}"\nvalue = "{value}"\nreading = "exact"\n{more}\n'


def paper_files(**changes: str) -> Mapping[str, str]:
    """The sound project; `changes` by the name of the file, with `_` for the dot."""
    files = {
        "dvc.yaml": PIPELINE,
        "train.py": TRAIN,
        "train.csv": table(120, 1),
        "test.csv": table(80, 2),
        "fossml.toml": claim(),
    }
    return {**files, **{name.replace("__", "/").replace("_", "."): text for name, text in changes.items()}}
