"""The tables of fossml.toml: which keys there are, what each takes; as checks, and as a JSON Schema for editors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PACKAGES = ("exact", "minor", "record")
TRACES = ("hook", "strace", "none")

_DURATION = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)\s*(?P<unit>s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)\s*(?P<unit>[KMGT]i?B)")
_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True, slots=True)
class Key:
    """What one key takes: in words, as a check of a TOML value, as JSON Schema."""

    words: str
    fits: Callable[[Any], bool]
    schema: Mapping[str, Any]


def seconds(text: str) -> float:
    """`90 s`, `10m`, `2h`, `1d` in seconds; ValueError for anything else."""
    if not (found := _DURATION.fullmatch(text.strip())):
        raise ValueError(text)
    return float(found["number"]) * _SECONDS[found["unit"]]


def size(text: str) -> int:
    """`512 MiB`, `8GB` in bytes; ValueError for anything else."""
    if not (found := _SIZE.fullmatch(text.strip())):
        raise ValueError(text)
    base = 1024 if "i" in found["unit"] else 1000
    return int(float(found["number"]) * base ** _UNITS[found["unit"][0]])


def _reads(parse: Callable[[str], object]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            parse(value)
        except (ValueError, AttributeError, TypeError, OverflowError):
            return False
        return True

    return fits


def _whole(least: int) -> Key:
    return Key(
        f"a whole number, at least {least}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least,
        {"type": "integer", "minimum": least},
    )


def _one_of(words: tuple[str, ...]) -> Key:
    return Key(f"one of {', '.join(words)}", lambda value: value in words, {"enum": list(words)})


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


_ANY = Key("anything", lambda _value: True, {})
_TEXT = Key("a string", lambda value: isinstance(value, str), {"type": "string"})
NAME = Key("a string", lambda value: isinstance(value, str) and bool(value), {"type": "string", "minLength": 1})
_BOOL = Key("true or false", lambda value: isinstance(value, bool), {"type": "boolean"})
TEXTS = Key("a list of strings", _is_texts, {"type": "array", "items": {"type": "string"}})
PARAM = Key(
    "file:key, such as params.yaml:seed",
    lambda value: isinstance(value, str) and re.fullmatch(r"[^:]+:[^:]+", value) is not None,
    {"type": "string", "pattern": "^[^:]+:[^:]+$"},
)
_SECONDS_KEY = Key('a time, such as "90s", "10m" or "2h"', _reads(seconds), {"type": "string"})
_SIZE_KEY = Key('a size, such as "512 MiB" or "8 GB"', _reads(size), {"type": "string"})
_GPUS = Key(
    "a whole number, or a list of device names",
    lambda value: _whole(0).fits(value) or _is_texts(value),
    {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "string"}}]},
)
_TOKENS = Key(
    "a table of names and whole numbers",
    lambda value: isinstance(value, dict) and all(_whole(0).fits(one) for one in value.values()),
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
)
CODE = re.compile(r"[A-Z]+[0-9]+")
"""What the code of a rule (`DEP002`) or an item (`D1`) looks like."""
LEVEL = _one_of(("hard", "soft"))
WAIVER: Mapping[str, Key] = {"code": NAME, "because": NAME, "paths": TEXTS}
_STALENESS: Mapping[str, Key] = {"packages": _one_of(PACKAGES), "trace": _one_of(TRACES)}

TABLES: Mapping[str, Mapping[str, Key]] = {
    "project": {"title": _TEXT, "authors": TEXTS, "license": _TEXT, "description": _TEXT},
    "environment": {"python": NAME},
    "seed": {"flag": NAME, "env": NAME, "param": PARAM, "value": _whole(0)},
    "staleness": _STALENESS,
    "probe": {"label": NAME},
    "resources": {"cpu": _whole(1), "gpu": _GPUS, "memory": _SIZE_KEY, "tokens": _TOKENS},
    "stage": {
        **_STALENESS,
        "cpu": _whole(0),
        "gpu": _whole(0),
        "memory": _SIZE_KEY,
        "tokens": _TOKENS,
        "env": TEXTS,
        "timeout": _SECONDS_KEY,
        "seed": _whole(0),
        "network": _BOOL,
    },
    "claim": dict.fromkeys(
        (
            "id",
            "statement",
            "where",
            "metric",
            "value",
            "reading",
            "n",
            "comparison",
            "margin",
            "spread",
            "spread_kind",
            "level",
            "reason",
            "better",
            "better_than",
            "by",
            "order",
            "table",
            "run",
        ),
        _ANY,  # what they may hold is said where claims are understood
    ),
}
"""The keys of each table. `[stage.NAME]` is a table for each stage, `[[claim]]` a list of tables."""


def schema() -> dict[str, Any]:
    """The JSON Schema of fossml.toml."""
    tables = schema_of(TABLES)
    tables["stage"] = {"type": "object", "additionalProperties": tables["stage"]}
    tables["requirements"] = _requirements()
    return document("fossml.toml", tables)


def _requirements() -> dict[str, Any]:
    """The JSON Schema of `[requirements]`, whose keys are codes beside `profile` and `waive`."""
    waiver = schema_of({"claim": WAIVER})["claim"]
    waiver["items"]["required"] = ["code", "because"]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"profile": {**NAME.schema, "description": "a profile by name, or its file"}, "waive": waiver},
        "patternProperties": {f"^{CODE.pattern}$": {**LEVEL.schema, "description": LEVEL.words}},
    }


def schema_of(tables: Mapping[str, Mapping[str, Key]]) -> dict[str, Any]:
    """The JSON Schema of each table; `[[claim]]` is a list of them."""
    found: dict[str, Any] = {
        name: {
            "type": "object",
            "additionalProperties": False,
            "properties": {key: {**one.schema, "description": one.words} for key, one in keys.items()},
        }
        for name, keys in tables.items()
    }
    found["claim"] = {"type": "array", "items": found["claim"]}
    return found


def document(title: str, tables: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a file that has these tables and no others."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": dict(tables),
    }
