"""Files with numbers that a paper could print: found by name and by content, read without running anything."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

MOST_BYTES = 65_536
MOST_LEAVES = 200

_NAMED = re.compile(r"(metric|score|result|eval|report|summary|stat|accuracy|loss|perf|history|log)", re.IGNORECASE)
_LEADING = ("accuracy", "acc", "f1", "auc", "r2", "map", "bleu", "rmse", "mse", "mae", "loss")
_BESIDE = frozenset({"dummy", "baseline", "random", "chance", "majority", "naive", "train", "training"})
"""Words of numbers that stand beside the one that a paper is about."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number in a file: `key` dotted for JSON, `column[row]` for CSV."""

    path: str
    key: str
    value: float


def metrics_in(path: str, text: str, *, declared: bool = False) -> tuple[Metric, ...]:
    """The numbers of a metrics file, best known names first; none where the file is something else.

    `declared`: it is known to be one, whatever its name.
    """
    if len(text) > MOST_BYTES:
        return ()
    suffix = PurePosixPath(path).suffix.lower()
    is_named = declared or bool(_NAMED.search(path))
    if suffix == ".csv":
        found = list(_csv(text)) if is_named else []
    elif suffix == ".json":
        found = _leaves(_json(text), is_named)
    else:
        found = _leaves(_flat_yaml(text), is_named) if suffix in {".yaml", ".yml"} and is_named else []
    return tuple(sorted((Metric(path, key, value) for key, value in found), key=_fame))


def _fame(metric: Metric) -> tuple[bool, int, str]:
    words = re.split(r"[^a-z0-9]+", metric.key.lower())
    beside = not _BESIDE.isdisjoint(words)
    places = [place for place, word in enumerate(_LEADING) if word in words]
    return beside, min(places, default=len(_LEADING)), metric.key


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _flat_yaml(text: str) -> dict[str, float]:
    """The `name: number` lines of a YAML file without nesting: enough for metrics that a script wrote."""
    pairs = re.findall(r"^([\w.\-/@]+):\s+([-+]?\d[\d.eE+-]*)\s*$", text, re.MULTILINE)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {key: float(value) for key, value in pairs if _is_float(value)} if len(pairs) == len(lines) else {}


def _leaves(value: Any, is_named: bool) -> list[tuple[str, float]]:
    """The numbers below a mapping. A file without a telling name must hold nothing but names and numbers."""
    if not isinstance(value, Mapping):
        return []
    found = list(_numbers(value, ()))
    if not found or len(found) > MOST_LEAVES or (not is_named and _has_lists(value)):
        return []
    return found


def _numbers(value: Any, above: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, (*above, str(key)))
    elif isinstance(value, int | float) and not isinstance(value, bool) and above and math.isfinite(value):
        yield ".".join(above), float(value)


def _has_lists(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_lists(inner) for inner in value.values())
    return isinstance(value, list | str)


def _csv(text: str) -> Iterator[tuple[str, float]]:
    """The last row: the end of a training, or the only one."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error:
        return
    for column, cell in rows[-1].items() if rows else ():
        if column and isinstance(cell, str) and _is_float(cell):
            yield f"{column}[{len(rows) - 1}]", float(cell)


def _is_float(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
