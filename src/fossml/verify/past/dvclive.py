"""What DVCLive recorded: the tables of its plots, step by step, and its metrics."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from fossml.types import Evidence
from fossml.verify.past.model import Recorded, leaves, number, text_of


def recorded(root: Path) -> Iterator[Recorded]:
    """The runs of folders that hold `metrics.json` and `plots/metrics`, as DVCLive leaves them."""
    for folder in sorted({*root.glob("dvclive"), *root.glob("*/dvclive"), *root.glob("dvclive/*")}):
        if folder.is_symlink() or not (folder / "metrics.json").is_file():
            continue
        run = folder.relative_to(root).as_posix()
        yield from _metrics(root, folder, run)
        for path in sorted(folder.glob("plots/metrics/**/*.tsv")):
            yield from _steps(root, folder, path, run)


def _metrics(root: Path, folder: Path, run: str) -> Iterator[Recorded]:
    path = folder / "metrics.json"
    with contextlib.suppress(ValueError, RecursionError):
        for name, value in leaves(json.loads(text_of(path))):
            place = Evidence(path.relative_to(root).as_posix(), None, f"{name} = {value:.10g}")
            yield Recorded(name, value, "DVCLive", run, f"DVCLive in {run}", place)


def _steps(root: Path, folder: Path, path: Path, run: str) -> Iterator[Recorded]:
    rows = list(csv.DictReader(io.StringIO(text_of(path)), delimiter="\t"))
    name = path.relative_to(folder / "plots" / "metrics").with_suffix("").as_posix()
    for line, row in enumerate(rows[:-1], 2):
        if (value := number(row.get(path.stem))) is not None:
            place = Evidence(path.relative_to(root).as_posix(), line)
            yield Recorded(name, value, "DVCLive", run, f"DVCLive in {run}", place, last=False)
