"""Where a number comes out, and reading it from what a run left: a document, a table or a log."""

from __future__ import annotations

import csv
import io
import json
import math
import posixpath
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from fossml.errors import FossmlError
from fossml.verify.metrics.document import SUFFIXES, find, keys, load, nearest
from fossml.verify.metrics.mlflow import DATABASE, FOLDER, logged
from fossml.views.digits import printed

STREAMS = ("stdout", "stderr")
_TABLES = (".csv", ".tsv")
_DATABASES = (".db", ".sqlite", ".sqlite3")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:\s?%)?")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MOST_TEXT = 64 * 2**20
_LONGEST = 60.0
"""Seconds that looking for a pattern may take."""
_SEARCH = """
import json, re, sys
pattern, text = json.load(sys.stdin)
last = None
for last in re.finditer(pattern, text, re.MULTILINE):
    pass
behind = text[last.end():].partition("\\n")[0] if last else ""
print(json.dumps([last.groups(), last[0], behind] if last else None))
"""


@dataclass(frozen=True, slots=True)
class Metric:
    """`source` is a stream or a POSIX path inside the folder; `selector` a dotted key, `column[row]` or a pattern."""

    text: str
    source: str
    form: Literal["document", "table", "log", "mlflow"]
    selector: str

    @property
    def stream(self) -> bool:
        """Whether the number is printed rather than written."""
        return self.source in STREAMS

    @property
    def places(self) -> tuple[str, ...]:
        """The paths of which one has to be made for the number to be there."""
        if self.form != "mlflow":
            return (self.source,)
        return self.source, str(PurePosixPath(self.source).with_name(FOLDER))


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left: files below `folder`, which of them it has `written` (path -> digest; None: all count), prints.

    `before` names the files that lay in the folder before the run.
    """

    folder: Path
    written: Mapping[str, str] | None = None
    stdout: str = ""
    stderr: str = ""
    before: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of a metric in one run, by what its `*` stood for (else one, under its key), or what is `missing`."""

    values: Mapping[str, float] = field(default_factory=dict)
    missing: str = ""
    hint: str = ""
    note: str = ""


