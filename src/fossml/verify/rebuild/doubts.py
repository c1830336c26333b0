"""A rebuild that came out otherwise: did only the room make the difference? Told by building again in other rooms."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from fossml.types import Finding
from fossml.verify.cleanroom import perturb, room
from fossml.verify.cleanroom.perturb import Perturbation
from fossml.verify.rebuild.builder import Builder, Order, recorded
from fossml.verify.rebuild.copies import Copies
from fossml.verify.rebuild.records import CUT, Built

_APART = 1.1
"""Seconds between two rebuilds that are compared: a time stamp is then another one, and is not laid to the room."""


class Doubts:
    """Builds `targets` in rooms that differ; each build may take `took` seconds, all of them `left` at most.

    `keep` is given each of these builds, `say` tells of it.
    """

    def __init__(
        self,
        builder: Builder,
        copies: Copies,
        targets: Sequence[str],
        took: float,
        left: Callable[[], float],
        keep: Callable[[Built], None],
        say: Callable[[str], None],
    ) -> None:
        self.builder, self.copies, self.targets = builder, copies, targets
        self.took, self.left, self.keep, self.say = took, left, keep, say
        self._recorded = recorded(builder.project)

    def settled(self, folder: Path) -> Path:
        """The room to go on with: `folder`, or where only the room's ways made the difference, one without them."""
        builder, changes = self.builder, self.builder.changes
        built = builder.read(folder)
        if not changes or any(one.level == "hard" for one in built.findings) or CUT in built.failed.values():
            return folder
        if not self._differs(folder):
            return folder
        builds = perturb.builds(changes)
        if builds * self.took > self.left():
            builder.notice(folder, perturb.untold(changes, builds, self.took))
            return folder
        time.sleep(_APART)
        plain = self._room_with((), "plain")
        if self._differs(plain):
            broken, late = bool(builder.read(plain).failed), builder.is_late()
            if late:
                builder.notice(folder, perturb.untold(changes, builds, self.took))
            room.remove(plain.parent)
            if not broken and not late:
                builder.notice(folder, self._between_rooms(changes))
            builder.changes = changes
            return folder
        found = perturb.blamed(changes, lambda some: self._differs(self._room_with(some, "some")))
        if builder.is_late():
            # The last of these builds were cut off, and say nothing: all four together are as much as is known.
            found = changes
        builder.changes = ()
        builder.notice(plain, perturb.findings(builder.project.root.name, found))
        return plain

    def _between_rooms(self, changes: Sequence[Perturbation]) -> tuple[Finding, ...]:
        """What makes rebuilds differ, where none gives what was recorded; what differs by itself does not count."""
        builder = self.builder
        assert builder.confinement is not None
        every = (*changes, *perturb.elsewhere(builder.confinement.environment(builder.env), os.cpu_count() or 1))
        builds = 4 + (len(every) - 1).bit_length()
        if builds * self.took > self.left():
            return perturb.untold(every, builds, self.took)

        def outs(some: Sequence[Perturbation]) -> dict[str, str]:
            folder = self._room_with(some, next((one.place for one in some if one.place), "one"))
            built = builder.read(folder)
            room.remove(folder.parent)
            return {**built.outs, **built.failed}

        bare = outs(())
        time.sleep(_APART)
        again = outs(())
        still = {path: digest for path, digest in bare.items() if again.get(path) == digest}

        def moved(some: Sequence[Perturbation]) -> list[str]:
            found = outs(some)
            return sorted(path for path, digest in still.items() if found.get(path) != digest)

        other = moved(every)
        found = perturb.blamed(every, lambda some: bool(moved(some))) if other else ()
        # A result that differs by itself now and then would have been blamed on whatever was changed last.
        return () if not found or moved(()) else perturb.changed(builder.project.root.name, found, other)

    def _room_with(self, changes: Sequence[Perturbation], name: str) -> Path:
        changed = " and ".join(one.name for one in changes) or "nothing"
        self.say(f"  once more in another room, with {changed} changed: does the room make the difference?")
        began = time.monotonic()
        folder = self.copies.fresh(name)
        self.builder.changes = tuple(changes)
        self.builder.build(folder, Order(self.targets))
        took = round(time.monotonic() - began, 3)
        self.keep(replace(self.builder.read(folder), seconds=took, variant=perturb.room_of(changes)))
        return folder

    def _differs(self, folder: Path) -> bool:
        """Whether what was built there is not what the author recorded."""
        built = self.builder.read(folder)
        return perturb.differs(built.outs, built.failed, self._recorded)
