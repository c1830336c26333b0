"""The repository as its author declares it: stages, tracked data and configuration, in one value."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project.config import Config, read_config
from fossml.project.dvc import files, read_stages, read_tracked, require_param, rooted
from fossml.types import Artifact, Stage


@dataclass(frozen=True, slots=True)
class Project:
    """`root` is absolute. `tracked` is the data that `.dvc` files name."""

    root: Path
    stages: tuple[Stage, ...] = ()
    tracked: tuple[Artifact, ...] = ()
    config: Config = field(default_factory=Config)


def find_root(start: Path) -> Path:
    """The nearest folder from `start` upwards with .dvc, .git or fossml.toml, else with dvc.yaml, else `start`."""
    here = start.resolve()
    for marks in ((".dvc", ".git", "fossml.toml"), ("dvc.yaml",)):
        for folder in (here, *here.parents):
            if any(os.path.exists(folder / mark) for mark in marks):  # noqa: PTH110  # False where it may not be entered
                return folder
    return here


def read_project(root: Path, config: Config | None = None) -> Project:
    """Read what `root` declares, with `config` in place of its own if given.

    FossmlError with file and line for what is wrong.
    """
    if not root.is_dir():
        raise FossmlError("is not a folder", where=str(root))
    pipelines, tracked = files(root)
    project = Project(root, read_stages(root, pipelines), read_tracked(root, tracked), config or read_config(root))
    _check_seed(project)
    return project


def _check_seed(project: Project) -> None:
    """FossmlError where the parameter that `[seed]` names is nowhere, unless its file is still to come."""
    route = project.config.seed
    if route is not None and route.kind == "param":
        file, _, key = route.name.partition(":")
        to_come = {rooted(stage, out.path) for stage in project.stages for out in stage.outs}
        to_come |= {data.path for data in project.tracked}
        if (project.root / file).is_file() or posixpath.normpath(file) not in to_come:
            require_param(project.root, file, key, "[seed] param", route.where)
