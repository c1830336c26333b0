"""What one changed build showed of a claim, and whether its number moved by more than it does by itself."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fossml.project.dvc import rooted
from fossml.verify.controls.choose import Control
from fossml.verify.controls.watched import Watched
from fossml.verify.rebuild.records import Built

_LEVEL = 0.001
"""How often a result that differs by itself may be said to have moved when it did not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One claim in one changed build: how its number and the outputs before it came out.

    `stalled` are stages that ran again on other inputs and made the same; `failed` is why there is no number.
    """

    note: str
    was: Mapping[str, float]
    now: Mapping[str, float]
    moved: tuple[str, ...] = ()
    stalled: tuple[str, ...] = ()
    failed: str = ""


def look(one: Watched, control: Control, base: Built, built: Built) -> Seen:
    """What a changed build gave for a claim, beside the one as declared."""
    was, now = base.of(one.metric), built.of(one.metric)
    failed = "; ".join(f"{stage}: {why}" for stage, why in built.failed.items() if stage not in base.failed)
    if failed and not now.values:
        return Seen(built.note, was.values, {}, failed=failed)
    if not now.values:
        return Seen(built.note, was.values, {}, failed=now.missing)
    changed = {path for path, digest in built.outs.items() if base.outs.get(path) != digest}
    return Seen(
        built.note, was.values, now.values, tuple(sorted(changed & set(one.made))), _stalled(one, control, changed)
    )


def _stalled(one: Watched, control: Control, changed: set[str]) -> tuple[str, ...]:
    """Stages that ran on other inputs and made the same outputs."""
    found = []
    for address in control.stages:
        if address not in one.up.closure:
            continue
        stage = one.up.graph.stages[address]
        inputs = one.up.inputs(address)
        outs = {rooted(stage, out.path) for out in stage.outs}
        if outs and not outs & changed and (_touches(inputs, control.paths) or _touches(inputs, changed)):
            found.append(address)
    return tuple(found)


def _touches(inputs: Iterable[str], paths: Iterable[str]) -> bool:
    known = tuple(paths)
    return any(
        one == path or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in inputs for path in known
    )


def is_clear(seen: Seen, metric: str, still: Sequence[Built]) -> bool:
    """Whether the number moved by more than it does when nothing is changed, as in the builds `still`."""
    if seen.failed or not seen.now or seen.now == seen.was:
        return False
    values = [built.of(metric).values for built in still if built.of(metric).values]
    return any(_outside(value, [one[key] for one in values if key in one]) for key, value in seen.now.items())


def _outside(value: float, still: Sequence[float]) -> bool:
    """Whether `value` lies clearly outside of what comes out when nothing is changed: its prediction interval."""
    if len(set(still)) < 2:
        return value not in still
    from scipy.special import stdtrit

    count, spread = len(still), statistics.stdev(still)
    reach = float(stdtrit(count - 1, 1 - _LEVEL / 2)) * spread * math.sqrt(1 + 1 / count)
    return abs(value - statistics.fmean(still)) > reach


def said(values: Mapping[str, float]) -> str:
    """The first few values, as a sentence gives them."""
    shown = ", ".join(f"{value:.6g}" for value in list(values.values())[:3])
    return shown or "nothing"
