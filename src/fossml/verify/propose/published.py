"""Results as forms that programs read: a model card's model-index, `.eval_results`, Croissant Tasks, CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fossml.verify.metrics.document import load
from fossml.verify.propose.grid import Cell, Printed, Table, squared

_MOST = 5000


def csv_table(text: str) -> Table:
    """A CSV file as one table, its first row the header."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    rows: list[list[Cell]] = []
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    try:
        for row in reader:
            rows.append([Cell(cell.strip(), reader.line_num) for cell in row])
            if len(rows) > _MOST:
                break
    except csv.Error:  # a field beyond all bounds, a NUL: what came before it stands
        pass
    return Table("table 1", "", squared([row for row in rows if row]))


def front_matter(text: str) -> tuple[str, int]:
    """The YAML in front of a Markdown text and the line it starts in; nothing where there is none."""
    match = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n(---|\.\.\.)[ \t]*(\r?\n|$)", text, re.DOTALL)
    return (match[1], 2) if match else ("", 1)


def model_index(text: str) -> Iterator[Printed]:
    """The `model-index` of a Hugging Face model card: one number for each metric of each result."""
    yaml, offset = front_matter(text)
    for model in _list(_mapping(_loaded(yaml, "card.yaml")).get("model-index")):
        name = _text(_mapping(model).get("name"))
        for result in _list(_mapping(model).get("results")):
            dataset = _mapping(_mapping(result).get("dataset"))
            where = _text(dataset.get("name")) or _text(dataset.get("type"))
            for metric in _list(_mapping(result).get("metrics")):
                one = _mapping(metric)
                shown = _text(one.get("name")) or _text(one.get("type"))
                yield from _one(f"{name} on {where}" if where else name, shown, one.get("value"), yaml, offset)


def eval_results(text: str) -> Iterator[Printed]:
    """A file of `.eval_results`: a list of values, each of a task of a dataset."""
    for entry in _list(_loaded(text, "results.yaml")):
        one = _mapping(entry)
        dataset = _mapping(one.get("dataset"))
        task = _text(dataset.get("task_id"))
        yield from _one(_text(dataset.get("id")), task or "value", one.get("value"), text, 1)


def croissant_tasks(text: str) -> Iterator[Printed]:
    """A Croissant task whose evaluation gives its metrics values, wherever that stands in the JSON."""
    document = _loaded(text, "task.json")
    subject = _text(_mapping(_mapping(document).get("task_definition")).get("name")) or _text(
        _mapping(document).get("name")
    )
    waiting, seen = [document], 0
    while waiting and seen < _MOST:
        node, seen = waiting.pop(), seen + 1
        if isinstance(node, Mapping):
            kind = str(node.get("@type", "")).lower()
            named = node.get("name") or node.get("metric") or node.get("@id")
            if "value" in node and named and ("metric" in kind or kind in ("", "propertyvalue", "cr:metric")):
                yield from _one(subject, _text(named), node["value"], text, 1)
            waiting += [value for value in reversed(list(node.values())) if isinstance(value, Mapping | list)]
        elif isinstance(node, list):
            waiting += reversed(node)


def _one(subject: str, metric: str, value: Any, text: str, offset: int) -> Iterator[Printed]:
    """The number with the line that it stands in: the first that has these digits."""
    shown = _text(value).strip()
    bare, percent = shown.rstrip("% "), shown.endswith("%")
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d+\.?\d*([eE][+-]?\d+)?", bare) or not metric:
        return
    zeros = "0*" if "." in bare and "e" not in bare.lower() else ""  # which YAML drops, and which are printed digits
    found = re.search(rf"(?<![\d.]){re.escape(bare)}{zeros}(?![\d])", text)
    line = text.count("\n", 0, found.start()) + offset if found else offset
    yield Printed(subject, metric, (found[0] if found else bare).removeprefix("+"), "", percent, line)


def _loaded(text: str, name: str) -> Any:
    try:
        return json.loads(text) if name.endswith(".json") else load(text, name)
    except (ValueError, RecursionError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value[:_MOST] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """A scalar as text; numbers as Python prints them, which is as YAML had them but for odd spellings."""
    return str(value)[:300] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
