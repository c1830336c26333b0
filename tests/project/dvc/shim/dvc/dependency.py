"""How a stage's `params` are put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fossml.project.dvc.definitions import Resolved
from fossml.project.dvc.source import Source
from fossml.project.dvc.stages import params_of


def _merge_params(entries: list[Any]) -> dict[str, list[str]]:
    resolved = Resolved("", {"params": entries}, ".", ())
    found = params_of(Path(), Source("dvc.yaml", ""), resolved)
    return {each.path: list(each.keys or ()) for each in found}
