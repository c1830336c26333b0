"""Which distributions the imported packages belong to, with as few RECORD files read as can be."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from pathlib import Path


def imported(packages: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Distribution -> version of `packages`: pairs of a site-packages folder and what was executed there.

    What was executed is one or two levels of a path: `six.py`, `numpy/__init__.py`, `google/protobuf`.
    """
    inner: dict[str, set[str]] = defaultdict(set)
    for folder, path in packages:
        inner[folder].add(path)
    found = {dist for folder, paths in inner.items() for dist in _owners(folder, frozenset(paths))}
    return dict(sorted(found))


@lru_cache(maxsize=64)
def _owners(folder: str, paths: frozenset[str]) -> frozenset[tuple[str, str]]:
    installed = list(distributions(path=[folder]))
    wanted = {name for path in paths if (name := _wanted(folder, path))}
    owners: dict[str, list[Distribution]] = defaultdict(list)
    for dist in installed:
        for name in wanted & _cheap_names(dist):
            owners[name].append(dist)
    for dist in installed if wanted - owners.keys() else []:
        for name in (wanted - owners.keys()) & set(_recorded(dist)):
            owners[name].append(dist)
    return frozenset((normalised(dist.metadata["Name"]), dist.version) for dists in owners.values() for dist in dists)


def normalised(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _wanted(folder: str, path: str) -> str | None:
    """The package to look for: the top level, or the second where the top is a namespace that many share."""
    top, _, second = path.partition("/")
    if not second:
        return top.split(".", 1)[0]
    if (Path(folder) / top / "__init__.py").exists():
        return top
    return f"{top}/{second}"


def _cheap_names(dist: Distribution) -> set[str]:
    """The packages of a distribution as its small files tell: top_level.txt, or its own name."""
    listed = dist.read_text("top_level.txt")
    return set(listed.split()) if listed else {re.sub(r"[-.]+", "_", dist.metadata["Name"])}


def _recorded(dist: Distribution) -> Iterator[str]:
    """The packages of a distribution as its RECORD tells, at both levels."""
    for line in (dist.read_text("RECORD") or "").splitlines():
        top, _, rest = line.split(",", 1)[0].partition("/")
        yield top if rest else top.split(".", 1)[0]
        if rest:
            yield f"{top}/{rest.split('/', 1)[0]}"
