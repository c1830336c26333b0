"""What a killed build was writing, which the next one removes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from fossml.project.dvc import rooted
from fossml.store import durable
from fossml.store.paths import TEMPORARY
from fossml.types import Stage


def tidy(root: Path, own: Path, stages: Iterable[Stage]) -> None:
    """Remove the temporaries beside locks and outputs, and in `own`: nobody else writes there while we build."""
    known = list(stages)
    places = {rooted(stage, out.path) for stage in known for out in stage.outs} | {stage.file for stage in known}
    for folder in {own, *((root / place).parent for place in places)}:
        for left in folder.glob(TEMPORARY + "*"):
            with contextlib.suppress(OSError):
                durable.remove(left)
