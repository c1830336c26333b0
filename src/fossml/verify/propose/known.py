"""The metrics that a repository makes, with their values in the last runs: what published numbers are matched to."""

from __future__ import annotations

from pathlib import Path

from fossml.begin import survey
from fossml.begin.files import text_of
from fossml.begin.metrics import metrics_in
from fossml.engine.metrics import numbers
from fossml.engine.records import read_runs
from fossml.project.declared import Project
from fossml.project.dvc import rooted
from fossml.verify.propose.match import Known


def metrics_of(project: Project) -> list[Known]:
    """What the stages make where there are stages, else the files with numbers that lie there.

    The values are those of the files that lie there; where one is missing, those that the newest Run recorded.
    """
    if not project.stages:
        return [Known(f"{one.path}:{one.key}", one.value) for one in survey(project.root).metrics]
    found: dict[str, float | None] = {}
    for run in read_runs(project.root):
        found.update(run.metrics)
    for stage in project.stages:
        found.update(numbers(project.root, stage))
        for out in stage.outs:
            path = rooted(stage, out.path)
            if path.endswith(".csv"):
                found.update(_cells(project.root, path))
    return [Known(name, value) for name, value in found.items()]


def _cells(root: Path, path: str) -> dict[str, float]:
    return {f"{one.path}:{one.key}": one.value for one in metrics_in(path, text_of(root, path) or "")}
