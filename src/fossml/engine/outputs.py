"""Outputs between the working tree and the cache: fetched, restored from earlier runs, kept, named in .gitignore."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.engine.assess import Assessment
from fossml.engine.plan import Now
from fossml.engine.workspace import Workspace
from fossml.project.dvc import LockEntry, legacy, rooted
from fossml.store.objects import Objects, gitignore
from fossml.store.paths import check_target
from fossml.types import Artifact, Stage


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of the repository at `root`, whose bytes `objects` holds in the folder `cache`.

    `tracked` is .dvc files' data by path.
    """

    root: Path
    cache: Path
    tracked: Mapping[str, Artifact]
    objects: Objects
    workspace: Workspace

    def fetch(self, stage: Stage) -> None:
        """Data that `stage` needs, that a .dvc file names and that is not there comes out of the cache."""
        for place in (rooted(stage, dep) for dep in stage.deps):
            data = self.tracked.get(place)
            if data and not (self.root / place).exists() and self.objects.has(data):
                self.objects.checkout(data, self.root / place)

    def comes(self, place: str) -> bool:
        """Whether `fetch` would bring `place`, or lies in data of a .dvc file that it would."""
        return any(
            (place == path or place.startswith(path + "/")) and self.objects.has(data)
            for path, data in self.tracked.items()
        )

    def revive(self, stage: Stage, entry: LockEntry | None) -> None:
        """Outputs of DVC 2 that are not there come out of its cache, which lies one folder higher, as copies."""
        if entry is None or not entry.legacy:
            return
        for artifact in entry.outs:
            place = self.root / rooted(stage, artifact.path)
            if artifact.path in entry.legacy and not os.path.lexists(place):
                check_target(self.root, place)
                if legacy.bring(self.cache, artifact.digest, place):
                    self.workspace.forget([rooted(stage, artifact.path)])

    def can_restore(self, found: Assessment, entry: LockEntry, own: bool, each: bool = True) -> bool:
        """Whether what `entry` says can be brought back: all of it is in the cache or lies there already.

        Not `each`: the files of folders in the cache are not looked at, which `restore` does in any case.
        A persistent output is never replaced, since what its command makes depends on what lies there: `entry` must
        be what lies there, or the stage's own in dvc.lock (`own`) where nothing does.
        """
        stage = found.stage
        if stage.always_changed or not stage.outs:
            return False
        if {artifact.path for artifact in entry.outs} != {out.path for out in stage.outs}:
            return False
        stale = _stale(found.now, entry)
        replaced = {artifact.path for artifact in stale if not own or found.now.outs[artifact.path]}
        if any(out.persist and out.path in replaced for out in stage.outs):
            return False
        return all(self.objects.has(artifact, each=each) for artifact in stale)

    def restore(self, found: Assessment, entry: LockEntry) -> None:
        """Bring back what `entry` says."""
        stage, stale = found.stage, _stale(found.now, entry)
        linked = {out.path: out.cache for out in stage.outs}
        for artifact in stale:
            place = self.root / rooted(stage, artifact.path)
            self.objects.checkout(artifact, place, linked=linked[artifact.path])
        self.workspace.forget(rooted(stage, artifact.path) for artifact in stale)
        self.ignore(stage)

    def keep(self, stage: Stage, now: Now) -> tuple[Artifact, ...]:
        """Take the outputs that lie there into the cache; as DVC also a metric or plot with `cache: false`."""
        kept = []
        for out in sorted(stage.outs, key=lambda out: out.path):
            here = now.outs[out.path]
            assert here is not None  # the caller has checked it
            if out.cache or out.kind != "out":
                self.objects.add(self.root / rooted(stage, out.path), here, linked=out.cache)
            kept.append(here)
        self.ignore(stage)
        return tuple(kept)

    def ignore(self, stage: Stage) -> None:
        """Tell git of the outputs that the cache holds."""
        if any((folder / ".git").exists() for folder in (self.root, *self.root.parents)):
            for out in (out for out in stage.outs if out.cache):
                gitignore(self.root, rooted(stage, out.path))


def _stale(now: Now, entry: LockEntry) -> list[Artifact]:
    """The outputs of `entry` that do not lie there."""
    return [a for a in entry.outs if (here := now.outs[a.path]) is None or here.digest != a.digest]
