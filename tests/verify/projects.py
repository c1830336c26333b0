"""Small projects in git, and verification of them in copies."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fossml.engine.build import Options
from fossml.project.declared import read_project
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.project.flow import verify_project
from fossml.verify.project.verified import Verified
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import records_for
from fossml.verify.rebuild.targets import Target, read_targets
from fossml.verify.shows import Further
from fossml.views.sentence import Judged

# Each script leaves a line in COUNT, so that a test can tell how often it ran.
COUNTED = 'import json, os, random\nopen(os.environ["COUNT"], "a").write(__file__.rsplit("/")[-1] + "\\n")\n'
TRAIN = COUNTED + 'json.dump({"acc": float(open("data.txt").read())}, open("m.json", "w"))\n'
PIPELINE = """\
stages:
  prepare:
    cmd: cat raw.txt > data.txt
    deps: [raw.txt]
    outs: [data.txt]
  train:
    cmd: python3 train.py
    deps: [data.txt, train.py]
    metrics:
    - m.json:
        cache: false
"""
CLAIM = '[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nvalue = "0.75"\nreading = "exact"\n'
FILES = {"dvc.yaml": PIPELINE, "raw.txt": "0.75\n", "train.py": TRAIN, "fossml.toml": CLAIM}


@dataclass
class Paper:
    """A repository and the folder for records; `verify` is one call of the program."""

    root: Path
    cache: Path
    said: list[str] = field(default_factory=list)
    runs: list[Outcome] = field(default_factory=list)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def save(self, files: Mapping[str, str]) -> None:
        self.write(files)
        for args in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "more"]):
            subprocess.run(["git", *args], cwd=self.root, check=True)

    @property
    def count(self) -> list[str]:
        """The scripts that ran, one entry a run."""
        path = self.cache / "count"
        return path.read_text().split() if path.exists() else []

    def rebuilder(self, *ids: str, env: Mapping[str, str] | None = None) -> tuple[tuple[Target, ...], Rebuilder]:
        project = read_project(self.root)
        targets = read_targets(project, ids)
        self.cache.mkdir(exist_ok=True)
        options = Options(env={**os.environ, "COUNT": str(self.cache / "count"), **(env or {})})
        metrics = {target.metric.text: target.metric for target in targets}
        stages = sorted({target.stage for target in targets})
        records = records_for(project, self.cache, None)
        return targets, Rebuilder(project, list(metrics.values()), stages, options, records)

    def verify(
        self,
        *ids: str,
        runs: int = 3,
        env: Mapping[str, str] | None = None,
        further: Further = Further(controls=False),  # noqa: B008  # frozen
    ) -> Verified:
        targets, rebuilder = self.rebuilder(*ids, env=env)
        try:
            return verify_project(
                targets,
                rebuilder,
                Limits(runs),
                rng=random.Random(7),
                say=self.said.append,
                report=lambda _targets, one: self.runs.append(one),
                further=further,
            )
        finally:
            rebuilder.close()


def names(judged: Judged) -> list[str]:
    """The verdicts in a word each."""
    return [verdict.name for verdict in judged.verdicts]
