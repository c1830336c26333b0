"""The values that templates see: params.yaml beside dvc.yaml, then what `vars` add."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fossml.project.dvc.params import DEFAULT, load_params
from fossml.project.dvc.templates import Unresolved

RESERVED = ("item", "key")


@dataclass(slots=True)
class Context:
    """`imports` says which keys of which file are in `values`: None for all of them."""

    root: Path
    values: dict[str, Any] = field(default_factory=dict)
    imports: dict[str, list[str] | None] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()

    def with_vars(self, entries: list[Any], folder: str) -> Context:
        """A new Context with the entries of a `vars` list on top; files are relative to `folder`."""
        new = Context(self.root, deepcopy(self.values), deepcopy(self.imports), self.reserved)
        for entry in entries:
            new._add(entry, folder)
        return new

    def with_item(self, values: Mapping[str, Any]) -> Context:
        """A new Context with `item` and `key`, which no `vars` may redefine."""
        return Context(self.root, {**self.values, **values}, self.imports, tuple(values))

    def _add(self, entry: Any, folder: str) -> None:
        if isinstance(entry, str):
            self.load(entry, folder)
        else:
            self._merge_all(visible(entry))

    def load(self, entry: str, folder: str) -> None:
        """Add `file` or `file:key1,key2`."""
        name, _, wanted = entry.partition(":")
        path = posixpath.normpath(posixpath.join(folder, name))
        keys = [key for key in wanted.split(",") if key] if wanted else None
        if path in self.imports:
            if not keys and self.imports[path] is None:
                return
            self._check_loaded(path, entry, keys)
        self._merge_all(visible(_read(self.root, path, keys)))
        if path not in self.imports:
            self.imports[path] = keys
        elif keys:
            (self.imports[path] or []).extend(keys)

    def _check_loaded(self, path: str, entry: str, keys: list[str] | None) -> None:
        loaded = self.imports[path]
        if loaded is None or not keys or set(keys) & set(loaded):
            how = "whole" if loaded is None else "in part"
            raise Unresolved(f"cannot load {entry!r}: {path} is loaded {how} already", entry)

    def _merge_all(self, new: dict[str, Any]) -> None:
        if taken := [key for key in new if key in self.reserved]:
            raise Unresolved(f"{' and '.join(taken)} cannot be defined here: foreach and matrix do", taken[0])
        _merge(self.values, new)


def base(root: Path, folder: str) -> Context:
    """What every stage of the dvc.yaml in `folder` sees before its `vars`."""
    context = Context(root)
    if (root / folder / DEFAULT).exists():
        context.load(DEFAULT, folder)
    return context


def _read(root: Path, path: str, keys: list[str] | None) -> Mapping[Any, Any]:
    if not (root / path).exists():
        raise Unresolved(f"{path} does not exist", path)
    values = load_params(root, path)
    if not keys:
        return values
    if missing := [key for key in keys if key not in values]:
        raise Unresolved(f"could not find {missing[0]!r} in {path}", missing[0])
    return {key: values[key] for key in keys}


def _merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif key in into:
            raise Unresolved(f"{key!r} is defined already and cannot be redefined", key)
        else:
            into[key] = value


def visible(value: Any) -> Any:
    """A copy of `value` as templates see it: without the keys that are not strings.

    Raises Unresolved for values that have no place in a template, such as dates.
    """
    if isinstance(value, dict):
        return {key: visible(item) for key, item in value.items() if isinstance(key, str)}
    if isinstance(value, list):
        return [visible(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    raise Unresolved(f"a {type(value).__name__} ({value!r}) cannot be used in dvc.yaml", hint="put it in quotes")
