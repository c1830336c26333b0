"""Tables of fossml.toml, and of a reader's own claims file: which keys they have and what those take, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fossml.errors import FossmlError, nearest
from fossml.project.settings import Key
from fossml.project.toml import Where


def known(data: Mapping[str, Any], tables: Iterable[str], where: Where) -> None:
    """Refuse a table that is none of `tables`."""
    for name in data:
        if name not in tables:
            raise FossmlError(f"unknown table [{name}]", where=where.at(name), hint=nearest(name, tables))


def is_table(value: object, name: str, where: Where) -> None:
    """Refuse what is no table; the parts of `name` are joined by NUL."""
    if not isinstance(value, dict):
        raise FossmlError(f"[{shown(name)}] must be a table, it is {value!r}", where=where.at(name))


def check(table: object, keys: Mapping[str, Key], name: str, where: Where, index: int = 0) -> None:
    """Refuse keys that the table `name` does not have, and values that they do not take."""
    is_table(table, name, where)
    assert isinstance(table, dict)
    for key, value in table.items():
        place = where.at(name, key, index)
        if key not in keys:
            raise FossmlError(f"unknown key {key!r} in [{shown(name)}]", where=place, hint=nearest(key, keys))
        if not keys[key].fits(value):
            raise FossmlError(f"[{shown(name)}] {key} must be {keys[key].words}, it is {value!r}", where=place)


def list_of_claims(data: Mapping[str, Any], where: Where) -> list[Any]:
    """The `[[claim]]` tables."""
    claims = data.get("claim", [])
    if not isinstance(claims, list):
        raise FossmlError("claims are written [[claim]], with two brackets", where=where.at("claim"))
    return claims


def shown(name: str) -> str:
    """The name of a table as it is written."""
    return name.replace("\0", ".")
