"""The files that dvc.yaml names as metrics: of its stages, and in the section of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from fossml.project.dvc import yaml12
from fossml.project.dvc.context import Context
from fossml.project.dvc.definitions import resolve_section, shared
from fossml.project.dvc.places import is_url, leaves, rooted
from fossml.project.dvc.schema import PIPELINE
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import read
from fossml.project.dvc.stages import read_stages
from fossml.project.dvc.walk import files


def read_metrics(root: Path) -> tuple[str, ...]:
    """Every file or folder that a dvc.yaml below `root` names as metrics, relative to it, sorted; there or not.

    FossmlError as `read_stages` raises it.
    """
    pipelines, _ = files(root)
    of_stages = (
        rooted(one, out.path) for one in read_stages(root, pipelines) for out in one.outs if out.kind == "metric"
    )
    return tuple(sorted({*of_stages, *(path for file in pipelines for path in _section(root, file))}))


def _section(root: Path, file: str) -> Iterator[str]:
    source = read(root, file)
    data = yaml12.load(source.text, file) or {}
    conform(data, PIPELINE, source)
    context = shared(source, data.get("vars", []), Context(root))
    for path in resolve_section(source, "metrics", data.get("metrics"), context) or ():
        place = posixpath.normpath(posixpath.join(posixpath.dirname(file), str(path)))
        if not is_url(str(path)) and not leaves(place):
            yield place
