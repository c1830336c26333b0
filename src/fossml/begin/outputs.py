"""What a run wrote, as DVC's outputs: models and data in the cache, small numbers as metrics in git."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from fossml.begin.files import Snapshot
from fossml.begin.metrics import metrics_in
from fossml.begin.paths import below, holder, parents
from fossml.types import Trace

Text = Callable[[str], str | None]
"""The text of a file, None where it has none."""


KEPT = frozenset({"dvc.yaml", "dvc.lock", "fossml.toml", "fossml.lock"})
MANY = 5
"""A folder with more files than this, all made by the run, is one output."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The lists of a stage, as dvc.yaml has them, and what to say about them."""

    outs: tuple[Any, ...] = ()
    metrics: tuple[Any, ...] = ()
    plots: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()


def written(trace: Trace, before: Snapshot, after: Snapshot) -> frozenset[str]:
    """The files that the run wrote, of those that differ now.

    A new time of the content or another size is enough: compiled code writes unseen. A copy may carry the time of its
    original; the trace tells it then. What was opened for writing and not written stays out.
    """
    return frozenset(
        path
        for path, stat in after.items()
        if stat != (old := before.get(path))
        and (path in trace.written or old is None or (stat[0], stat[2]) != (old[0], old[2]))
        and not _is_bookkeeping(path, after)
    )


def _is_bookkeeping(path: str, after: Snapshot) -> bool:
    empty_lock = path.endswith(".lock") and after[path][2] == 0
    return path in KEPT or empty_lock or re.search(r"(^|/)events\.out\.tfevents\.", path) is not None


def outputs(made: AbstractSet[str], after: Snapshot, tracked: AbstractSet[str], text: Text) -> Outputs:
    """Sort the files `made` into outs, metrics and plots. What git tracks stays in git: `cache: false`."""
    kinds = {path: _kind(path, text) for path in made}
    folders = _whole_folders({path for path in made if kinds[path] == "outs"} - tracked, after)
    plain = sorted(path for path in made if holder(path, folders) is None)
    outs = [path for path in plain if kinds[path] == "outs"]
    return Outputs(
        outs=tuple(_out(path, tracked) for path in sorted([*folders, *outs])),
        metrics=tuple({path: {"cache": False}} for path in plain if kinds[path] == "metrics"),
        plots=tuple({path: {"cache": False}} for path in plain if kinds[path] == "plots"),
        notes=tuple(
            f"{path} is tracked by git, so it is declared with `cache: false`; to move it into the cache: "
            f"`git rm --cached {path}`, then delete `cache: false`"
            for path in outs
            if path in tracked
        ),
    )


def _out(path: str, tracked: AbstractSet[str]) -> Any:
    return {path: {"cache": False}} if path in tracked else path


def _kind(path: str, text: Text) -> str:
    """A table goes to plots: `dvc metrics` reads no CSV."""
    if not path.endswith((".json", ".yaml", ".yml", ".csv")) or not metrics_in(path, text(path) or ""):
        return "outs"
    return "plots" if path.endswith(".csv") else "metrics"


def _whole_folders(made: AbstractSet[str], after: Snapshot) -> list[str]:
    """The highest folders of which all files, and more than MANY, were made by the run."""
    chosen: list[str] = []
    for folder in sorted({folder for path in made for folder in parents(path)}):
        if holder(folder, chosen) is None:
            inside = [path for path in after if below(path, folder)]
            if len(inside) > MANY and all(path in made for path in inside):
                chosen.append(folder)
    return chosen
