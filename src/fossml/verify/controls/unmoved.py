"""The finding about rows or a parameter: the number moved, or what it shows that it did not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fossml.types import Evidence, Finding, Status
from fossml.verify.controls import written
from fossml.verify.controls.choose import Control
from fossml.verify.controls.seen import Seen, said
from fossml.verify.controls.watched import Watched

ROWS, PARAMETER = "CTL003", "CTL004"
_BOUNDS = frozenset({0.0, 0.5, 1.0, 100.0})


def moved(control: Control, one: Watched, clear: Seen) -> Finding:
    """The number moved clearly, in one of the changed builds."""
    message = f"{one.metric} moved from {said(clear.was)} to {said(clear.now)} when {clear.note}"
    return Finding(_code(control), "pass", "hard", one.id, message, _places(control))


def unmoved(
    control: Control, one: Watched, tried: Sequence[Seen], root: Path, given: Sequence[str], *, cut: bool
) -> Finding:
    """Nothing moved the number clearly: it does not depend on what was changed, or nobody can tell.

    `given` are the files below `root` that nothing makes; `cut`: larger changes were not made.
    """
    code, places = _code(control), _places(control)
    good = [seen for seen in tried if not seen.failed and seen.now]
    if not good:
        why = next((seen.failed for seen in tried if seen.failed), "nothing could be changed")
        message = (
            f"it cannot be told whether {one.metric} depends on {control.subject}: the changed build failed: {why}"
        )
        return Finding(code, "unknown", "soft", one.id, message, places)
    last = good[-1]
    if any(seen.now != seen.was for seen in good):
        message = f"{one.metric} differs by itself as much as it did when {last.note}: it cannot be told"
        return Finding(code, "unknown", "soft", one.id, message, places)
    values = tuple(last.was.values())
    stands = tuple(place for value in values for place in written.places(root, value, one.up.sources(), given))
    model = [path for seen in good for path in seen.moved if path != one.source]
    status, why = _weigh(values, stands, model, tried_all=not cut and len(good) == len(tried) > 1)
    notes = "; nor when ".join(seen.note for seen in good)
    message = f"the result does not depend on {control.subject}: {one.metric} stays {said(last.was)} when {notes}"
    if last.stalled and not stands:
        message += f"; the outputs of {', '.join(last.stalled)} stay the same"
    if stands:
        message += f"; the number stands in {stands[0].path}"
    hint = "let the stage compute what it writes from what it reads" if status == "fail" else ""
    evidence = (*stands[:5], *places)
    return Finding(code, status, "hard" if status == "fail" else "soft", one.id, message + why, evidence, hint)


def _code(control: Control) -> str:
    return ROWS if control.kind == "rows" else PARAMETER


def _places(control: Control) -> tuple[Evidence, ...]:
    return tuple(Evidence(path) for path in control.paths) or (Evidence(control.parameters[0].file),)


def _weigh(
    values: Sequence[float], stands: Sequence[Evidence], model: Sequence[str], *, tried_all: bool
) -> tuple[Status, str]:
    """Whether a number that never moved shows something: `fail`, or `unknown` and why."""
    if stands:
        return "fail", ""
    if all(value in _BOUNDS or float(value).is_integer() for value in values):
        if model:
            return "pass", f"; the metric is too coarse to show it, but {', '.join(sorted(set(model)))} changed"
        return "unknown", "; it may be too coarse to show it"
    if not tried_all:
        return "unknown", "; a larger change could not be made"
    return "fail", f"; {', '.join(sorted(set(model)))} changed" if model else ""
