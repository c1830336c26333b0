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
    """`imports` says which keys of which file are in `values`: None for all of them.

    `origins` says what set the value at a path of keys, and all below that has no origin of its own: a file, or `vars`.
    """

    root: Path
    values: dict[str, Any] = field(default_factory=dict)
    imports: dict[str, list[str] | None] = field(default_factory=dict)
    origins: dict[tuple[str, ...], str] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()

    def with_vars(self, entries: list[Any], folder: str, name: str = "vars") -> Context:
        """A new Context with the entries of the `vars` list `name` on top; files are relative to `folder`."""
        new = Context(self.root, deepcopy(self.values), deepcopy(self.imports), dict(self.origins), self.reserved)
        for index, entry in enumerate(entries):
            if isinstance(entry, str):
                new.load(entry, folder)
            else:
                new._merge(visible(entry), f"{name}[{index}]")
        return new

    def with_item(self, values: Mapping[str, Any]) -> Context:
        """A new Context with `item` and `key`, which no `vars` may redefine."""
        return Context(self.root, {**self.values, **values}, self.imports, self.origins, tuple(values))

    def load(self, entry: str, folder: str) -> None:
        """Add `file` or `file:key1,key2`."""
        name, _, wanted = entry.partition(":")
        path = posixpath.normpath(posixpath.join(folder, name))
        keys = [key for key in wanted.split(",") if key] if wanted else None
        if path in self.imports:
            if not keys and self.imports[path] is None:
                return
            self._check_loaded(path, entry, keys)
        self._merge(visible(_read(self.root, path, keys)), path)
        if path not in self.imports:
            self.imports[path] = keys
        elif keys:
            (self.imports[path] or []).extend(keys)

    def _check_loaded(self, path: str, entry: str, keys: list[str] | None) -> None:
        loaded = self.imports[path]
        if loaded is None or not keys or set(keys) & set(loaded):
            here, there = ("partially ", "") if loaded is None else ("", "partially ")
            raise Unresolved(f"cannot {here}load {entry!r} as {path!r} is {there}loaded already", entry)

    def _merge(self, new: dict[str, Any], origin: str) -> None:
        if taken := [key for key in new if key in self.reserved]:
            names = " and ".join(map(repr, taken))
            raise Unresolved(f"cannot define {names} in {origin!r}: foreach and matrix do", taken[0])
        self._merge_into(self.values, new, origin, ())

    def _merge_into(self, into: dict[str, Any], new: dict[str, Any], origin: str, path: tuple[str, ...]) -> None:
        for key, value in new.items():
            here = (*path, key)
            if isinstance(value, dict) and isinstance(into.get(key), dict):
                self._merge_into(into[key], value, origin, here)
            elif key in into:
                name, known = ".".join(here), self._origin(here)
                raise Unresolved(f"cannot redefine {name!r} from {origin!r} as it already exists in {known!r}", key)
            else:
                into[key] = value
                self.origins[here] = origin

    def _origin(self, path: tuple[str, ...]) -> str:
        return next(self.origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.origins)


def base(root: Path, folder: str) -> Context:
    """What every stage of the dvc.yaml in `folder` sees before its `vars`."""
    context = Context(root)
    if (root / folder / DEFAULT).exists():
        context.load(DEFAULT, folder)
    return context


def _read(root: Path, path: str, keys: list[str] | None) -> Mapping[Any, Any]:
    if not (root / path).exists():
        raise Unresolved(f"{path!r} does not exist", path)
    if (root / path).is_dir():
        raise Unresolved(f"{path!r} is a directory", path)
    values = load_params(root, path)
    if not keys:
        return values
    if missing := [key for key in keys if key not in values]:
        raise Unresolved(f"could not find {missing[0]!r} in {path!r}", missing[0])
    return {key: values[key] for key in keys}


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
