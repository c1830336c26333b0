"""The values that templates see: params.yaml beside dvc.yaml, then what `vars` add."""

from __future__ import annotations

import posixpath
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fossml.project.dvc.params import DEFAULT, load_params
from fossml.project.dvc.templates import Unresolved


@dataclass(frozen=True, slots=True)
class Context:
    """`imports` says which keys of which file are in `values`: None for all of them.

    `origins` says what set the value at a path of keys, and all below that has no origin of its own: a file, or `vars`.
    """

    root: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    imports: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    origins: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()

    def with_vars(self, entries: list[Any], folder: str, name: str = "vars") -> Context:
        """A new Context with the entries of the `vars` list `name` on top; files are relative to `folder`."""
        context = self
        for index, entry in enumerate(entries):
            if isinstance(entry, str):
                context = context.with_file(entry, folder)
            else:
                context = context._merged(visible(entry), f"{name}[{index}]")
        return context

    def with_item(self, values: Mapping[str, Any]) -> Context:
        """A new Context with `item` and `key`, which no `vars` may redefine."""
        return replace(self, values=ChainMap(dict(values), self.values), reserved=tuple(values))  # type: ignore[arg-type]

    def with_file(self, entry: str, folder: str) -> Context:
        """A new Context with `file` or `file:key1,key2` on top."""
        name, _, wanted = entry.partition(":")
        path = posixpath.normpath(posixpath.join(folder, name))
        keys = tuple(key for key in wanted.split(",") if key) or None
        loaded = self.imports.get(path, ())
        if path in self.imports:
            if keys is None and loaded is None:
                return self
            self._check_loaded(path, entry, keys)
        context = self._merged(visible(_read(self.root, path, keys)), path)
        now = None if keys is None else (*(loaded or ()), *keys)
        return replace(context, imports={**self.imports, path: now})

    def _check_loaded(self, path: str, entry: str, keys: tuple[str, ...] | None) -> None:
        loaded = self.imports[path]
        if loaded is None or keys is None or set(keys) & set(loaded):
            here, there = ("partially ", "") if loaded is None else ("", "partially ")
            raise Unresolved(f"cannot {here}load {entry!r} as {path!r} is {there}loaded already", entry)

    def _merged(self, new: dict[str, Any], origin: str) -> Context:
        if taken := [key for key in new if key in self.reserved]:
            names = " and ".join(map(repr, taken))
            raise Unresolved(f"cannot define {names} in {origin!r}: foreach and matrix do", taken[0])
        origins = dict(self.origins)
        values = _merge(self.values, new, origin, (), origins)
        return replace(self, values=values, origins=origins)


def _merge(
    old: Mapping[str, Any], new: dict[str, Any], origin: str, path: tuple[str, ...], origins: dict[tuple[str, ...], str]
) -> dict[str, Any]:
    """`old`, which stands at `path`, with `new` out of `origin` in it; `origins` is brought up to date."""
    merged = dict(old)
    for key, value in new.items():
        here = (*path, key)
        if key not in old:
            merged[key] = value
            origins[here] = origin
        elif isinstance(value, dict) and isinstance(old[key], dict):
            merged[key] = _merge(old[key], value, origin, here, origins)
        else:
            known = next(origins[here[:end]] for end in range(len(here), 0, -1) if here[:end] in origins)
            name = ".".join(here)
            raise Unresolved(f"cannot redefine {name!r} from {origin!r} as it already exists in {known!r}", key)
    return merged


def base(root: Path, folder: str) -> Context:
    """What every stage of the dvc.yaml in `folder` sees before its `vars`."""
    context = Context(root)
    return context.with_file(DEFAULT, folder) if (root / folder / DEFAULT).exists() else context


def _read(root: Path, path: str, keys: tuple[str, ...] | None) -> Mapping[Any, Any]:
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
