"""Numbers that were recorded before: by trackers, in git, in tables of results; read, never run or unpickled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fossml.verify.past import dvclive, mlflow, tables, tensorboard, wandb
from fossml.verify.past.model import Recorded

__all__ = ["Recorded", "tracked"]

_READERS: tuple[Callable[[Path], Iterable[Recorded]], ...] = (
    mlflow.from_files,
    mlflow.from_database,
    wandb.recorded,
    dvclive.recorded,
    tensorboard.recorded,
    tables.recorded,
)


def tracked(root: Path) -> Iterator[Recorded]:
    """Everything that trackers and tables of results below `root` say; what cannot be read is passed over."""
    for read in _READERS:
        yield from read(root)
