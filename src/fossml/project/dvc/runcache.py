"""DVC's run cache: what one entry is called and what stands in it, as `dvc repro` writes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fossml.errors import FossmlError
from fossml.project.dvc import yaml12
from fossml.project.dvc.emit import dump
from fossml.project.dvc.lock import LockEntry, entry_of, fields_of
from fossml.project.dvc.schema import RUN
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import Source


def run_key(entry: LockEntry) -> str:
    """The folder of the runs with this command, these inputs, parameters and names of outputs."""
    fields = fields_of(entry)
    return _sha256({**fields, "outs": [out["path"] for out in fields.get("outs", [])]})


def run_value(entry: LockEntry) -> str:
    """The file in that folder for these outputs."""
    return _sha256(fields_of(entry))


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(_bare(value), sort_keys=True).encode("utf-8")).hexdigest()


def _bare(value: Any) -> Any:
    """`value` without sizes and counts of files, which DVC leaves out of the digest."""
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items() if key not in ("size", "nfiles")}
    return [_bare(item) for item in value] if isinstance(value, list | tuple) else value


def dump_run(entry: LockEntry) -> str:
    """The text of the entry."""
    return dump(fields_of(entry))


def load_run(text: str) -> LockEntry | None:
    """The entry that stands in `text`; None where it is damaged, which a cache may be."""
    try:
        data = yaml12.load(text, "run")
        conform(data, RUN, Source("run", ""))
    except FossmlError:
        return None
    return entry_of(data)
