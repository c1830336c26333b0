"""A number that somebody recorded, and where it stands."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fossml.types import Evidence

MOST_BYTES = 16 * 2**20
"""Larger records are not read."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """`name` had `value` in the run `run`. Runs of one `group` (an experiment, a table) are of the same kind.

    `last`: it is what the run ended with, not a step on the way. `params` are what the run was given, as text, `commit`
    is where its code stood, `dirty` whether files differed from that (None: nobody says).
    """

    name: str
    value: float
    by: str
    run: str
    group: str
    place: Evidence
    last: bool = True
    commit: str | None = None
    dirty: bool | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def number(value: Any) -> float | None:
    """`value` as a finite number; None for anything else."""
    if isinstance(value, bool):
        return None
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        found = float(value)
        return found if math.isfinite(found) else None
    return None


def text_of(path: Path) -> str:
    """The text of a small plain file; "" for anything else."""
    with contextlib.suppress(OSError):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MOST_BYTES:
            return path.read_text(encoding="utf-8", errors="replace")
    return ""


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of nested mappings, by dotted names."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{prefix}.{name}" if prefix else str(name))
    elif (found := number(value)) is not None and not isinstance(value, str):
        yield prefix, found
