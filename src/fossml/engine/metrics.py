"""The numbers in a stage's metrics files, by file and dotted name: what a Run records of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fossml.errors import FossmlError
from fossml.project.dvc import read_params, rooted
from fossml.types import Stage

_MOST = 1000
_LARGEST = 2**20
_SUFFIXES = frozenset({".json", ".yaml", ".yml", ".toml"})


def numbers(root: Path, stage: Stage) -> dict[str, float]:
    """`metrics.json:test.accuracy` -> its value; files that are no tables of numbers are passed over."""
    found: dict[str, float] = {}
    for out in stage.outs:
        place = rooted(stage, out.path)
        if out.kind == "metric" and _is_table(root / place):
            for name, value in _flat(_read(root, place), ""):
                if len(found) < _MOST:
                    found[f"{place}:{name}"] = value
    return found


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and path.is_file() and path.stat().st_size <= _LARGEST


def _read(root: Path, place: str) -> Mapping[str, Any]:
    try:
        return read_params(root, place)
    except FossmlError:
        return {}


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{name}", float(value)
