"""What MLflow recorded: its folders of plain files (`mlruns`) and its SQLite file (`mlflow.db`)."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from fossml.types import Evidence
from fossml.verify.past.model import MOST_BYTES, Recorded, number, text_of

_COMMIT = "mlflow.source.git.commit"
_DIRTY = "mlflow.source.git.dirty"
_MOST_RUNS = 2000
_MOST_STEPS = 20_000_000
"""So many steps of SQLite's machine may queries of one file take."""


def from_files(root: Path) -> Iterator[Recorded]:
    """The runs of `mlruns/EXPERIMENT/RUN`, those that were deleted left out."""
    for folder in sorted([*root.glob("mlruns/*/*"), *root.glob("*/mlruns/*/*")])[:_MOST_RUNS]:
        meta = text_of(folder / "meta.yaml")
        if meta and not re.search(r"^lifecycle_stage: deleted", meta, re.M):
            yield from _run(root, folder)


def _run(root: Path, folder: Path) -> Iterator[Recorded]:
    params = dict(_named(folder / "params"))
    tags = dict(_named(folder / "tags"))
    for path in sorted((folder / "metrics").rglob("*")):
        steps = [line.split() for line in text_of(path).splitlines()]
        values = [value for words in steps if len(words) > 1 and (value := number(words[1])) is not None]
        for place, value in enumerate(values):
            yield Recorded(
                name=path.relative_to(folder / "metrics").as_posix(),
                value=value,
                by="MLflow",
                run=folder.name,
                group=f"MLflow experiment {folder.parent.name}",
                place=Evidence(path.relative_to(root).as_posix(), place + 1),
                last=place == len(values) - 1,
                commit=tags.get(_COMMIT),
                dirty=_dirty(tags.get(_DIRTY)),
                params=params,
            )


def _dirty(tag: str | None) -> bool | None:
    return None if tag is None else tag.strip().lower() == "true"


def _named(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            yield path.relative_to(folder).as_posix(), text_of(path).strip()


def from_database(root: Path) -> Iterator[Recorded]:
    """The runs of `mlflow.db` (or another SQLite file of MLflow's): opened to be read, never to be written."""
    for path in sorted([*root.glob("mlflow*.db"), *root.glob("*/mlflow*.db"), *root.glob("mlruns.db")]):
        if path.is_file() and not path.is_symlink():
            with contextlib.suppress(sqlite3.Error):
                yield from _database(root, path)


def _database(root: Path, path: Path) -> Iterator[Recorded]:
    shown = path.relative_to(root).as_posix()
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        base.execute("PRAGMA trusted_schema = OFF")
        base.set_progress_handler(lambda: 1, _MOST_STEPS)  # its tables may be views that never end
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        runs = base.execute(
            "SELECT run_uuid, experiment_id FROM runs WHERE lifecycle_stage != 'deleted' LIMIT ?", (_MOST_RUNS,)
        ).fetchall()
        for run, experiment in runs:
            params = dict(base.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run,)).fetchall())
            tags = dict(base.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run,)).fetchall())
            query = "SELECT key, value FROM metrics WHERE run_uuid = ? AND NOT is_nan ORDER BY key, step, timestamp"
            found = base.execute(query, (run,)).fetchall()
            for place, (name, value) in enumerate(found):
                if (exact := number(value)) is not None:
                    yield Recorded(
                        name=name,
                        value=exact,
                        by="MLflow",
                        run=run,
                        group=f"MLflow experiment {experiment} of {shown}",
                        place=Evidence(shown, None, f"run {run[:8]}: {name} = {exact:.10g}"),
                        last=place + 1 == len(found) or found[place + 1][0] != name,
                        commit=tags.get(_COMMIT),
                        dirty=_dirty(tags.get(_DIRTY)),
                        params=params,
                    )
