"""DVC's files, both ways, with DVC's meaning: dvc.yaml, dvc.lock, .dvc files and parameters."""

from __future__ import annotations

from fossml.project.dvc.legacy import as_now
from fossml.project.dvc.lock import LockEntry, dump_lock, read_lock
from fossml.project.dvc.metrics import read_metrics
from fossml.project.dvc.params import lookup, read_params, require_param, select_params
from fossml.project.dvc.places import rooted
from fossml.project.dvc.runcache import dump_run, load_run, run_key, run_value
from fossml.project.dvc.stages import read_stages
from fossml.project.dvc.tracked import Named, read_named, read_tracked
from fossml.project.dvc.walk import files, ignored, left_out

__all__ = [
    "LockEntry",
    "Named",
    "as_now",
    "dump_lock",
    "dump_run",
    "files",
    "ignored",
    "left_out",
    "load_run",
    "lookup",
    "read_lock",
    "read_metrics",
    "read_named",
    "read_params",
    "read_stages",
    "read_tracked",
    "require_param",
    "rooted",
    "run_key",
    "run_value",
    "select_params",
]
