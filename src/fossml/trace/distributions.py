"""Which distributions the imported packages belong to, with as few RECORD files read as can be."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Installed(NamedTuple):
    """A distribution as it lies in a site-packages folder; its name as PEP 503 compares it."""

    name: str
    version: str
    folder: str


def imported(packages: Iterable[tuple[str, str]]) -> list[Installed]:
    """The distributions of `packages`, sorted: pairs of a site-packages folder and what was executed there.

    What was executed is one or two levels of a path: `six.py`, `numpy/__init__.py`, `google/protobuf`.
    """
    inner: dict[str, set[str]] = defaultdict(set)
    for folder, path in packages:
        inner[folder].add(path)
    return sorted(dist for folder, paths in inner.items() for dist in _owners(folder, frozenset(paths), _stamp(folder)))


def _stamp(folder: str) -> int:
    """What changes when something is installed in `folder` or removed: what was remembered of it is then void."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def editable(sources: Iterable[str], folders: Iterable[str]) -> dict[str, Installed]:
    """Source -> its distribution, of those `sources` that are installed for editing in one of `folders`."""
    wanted = list(sources)
    homes = (
        {home: dist for folder in folders for home, dist in _editable_homes(folder, _stamp(folder)).items()}
        if wanted
        else {}
    )
    return {source: dist for source in wanted for home, dist in homes.items() if source.startswith(f"{home}/")}


@lru_cache(maxsize=64)
def _editable_homes(folder: str, _stamp: int) -> dict[str, Installed]:
    homes = {}
    for dist in distributions(path=[folder]):
        try:
            origin = json.loads(dist.read_text("direct_url.json") or "{}")
        except ValueError:
            continue
        url = urlsplit(str(origin.get("url", "")))
        if url.scheme == "file" and origin.get("dir_info", {}).get("editable"):
            homes[unquote(url.path).rstrip("/")] = _installed(dist, folder)
    return homes


@lru_cache(maxsize=64)
def _owners(folder: str, paths: frozenset[str], _stamp: int) -> frozenset[Installed]:
    installed = list(distributions(path=[folder]))
    wanted = {name for path in paths if (name := _wanted(folder, path))}
    owners: dict[str, list[Distribution]] = defaultdict(list)
    for dist in installed:
        for name in wanted & _cheap_names(dist):
            owners[name].append(dist)
    for dist in installed if wanted - owners.keys() else []:
        for name in (wanted - owners.keys()) & set(_recorded(dist)):
            owners[name].append(dist)
    return frozenset(_installed(dist, folder) for dists in owners.values() for dist in dists)


def _installed(dist: Distribution, folder: str) -> Installed:
    return Installed(normalised(dist.metadata["Name"]), dist.version, folder)


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
