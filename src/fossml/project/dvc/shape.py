"""Checks of what a loaded YAML value looks like, made of small parts; a `Mismatch` says where and what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fossml.project.dvc.source import Source, nearest

Path: TypeAlias = tuple[object, ...]
Check: TypeAlias = Callable[[Any, Path], None]


class Mismatch(Exception):  # noqa: N818  # turned into a FossmlError by `conform`
    """The value at `path` is not what was expected."""

    def __init__(self, message: str, path: Path, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.path, self.hint = message, path, hint


def conform(value: Any, check: Check, source: Source, path: Path = ()) -> None:
    """Raise FossmlError with file and line where `value`, which stands at `path` of `source`, fails `check`."""
    try:
        check(value, path)
    except Mismatch as error:
        raise source.error(error.message, error.path, hint=error.hint) from None


def show(value: object) -> str:
    """`value` in a few words, for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = ("true" if value else "false") if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _hint(value: object, expected: str) -> str | None:
    """What to do about the usual slips."""
    if isinstance(value, str) and re.match(r"\w+:\S", value) and "mapping" in expected:
        return "write a space after the colon"
    if isinstance(value, str) and value.lower() in ("yes", "no", "on", "off") and expected == "true or false":
        return f"in YAML 1.2 {value} is a string: write true or false"
    if isinstance(value, str) and expected == "a list":
        return f"write [{value}], or `- ` before it on a line of its own"
    if isinstance(value, int | float) and expected == "a string":
        return "put it in quotes"
    return None


def _named(path: Path) -> str:
    return f"{path[-1]!r}: " if path and isinstance(path[-1], str) else ""


def _of_type(kind: type, words: str) -> Check:
    def check(value: Any, path: Path) -> None:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Mismatch(f"{_named(path)}expected {words}, got {show(value)}", path, _hint(value, words))

    return check


text = _of_type(str, "a string")
flag = _of_type(bool, "true or false")
number = _of_type(int, "a whole number")
mapping = _of_type(dict, "a mapping")
sequence = _of_type(list, "a list")


def anything(value: Any, path: Path) -> None:
    """Every value will do."""


def nothing(value: Any, path: Path) -> None:
    """Only null."""
    if value is not None:
        raise Mismatch(f"{_named(path)}expected nothing, got {show(value)}", path)


def list_of(item: Check) -> Check:
    """A list, each item of which passes `item`."""

    def check(value: Any, path: Path) -> None:
        sequence(value, path)
        for index, each in enumerate(value):
            item(each, (*path, index))

    return check


def mapping_of(item: Check) -> Check:
    """A mapping from strings to what passes `item`."""

    def check(value: Any, path: Path) -> None:
        mapping(value, path)
        for key, each in value.items():
            if not isinstance(key, str):
                raise Mismatch(f"{_named(path)}the key {show(key)} is not a string", path, "put it in quotes")
            item(each, (*path, key))

    return check


def filled(check: Check) -> Check:
    """A value that is not empty and passes `check`."""

    def check_filled(value: Any, path: Path) -> None:
        if not value:
            raise Mismatch(f"{_named(path)}nothing stands here", path)
        check(value, path)

    return check_filled


def table(fields: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """A mapping with these keys only."""

    def check(value: Any, path: Path) -> None:
        mapping(value, path)
        for key, each in value.items():
            if key not in fields:
                raise Mismatch(f"unknown key {show(key)}", (*path, key), nearest(key, fields))
            fields[key](each, (*path, key))
        for key in required:
            if key not in value:
                raise Mismatch(f"{_named(path)}the key {key!r} is missing", path)

    return check


def by_type(words: str, checks: Mapping[type, Check], hint: str | None = None) -> Check:
    """The check that belongs to the type of the value; `hint` is for a value of another type."""

    def check(value: Any, path: Path) -> None:
        found = checks.get(type(value))
        if found is None:
            message = f"{_named(path)}expected {words}, got {show(value)}"
            raise Mismatch(message, path, hint or _hint(value, words))
        found(value, path)

    return check
