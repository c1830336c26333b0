"""What a build with nothing changed shows: the same again, or a number that differs by itself."""

from __future__ import annotations

from pathlib import Path

from fossml.types import Finding
from fossml.verify.controls import chance
from fossml.verify.controls.seen import said
from fossml.verify.controls.watched import Watched
from fossml.verify.rebuild.records import Built

AGAIN = "CTL001"
AGAIN_NAME = "control: built again"
"""The name on record of the build with nothing changed."""


def about(one: Watched, root: Path, base: Built, built: Built) -> Finding:
    """The finding about a claim in two builds with the same seed; the sources lie below `root`."""
    was, now = base.of(one.metric).values, built.of(one.metric).values
    sources = one.up.sources()
    unreached = chance.unreached(root, sources)
    other = one.moved_outs(base, built)
    if was == now and not (other and unreached):
        return Finding(AGAIN, "pass", "soft", one.id, f"built again with the same seed it is {said(now)} again")
    places = unreached or chance.draws(root, sources)["draw"]
    why = "; ".join(built.failed.values()) or f"{said(was)}, then {said(now)}"
    if was == now:
        why = f"{', '.join(other)}, not {one.metric}"
    if unreached:
        why += "; no seed reaches a generator that is drawn from"
    message = f"two builds with the same seed differ: {why}"
    hint = "give the seed to everything that draws random numbers, and pin the number of threads"
    return Finding(AGAIN, "fail", "soft", one.id, message, places[:5], hint)
