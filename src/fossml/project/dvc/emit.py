"""Writes a plain value as ruamel.yaml's round-trip dumper would, fast where that is simple to say.

What is not simple (strings that need thought, shared values, long keys) raises `Unsure`; `dump` then asks ruamel.yaml.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from fossml.project.dvc.blocks import Unsure

WIDTH = 80
_PLAIN = re.compile(r"(?:[A-Za-z_/]|\.\.?/)[\w/.=@+,~%^&*!$<>|(){}\[\];?'\"\\-]*+", re.ASCII)
_MORE = re.compile(r"[\w/.=@+,~%^&*!$<>|(){}\[\];?'\"\\-]++", re.ASCII)
_HEX = re.compile(r"(?!0b[01]*+$)(?=[0-9e]*+[a-df])[0-9a-f]{32}(?:\.dir)?")
_QUOTED_BUT_SIMPLE = frozenset({"2.0"})
_WORDS = frozenset(form for word in ("true", "false", "null") for form in (word, word.title(), word.upper()))
_LONGEST_KEY = 60


def dump(value: Mapping[str, Any]) -> str:
    """The text of `value`, exactly as ruamel.yaml writes it."""
    try:
        return fast(value)
    except Unsure:
        return slow(value)


def slow(value: Mapping[str, Any]) -> str:
    """As `dump`, by ruamel.yaml itself."""
    stream = StringIO()
    round_trip().dump(value, stream)
    return stream.getvalue()


def round_trip() -> Any:
    """The reader and writer of YAML that keeps comments, set up as DVC does."""
    from ruamel.yaml import YAML

    yaml = YAML(pure=True)
    yaml.default_flow_style = False
    return yaml


def load_to_edit(yaml: Any, text: str) -> Any:
    """What `yaml`, a `round_trip`, keeps of `text`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an anchor that is defined anew, which YAML allows
        return yaml.load(text)


def fast(value: Mapping[str, Any]) -> str:
    """As `dump`; Unsure where only ruamel.yaml knows."""
    _check_unshared(value, set())
    return "".join(_mapping(value, 0))


def _check_unshared(value: Any, seen: set[int]) -> None:
    """ruamel.yaml writes a list or mapping that is met twice as an anchor."""
    if not isinstance(value, dict | list | tuple | Mapping):
        return
    if id(value) in seen:
        raise Unsure
    seen.add(id(value))
    for item in value.values() if isinstance(value, Mapping) else value:
        _check_unshared(item, seen)


def _mapping(value: Mapping[Any, Any], indent: int) -> Iterator[str]:
    pad = " " * indent
    for key, item in value.items():
        name = _key(key)
        yield f"{pad}{name}:"
        yield from _after_key(item, indent, indent + len(name) + 2)


def _key(key: Any) -> str:
    if not isinstance(key, str) or len(key) > _LONGEST_KEY or " " in key:
        raise Unsure
    return _text(key, 0, 0)


def _after_key(item: Any, indent: int, column: int) -> Iterator[str]:
    if isinstance(item, Mapping) and item:
        yield "\n"
        yield from _mapping(item, indent + 2)
    elif isinstance(item, list) and item:
        yield "\n"
        yield from _sequence(item, indent)
    elif item is None:
        yield "\n"
    else:
        yield f" {_scalar(item, indent + 2, column)}\n"


def _sequence(items: list[Any], indent: int) -> Iterator[str]:
    pad = " " * indent
    for item in items:
        if isinstance(item, Mapping) and item:
            lines = list(_mapping(item, indent + 2))
            lines[0] = f"{pad}- {lines[0][indent + 2 :]}"
            yield from lines
        elif item is None or (isinstance(item, list | tuple) and item):
            raise Unsure
        else:
            yield f"{pad}- {_scalar(item, indent + 2, indent + 2)}\n"


def _scalar(item: Any, indent: int, column: int) -> str:
    if isinstance(item, str):
        return _text(item, indent, column)
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return _number(item)
    if isinstance(item, dict | list):
        return "{}" if isinstance(item, dict) else "[]"
    raise Unsure


def _number(item: float) -> str:
    text = repr(item)
    if isinstance(item, float) and not re.fullmatch(r"-?[0-9]+\.[0-9]+", text):
        raise Unsure
    return text


def _text(text: str, indent: int, column: int) -> str:
    if _HEX.fullmatch(text):
        return text
    if text in _QUOTED_BUT_SIMPLE:
        return f"'{text}'"
    first, *more = text.split(" ")
    if first in _WORDS and not more:
        raise Unsure
    if not _PLAIN.fullmatch(first) or not all(_MORE.fullmatch(word) for word in more):
        raise Unsure
    return _folded([first, *more], indent, column)


def _folded(words: list[str], indent: int, column: int) -> str:
    """Words on lines of about 80 columns. A line that is cut for its next word keeps the space before it."""
    parts: list[str] = []
    for index, word in enumerate(words):
        if index:
            cut = column >= WIDTH
            parts.append("\n" + " " * indent if cut else " ")
            column = indent if cut else column + 1
        if column + len(word) > WIDTH and column > indent:
            parts.append("\n" + " " * indent)
            column = indent
        parts.append(word)
        column += len(word)
    return "".join(parts)
