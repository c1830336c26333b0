"""What builds with several seeds show: something changed, or nothing did though random numbers are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fossml.project.config import SeedRoute
from fossml.types import Evidence, Finding
from fossml.verify.controls.chance import Kind
from fossml.verify.controls.seen import said
from fossml.verify.controls.watched import Watched
from fossml.verify.rebuild.records import Built

SEED = "CTL002"
_SEEDS = 4
"""Builds with different seeds, the recorded one included, after which a result that never moved is said not to."""


def lacks(one: Watched, builts: Sequence[Built], *, draws: bool) -> bool:
    """Whether one more build with another seed would tell something; `draws`: the code draws random numbers."""
    return len(builts) < 2 or (draws and len(builts) < _SEEDS and not _differ(one, builts, fewest=1))


def about(
    one: Watched, builts: Sequence[Built], route: SeedRoute, drawn: Mapping[Kind, tuple[Evidence, ...]]
) -> Finding:
    """The finding about the seed: `builts` are builds with different ones, `drawn` the places that draw."""
    shown = f"{route.kind} {route.name}"
    if how := _differ(one, builts):
        return Finding(SEED, "pass", "soft", one.id, f"another seed ({shown}) changes {how}")
    if not drawn["draw"]:
        message = f"the result does not depend on the seed ({shown}), and nothing was found that draws random numbers"
        return Finding(SEED, "not applicable", "soft", one.id, message)
    message = (
        f"the result does not depend on the seed ({shown}): {len(builts)} builds with different seeds give "
        f"{said(builts[0].of(one.metric).values)} and the same bytes{_but(one, builts)}, though random numbers are "
        "drawn"
    )
    places = (*drawn["constant"][:3], *drawn["draw"][:3])
    hint = "give the seed that comes in to what draws random numbers, in place of a constant"
    return Finding(SEED, "fail", "soft", one.id, message, tuple(dict.fromkeys(places)), hint)


def _differ(one: Watched, builts: Sequence[Built], *, fewest: int = 2) -> str:
    """What differs between builds: the number, or else which outputs; "" where nothing does.

    `fewest` builds with fresh seeds tell that it is but the seed itself that differs in an output.
    """
    values = [built.of(one.metric).values for built in builts]
    if any(other != values[0] for other in values):
        return f"{one.metric}: {', '.join(said(each) for each in values[:4])}"
    changed = sorted(path for path in _changed(one, builts) if not _holds_seed(path, builts, fewest))
    return f"{', '.join(changed)}, not {one.metric}" if changed else ""


def _changed(one: Watched, builts: Sequence[Built]) -> list[str]:
    return sorted(path for path in one.outs if len({built.outs.get(path) for built in builts}) > 1)


def _holds_seed(path: str, builts: Sequence[Built], fewest: int) -> bool:
    """Whether nothing but the seed itself, which stands in an output, differs in it from one fresh seed to another.

    The recorded seed is a small number as a rule, which may stand for other things too.
    """
    fresh = [built.seedless.get(path) for built in builts if built.seed is not None]
    return len(fresh) >= fewest and None not in fresh and len(set(fresh)) == 1


def _but(one: Watched, builts: Sequence[Built]) -> str:
    found = _changed(one, builts)
    return f", but for the seed itself in {', '.join(found)}" if found else ""
