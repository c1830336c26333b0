"""Results of several runs in one table, in one JSON file, or in files whose names differ by a number alone."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fossml.project import git
from fossml.types import Evidence
from fossml.verify.past.model import Recorded, leaves, number, text_of

_RUN = re.compile(
    r"^(random_?)?(seed|run|trial|rep|repeat|repetition|replicate|restart)s?(_?(id|no|nr|number|index))?$", re.I
)
_NUMBERED = re.compile(r"(seed|run|trial|rep|repeat|repetition|replicate|restart)s?([_=-]?)(\d+)", re.I)
_MOST_FILES = 2000
_MOST_BYTES = 2**20


def recorded(root: Path) -> Iterator[Recorded]:
    """The runs that files of the repository list, one a row or one a file."""
    names = git.files(root) or [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.[cj]s*"))]
    numbered: dict[str, list[tuple[str, str]]] = {}
    for name in [one for one in names if one.lower().endswith((".csv", ".tsv", ".json"))][:_MOST_FILES]:
        path = root / name
        with contextlib.suppress(OSError, ValueError, RecursionError, csv.Error):
            if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
                continue
            if name.lower().endswith(".json"):
                yield from _json(path, name, numbered)
            else:
                yield from _rows(name, _table(text_of(path), name))
    for group, files in numbered.items():
        if len(files) > 1:
            yield from _files(root, group, files)


def _table(text: str, name: str) -> list[tuple[int, Mapping[str, Any]]]:
    delimiter = "\t" if name.lower().endswith(".tsv") else max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    return [(reader.line_num, {(key or "").strip(): value for key, value in row.items()}) for row in reader]


def _json(path: Path, name: str, numbered: dict[str, list[tuple[str, str]]]) -> Iterator[Recorded]:
    document = json.loads(text_of(path))
    if found := _NUMBERED.search(name):
        group = f"{name[: found.start(3)]}*{name[found.end(3) :]}"
        numbered.setdefault(group, []).append((name, found[3]))
    for listed in [document, *(document.values() if isinstance(document, dict) else ())]:
        if isinstance(listed, list) and len(listed) > 1 and all(isinstance(one, dict) for one in listed):
            yield from _rows(name, [(0, one) for one in listed])


def _rows(name: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[Recorded]:
    """The rows of a table that has a column for the run (its seed or number): other text tells methods apart."""
    columns = list(rows[0][1]) if rows else []
    run = next((column for column in columns if _RUN.match(str(column).strip())), None)
    if run is None or len(rows) < 2:
        return
    texts = [column for column in columns if column != run and any(_is_word(row.get(column)) for _, row in rows)]
    for line, row in rows:
        kind = ", ".join(f"{column} {row.get(column)}" for column in texts)
        for column in columns:
            if column != run and (value := number(row.get(column))) is not None:
                place = Evidence(name, line or None, f"{run} {row.get(run)}: {column} = {row.get(column)}")
                yield Recorded(
                    str(column),
                    value,
                    "a table",
                    f"{name}:{run} {row.get(run)}",
                    f"{name}{f' ({kind})' if kind else ''}",
                    place,
                    params={str(run): str(row.get(run))},
                )


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and number(value) is None


def _files(root: Path, group: str, files: Sequence[tuple[str, str]]) -> Iterator[Recorded]:
    for name, which in files:
        with contextlib.suppress(ValueError, RecursionError):
            for key, value in leaves(json.loads(text_of(root / name))):
                place = Evidence(name, None, f"{key} = {value:.10g}")
                yield Recorded(key, value, "a file", name, group, place, params={"run": which})
