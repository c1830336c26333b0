"""What lies in the working tree now: inputs, outputs and parameters of a stage, each path digested once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from fossml.engine.plan import Now
from fossml.project.dvc import ignored, rooted, select_params
from fossml.store.digest import StatCache, artifact
from fossml.types import Artifact, Stage


class Workspace:
    """Digests of paths below `root`, remembered until `forget` is told that a stage wrote them."""

    def __init__(self, root: Path, cache: StatCache) -> None:
        self.root = root
        self._cache = cache
        self.ignored = ignored(root)
        self._known: dict[str, Artifact | None] = {}
        self._below: dict[str, set[str]] = {}

    def now(self, stage: Stage) -> Now:
        """What `stage` finds. FossmlError where a parameter that it names is not there."""
        return Now(
            deps={path: self.artifact(stage, path) for path in stage.deps},
            params=select_params(self.root, stage),
            outs={out.path: self.artifact(stage, out.path) for out in stage.outs},
        )

    def artifact(self, stage: Stage, path: str) -> Artifact | None:
        """The Artifact at `path` of `stage`, under the name that the stage gives it; None where nothing lies there."""
        place = rooted(stage, path)
        found = self.at(place)
        return replace(found, path=path) if found and path != place else found

    def at(self, place: str) -> Artifact | None:
        """The Artifact at `place`, relative to the root; None where nothing lies there."""
        if place not in self._known:
            self._keep(place, artifact(self.root, place, self._cache, self.ignored))
        return self._known[place]

    def remember(self, found: Artifact) -> None:
        """What lies at its path, which is relative to the root, is known."""
        self._keep(found.path, found)

    def _keep(self, place: str, found: Artifact | None) -> None:
        self._known[place] = found
        for folder in PurePosixPath(place).parents:
            self._below.setdefault(str(folder), set()).add(place)

    def forget(self, places: Iterable[str]) -> None:
        """Paths (relative to the root) that may have changed, with the folders around them and what is in them."""
        for place in places:
            for known in (place, *map(str, PurePosixPath(place).parents), *self._below.pop(place, ())):
                self._known.pop(known, None)
