"""Metrics that a run logged with MLflow, read without it: from a SQLite database, or from a folder of files."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

DATABASE = "mlflow.db"
FOLDER = "mlruns"
_MOST_STEPS = 20_000_000
"""Steps of SQLite's machine after which a query is given up: a view may be made to take for ever."""
_MOST_BYTES = 64 * 2**20
_QUERY = """
SELECT m.key, m.value, m.is_nan, r.start_time FROM latest_metrics AS m JOIN runs AS r ON r.run_uuid = m.run_uuid
ORDER BY r.start_time LIMIT 100000
"""


def logged(database: Path, folder: Path, written: Collection[str] | None, prefix: str) -> dict[str, float]:
    """The last value of each metric, of the newest run that has it; NaN where that was logged.

    `database` is read if it is there, then the runs below `folder`; of those, where `written` says what a run wrote,
    the files in it alone (their paths begin with `prefix`). ValueError for a database that cannot be read.
    """
    found: dict[str, tuple[float, float]] = {}
    sources = [*(_from_database(database) if database.is_file() and not database.is_symlink() else ())]
    sources += _from_files(folder, written, prefix)
    for name, value, when in sources:
        if name not in found or when >= found[name][1]:
            found[name] = (value, when)
    return {name: value for name, (value, _) in found.items()}


def _from_database(path: Path) -> Iterator[tuple[str, float, float]]:
    try:
        connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.set_progress_handler(lambda: 1, _MOST_STEPS)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            for name, value, nan, when in connection.execute(_QUERY).fetchall():
                yield str(name), float("nan") if nan else float(value), float(when or 0)
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error


def _from_files(folder: Path, written: Collection[str] | None, prefix: str) -> Iterator[tuple[str, float, float]]:
    """`EXPERIMENT/RUN/metrics/NAME`: a line `timestamp value step` for each time that it was logged."""
    for path in sorted(folder.glob("*/*/metrics/**/*")):
        name = path.relative_to(folder).as_posix()
        if written is not None and prefix + name not in written:
            continue
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            continue
        run = folder.joinpath(*path.relative_to(folder).parts[:2])
        metric = path.relative_to(run / "metrics").as_posix()
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((parts for line in reversed(lines) if len(parts := line.split()) in (2, 3)), None)
        if last is not None:
            yield metric, _number(last[1]), _started(run)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _started(run: Path) -> float:
    """When a run began, by its meta.yaml; 0 where that does not say."""
    meta = run / "meta.yaml"
    if not meta.is_file() or meta.is_symlink():
        return 0.0
    found = re.search(
        r"(?m)^start_time:\s*(\d{1,18})\s*$", meta.read_text(encoding="utf-8", errors="replace")[:100_000]
    )
    return float(found[1]) if found else 0.0
