"""The one place where YAML is read: YAML 1.2, as DVC reads it, and where in a text a value stands."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from fossml.errors import FossmlError
from fossml.project.dvc.blocks import Unsure, parse
from fossml.project.dvc.limits import check_aliases, check_merges, check_value, not_in_format, too_deep

_HINTS = {
    r"'\t' that cannot start any token": "indent with spaces",
    "mapping values are not allowed here": "put the text in quotes",
}


def load(text: str, file: str) -> Any:
    """The value of the YAML document `text`; FossmlError with the line of `file` where it is not YAML 1.2."""
    try:
        return parse(text)
    except Unsure:
        return _load_all(text, file)


def _load_all(text: str, file: str) -> Any:
    check_merges(text, file)
    try:
        value = _ruamel("load", text)
    except RecursionError as error:
        raise too_deep(text, file) from error
    except Exception as error:  # ruamel.yaml raises far more than YAMLError on damaged text
        raise _syntax_error(error, text, file) from error
    check_value(value, text, file)
    check_aliases(value, text, file)
    return value


def _ruamel(method: str, text: str) -> Any:
    from ruamel.yaml import YAML

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an anchor that is defined anew, which YAML allows
        return getattr(YAML(typ="safe", pure=True), method)(text)


def _syntax_error(error: Exception, text: str, file: str) -> FossmlError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else None
    if line is None and isinstance(position := getattr(error, "position", None), int):
        line = text.count("\n", 0, position) + 1
    line = line or _line_of_value_error(text)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).split("\n")[0]
    hint = next((hint for part, hint in _HINTS.items() if part in problem), None)
    return not_in_format("YAML", problem, line, text, file, hint)


def _line_of_value_error(text: str) -> int | None:
    """The line of the scalar that cannot be what its form or its tag says, such as a 13th month."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor

    lines = []

    class Marking(SafeConstructor):
        def construct_object(self, node: Any, deep: bool = False) -> Any:
            try:
                return super().construct_object(node, deep)
            except Exception:
                lines.append(node.start_mark.line + 1)
                raise

    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Marking
    with suppress(Exception):
        yaml.load(text)
    return lines[0] if lines else None


def line_of(text: str, path: Sequence[object], containing: str | None = None) -> int | None:
    """The line (from 1) of the key or item that `path` leads to, or as far as it leads.

    With `containing`, the first scalar below it that holds that text. None where `text` cannot be read.
    """
    try:
        node = _ruamel("compose", text)
    except Exception:  # the text was read before; without a line the message still names the file
        return None
    line = 0 if node is None else node.start_mark.line
    for step in path:
        found = _step(node, step)
        if found is None:
            break
        line, node = found
    if containing is not None and (inner := _line_containing(node, containing)) is not None:
        line = inner
    return int(line) + 1


def _step(node: Any, step: object) -> tuple[int, Any] | None:
    kind = getattr(node, "id", None)
    if kind == "mapping":
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    if kind == "sequence" and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


def _line_containing(node: Any, text: str) -> int | None:
    kind = getattr(node, "id", None)
    if kind == "scalar":
        return int(node.start_mark.line) if text in node.value else None
    if kind is None:
        return None
    nodes = [part for pair in node.value for part in pair] if kind == "mapping" else node.value
    return next((line for part in nodes if (line := _line_containing(part, text)) is not None), None)
