"""Which folders of the repository were looked through for modules that lay elsewhere: a file put there would win."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from fossml.trace.hook import OWN, PACKAGES
from fossml.trace.records import Record, of

NOWHERE = "/*"
"""Behind the name of a module that was found nowhere."""


def searched(records: Iterable[Record]) -> dict[str, set[str]]:
    """Folder on sys.path -> top-level modules that were looked for there and are not there, all absolute.

    A module is looked for in one folder after the other until it is found; one that is nowhere, in all of them: it has
    NOWHERE behind its name, since any folder of that name would be it. Folders of packages are left out: who installs
    something there changes the distributions.
    """
    found: dict[str, set[str]] = defaultdict(set)
    modules = lru_cache(maxsize=None)(_modules)
    for record, path in _looks(records):
        for folder, name in _before(record.fields[0], path, modules):
            found[folder].add(name)
    return found


def nowhere(records: Sequence[Record]) -> set[str]:
    """Top-level modules that code of the repository looked for, and that no folder on sys.path has, nor any finder."""
    modules = lru_cache(maxsize=None)(_modules)
    ran = {part.partition(".")[0] for record in of(records, "S") for part in Path(record.fields[0]).parts}
    found = set()
    for record, path in _looks(records):
        name = record.fields[0]
        there = any(name in modules(folder) or Path(folder, name).is_dir() for folder in path)
        if record.fields[1:] == (OWN,) and path and not there and name not in ran:
            found.add(name)
    return found


def _looks(records: Iterable[Record]) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Each look for a module, with sys.path at that time."""
    paths: dict[str, tuple[str, ...]] = {}
    for record in records:
        if record.kind == "V":
            paths[record.process] = record.fields
        if record.kind == "I":
            yield record, paths.get(record.process, ())


def _before(name: str, path: Iterable[str], modules: object) -> Iterator[tuple[str, str]]:
    passed: list[str] = []
    for folder in path:
        if name in modules(folder):  # type: ignore[operator]  # a cached function
            yield from ((one, name) for one in passed)
            return
        if not (folder + "/").endswith(PACKAGES):
            passed.append(folder)
    yield from ((one, name if Path(one, name).is_dir() else name + NOWHERE) for one in passed)


def _modules(folder: str) -> frozenset[str]:
    """The modules and packages in `folder`; a folder without __init__.py is none: it gives way to any that has one."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(name for entry in entries if (name := _module(entry)))
    except OSError:
        return frozenset()


def _module(entry: os.DirEntry[str]) -> str | None:
    name, dot, rest = entry.name.partition(".")
    if dot:
        return name if f".{rest}".endswith((".py", ".pyc", ".so", ".pyd")) else None
    return name if (Path(entry.path) / "__init__.py").is_file() else None