class _MissingError(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def parse_metric(text: str, where: str) -> Metric:
    """`metrics.json:test.acc`, `log.csv:val_acc[-1]`, `stdout:"acc: (\\S+)"`, `x.log:"acc: (\\S+)"`, `mlflow:acc`."""
    source, _, selector = text.strip().partition(":")
    source, selector = source.strip(), _unquoted(selector.strip())
    source = DATABASE if source == "mlflow" else source
    form = _form(source)
    if not source or (form != "log" and not selector) or (source in STREAMS and not selector):
        hint = 'for example metrics.json:test.accuracy, log.csv:val_acc or stdout:"acc: (\\S+)"'
        raise FossmlError(f"`{text}` does not say where the number is", where=where, hint=hint)
    if form == "log":
        _compiled(selector, where)
    return Metric(text, source if source in STREAMS else _inside(source, where), form, selector)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _form(source: str) -> Literal["document", "table", "log", "mlflow"]:
    suffix = PurePosixPath(source).suffix.lower()
    if suffix in _DATABASES:
        return "mlflow"
    return "document" if suffix in SUFFIXES else "table" if suffix in _TABLES else "log"


def _compiled(pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise FossmlError(f"`{pattern}` is no regular expression: {error}", where=where) from error


def _inside(path: str, where: str) -> str:
    plain = posixpath.normpath(path)
    if plain.startswith(("/", "../")) or plain == "..":
        hint = "runs take place in copies: name the file relative to the folder that is copied"
        raise FossmlError(f"the metrics file {path} lies outside the folder", where=where, hint=hint)
    return plain


def measure(metric: Metric, left: Left) -> Measured:
    """Read `metric` from what a run left; what is not there is said, with the names nearest to it."""
    try:
        if metric.stream:
            return _from_streams(metric, left)
        if metric.form == "mlflow":
            return Measured(_numbers(metric, _logged(metric, left)))
        text = _text(metric, left)
        return Measured(_numbers(metric, _select(metric, text)))
    except _MissingError as error:
        return Measured(missing=str(error), hint=error.hint)


def read_text(metric: Metric, text: str) -> Measured:
    """Read `metric` from the text that its file once had."""
    try:
        return Measured(_numbers(metric, _select(metric, text)))
    except _MissingError as error:
        return Measured(missing=str(error), hint=error.hint)


def _from_streams(metric: Metric, left: Left) -> Measured:
    """The stream that was asked for; the other one if it has nothing, and that is said."""
    asked, other = (left.stdout, left.stderr) if metric.source == "stdout" else (left.stderr, left.stdout)
    name = STREAMS[1 - STREAMS.index(metric.source)]
    for text, note in ((asked, ""), (other, f"`{metric.selector}` was found in {name}, not in {metric.source}")):
        found = _last_match(metric.selector, text)
        if found is not None:
            return Measured(_numbers(metric, {metric.selector: found}), note=note)
    raise _MissingError(
        f"nothing that was printed matches `{metric.selector}`", f"last line printed: {_last_line(asked) or '(none)'}"
    )


def _last_line(text: str) -> str:
    lines = _plain(text).split("\n")
    return next((line.strip()[:120] for line in reversed(lines) if line.strip()), "")


def _text(metric: Metric, left: Left) -> str:
    """The text of the metrics file, if this run has written it."""
    name = metric.source
    if left.written is not None and name not in left.written:
        raise _not_written(name, left)
    path = left.folder / name
    if not path.is_file() or path.is_symlink():
        if left.written is None:
            raise _MissingError(f"{name} is not there")
        raise _MissingError(
            f"{name} was written but is too large to be kept with the record", "measure again with --fresh"
        )
    if path.stat().st_size > _MOST_TEXT:
        raise _MissingError(f"{name} is larger than {_MOST_TEXT // 2**20} MB")
    return path.read_text(encoding="utf-8-sig", errors="replace")


def _logged(metric: Metric, left: Left) -> dict[str, Any]:
    """What was logged with MLflow, if this run has logged it."""
    database, folder = metric.places
    there = left.written is None or database in left.written
    place = left.folder / database if there else left.folder / f"{database}.none"
    try:
        found = logged(place, left.folder / folder, left.written, f"{folder}/")
    except ValueError as error:
        raise _MissingError(str(error)) from error
    if not found:
        raise _MissingError(f"nothing was logged with MLflow to {database} or {folder}/", "is it logged to a server?")
    if metric.selector not in found:
        near = nearest(metric.selector, sorted(found))
        raise _MissingError(f"MLflow has no metric `{metric.selector}`", f"it has {', '.join(near)}")
    return {metric.selector: found[metric.selector]}


def _not_written(name: str, left: Left) -> _MissingError:
    if name in left.before:
        return _MissingError(
            f"{name} lay there before and was not written by the run", "its number is not a result of this command"
        )
    near = nearest(name, sorted(left.written or {}))
    return _MissingError(
        f"{name} was not written by the run",
        f"it wrote {', '.join(near)}" if near else "it wrote no file at all: does it print the number? then stdout:...",
    )


def _select(metric: Metric, text: str) -> dict[str, Any]:
    if metric.form == "document":
        return _from_document(metric, text)
    if metric.form == "table":
        return _from_table(metric, text)
    found = _last_match(metric.selector, text) if metric.selector else text.strip()
    if found is None:
        raise _MissingError(f"nothing in {metric.source} matches `{metric.selector}`")
    return {metric.selector: found}


def _from_document(metric: Metric, text: str) -> dict[str, Any]:
    try:
        document = load(text, metric.source)
    except (ValueError, RecursionError) as error:
        raise _MissingError(f"{metric.source} cannot be read: {error}") from error
    found = find(document, metric.selector)
    if not found:
        near = nearest(metric.selector, keys(document))
        raise _MissingError(
            f"{metric.source} has no `{metric.selector}`", f"it has {', '.join(near)}" if near else "it has no keys"
        )
    return found


def _from_table(metric: Metric, text: str) -> dict[str, Any]:
    """The last row of a column, `column[row]` (position, or what stands in the first column) or `column[*]`."""
    header, rows = _table(text, metric.source)
    column, row = _column(metric.selector, header)
    if column not in header:
        raise _MissingError(f"{metric.source} has no column `{column}`", f"it has {', '.join(nearest(column, header))}")
    place = header.index(column)
    chosen = {name: cells for name, cells in _rows(rows, row) if len(cells) > place}
    if not chosen:
        raise _MissingError(f"{metric.source} has no row `{row}`" if row else f"{metric.source} has no rows")
    return {name: cells[place] for name, cells in chosen.items()}


def _table(text: str, name: str) -> tuple[list[str], list[list[str]]]:
    first = text.partition("\n")[0]
    delimiter = "\t" if name.lower().endswith(".tsv") else max(",;\t", key=first.count)
    lines = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    if not lines:
        raise _MissingError(f"{name} is empty")
    return lines[0], lines[1:]


def _column(selector: str, header: list[str]) -> tuple[str, str]:
    match = re.fullmatch(r"(.*)\[([^\]]+)\]", selector)
    return (selector, "") if match is None or selector in header else (match[1], match[2])


def _rows(rows: list[list[str]], row: str) -> list[tuple[str, list[str]]]:
    if row == "*":
        return [(cells[0], cells) for cells in rows]
    if not row:
        return [("", rows[-1])] if rows else []
    if re.fullmatch(r"-?\d+", row):
        place = int(row)
        return [("", rows[place])] if -len(rows) <= place < len(rows) else []
    return [("", cells) for cells in rows if cells[0] == row][-1:]


def _plain(text: str) -> str:
    """Without colours, and with every redrawn progress line as a line."""
    return _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def _last_match(pattern: str, text: str) -> str | None:
    """What the last match captured; without a group the first number in it or behind it on its line."""
    found = _searched(pattern, _plain(text))
    if found is None:
        return None
    groups, whole, behind = found
    if groups:
        return next((group for group in groups if group is not None), None)
    number = _NUMBER.search(whole) or _NUMBER.search(behind)
    return number[0] if number else whole


def _searched(pattern: str, text: str) -> tuple[list[str | None], str, str] | None:
    """The groups of the last match, all of it, and what stands behind it on its line.

    In a process of its own, that can be ended: a stranger's pattern may take for ever on a stranger's log.
    """
    call = [sys.executable, "-I", "-S", "-c", _SEARCH]
    try:
        done = subprocess.run(
            call, input=json.dumps([pattern, text]), capture_output=True, text=True, timeout=_LONGEST, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise _MissingError(f"`{pattern}` takes more than {_LONGEST:g} s on what was printed") from error
    except subprocess.CalledProcessError as error:
        raise _MissingError(f"`{pattern}` cannot be looked for in what was printed") from error
    found = json.loads(done.stdout)
    return None if found is None else (found[0], found[1], found[2])


def _numbers(metric: Metric, found: Mapping[str, Any]) -> dict[str, float]:
    return {name: _number(metric, name, value) for name, value in found.items()}


def _number(metric: Metric, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _no_number(metric, value)
    number = _as_number(value) if isinstance(value, str) else float(value)
    if number is None:
        raise _no_number(metric, value)
    if not math.isfinite(number):
        raise _MissingError(f"`{name or metric.selector}` of {metric.source} is {number}")
    return number


def _as_number(text: str) -> float | None:
    bare = text.strip().rstrip(".,;)]}'\"").lstrip("([{'\"")
    try:
        return printed(bare).value
    except ValueError:
        return float(bare) if bare.lower().lstrip("+-") in ("nan", "inf", "infinity") else None


def _no_number(metric: Metric, value: Any) -> _MissingError:
    if isinstance(value, Mapping):
        inner = [f"{metric.selector}.{key}" for key in keys(value)[:5]]
        return _MissingError(f"`{metric.selector}` of {metric.source} is no number", f"it holds {', '.join(inner)}")
    hint = f"for its last value: {metric.text}[-1]" if isinstance(value, list) else ""
    shown = "a list" if isinstance(value, list) else repr(value)[:60]
    return _MissingError(f"`{metric.selector}` of {metric.source} is {shown}, not a number", hint)
