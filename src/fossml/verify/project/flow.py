"""`verify` in a configured project: its claims, rebuilt from nothing, then with fresh seeds where one reaches them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path

from fossml.canon import key
from fossml.engine.graph import make_graph, select
from fossml.engine.records import read_runs
from fossml.types import Claim, Event
from fossml.verify.claims import caveats
from fossml.verify.claims.cells import in_tables
from fossml.verify.claims.compared import with_others
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.cleanroom import seeds
from fossml.verify.cleanroom.confine import remarks
from fossml.verify.diff.outputs import finding
from fossml.verify.project.done import Done
from fossml.verify.project.verified import Verified, compare
from fossml.verify.rebuild import planned, released
from fossml.verify.rebuild.budget import Plan
from fossml.verify.rebuild.planned import Aims
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.repeat import Purse, Repeated, Round, Seeds, groups, measure
from fossml.verify.rebuild.targets import Target
from fossml.verify.shows import Further, intended, show
from fossml.views.sentence import Judged


def verify_project(
    targets: Sequence[Target],
    rebuilder: Rebuilder,
    limits: Limits,
    *,
    rng: random.Random,
    say: Callable[[str], None],
    report: Callable[[Sequence[Target], Outcome], None],
    further: Further = Further(controls=False),  # noqa: B008  # frozen
) -> Verified:
    """Plan within the limits, rebuild, measure with fresh seeds what they reach, the cheapest first, judge all.

    What shows that it can fail (`further`) is planned too, behind all else; `Verified.plan` says what of it fits.
    """
    project, purse = rebuilder.project, Purse(limits.budget)
    rebuilder.say = say
    make_graph(project.stages)
    rebuilder.deadline = None if limits.budget is None else time.monotonic() + limits.budget
    route = project.config.seed
    known = rebuilder.known_seeds()
    draws = seeds.fresh(rng, set(known)) if route else count(max(known, default=0) + 1)
    affected = rebuilder.affected(sorted({target.stage for target in targets}), next(draws) if route else 0)
    aims = Aims(rebuilder, tuple(targets), limits, planned.costs(project.root), affected)
    hoped = _seeded(targets, affected, None)
    forecast = intended(targets, rebuilder, further, [one.claim.id for one in hoped], affected)
    first = replace(aims, controls=forecast.checks).plan(targets, hoped, purse.left)
    for line in planned.announced(first, limits.budget, rebuilder.doubts):
        say(line)
    rebuilder.spare = min(rebuilder.spare, planned.spare(first, limits.budget))
    rebuilt = [one for one in targets if first.makes("rebuild", one.claim.id)]
    beside = _Released()
    stopped = False
    try:
        beside = _released(targets, first, rebuilder, say)
        base = _rebuild(rebuilt, rebuilder, say)
    except KeyboardInterrupt:
        stopped, base = True, rebuilder.interrupted(_only(rebuilt))
    seeded = [] if stopped else _seeded(rebuilt, affected, base)
    second = aims.plan(rebuilt, seeded, purse.left, base)
    repeats = [one.claim.id for one in seeded if second.makes("repeat", one.claim.id)]
    exact = intended(rebuilt, rebuilder, further, repeats, affected)
    second = replace(aims, controls=exact.checks).plan(rebuilt, seeded, purse.left, base)
    for line in planned.announced_later(second):
        say(line)
    wanted = _with_others([one.claim.id for one in seeded if second.makes("repeat", one.claim.id)], seeded)
    around = Round(rebuilder, base, route is not None, report)
    repeated = _repeat(wanted, aims.after(base), Seeds(known, draws), limits, purse, around, say)
    lost = {one.claim.id for one in wanted} - {name for one in repeated for name in one.claims}
    why_lost = (
        "it was interrupted"
        if any(one.measurement.interrupted for one in repeated)
        else "the others have left too little of the budget for it"
    )
    whole = first.then(second).without("repeat", lost, why_lost)
    for name, reason in beside.lost.items():
        whole = whole.without("weights", {name}, reason)
    done = Done(tuple(targets), base, repeated, tuple(seeded), whole, limits, route is not None)
    judged, cells = in_tables(tuple(done.judged(target) for target in targets), limits.runs)
    interrupted = stopped or any(one.measurement.interrupted for one in repeated)
    shown = show(
        rebuilt,
        rebuilder,
        base,
        _after(further, purse, interrupted=interrupted or not rebuilt),
        plan=second,
        intention=exact,
        seeds=draws,
        rng=rng,
        say=say,
    )
    compared = compare(
        rebuilder.project,
        base,
        rebuilder.lies_in,
        rebuilder.records.folder,
        authors=(rebuilder.authors.root,),
        wanted=select(make_graph(project.stages), sorted({one.stage for one in targets})),
    )
    why = finding(rebuilder.project, compared.how, rebuilder.lies_in)
    return Verified(
        tuple(_with_remarks(shown.beside(one), rebuilder) for one in judged),
        base,
        compared,
        repeated,
        _accepted(project.root),
        (*cells, *base.findings, *shown.findings, *((why,) if why else ())),
        done.plan,
        beside.judged,
        interrupted or shown.interrupted,
        _also(rebuilder, repeated) if further.controls or further.probe else tuple(rebuilder.beside),
    )


def _also(rebuilder: Rebuilder, repeated: Sequence[Repeated]) -> tuple[Built, ...]:
    """What was built beside; a build with another seed that an earlier verification made for a control is one."""
    listed = {outcome.seed for one in repeated for outcome in one.measurement.outcomes}
    listed |= {one.seed for one in rebuilder.beside}
    route = rebuilder.project.config.seed
    earlier = [one for one in rebuilder.known() if one.seed is not None and one.seed not in listed] if route else []
    named = f"control: another seed: {route.kind} {route.name}" if route else ""
    return (*rebuilder.beside, *(replace(one, variant=named) for one in earlier))


def _after(further: Further, purse: Purse, *, interrupted: bool) -> Further:
    """What comes after the measurement, from what it left of the budget."""
    if interrupted:
        return replace(further, controls=False, probe=False)
    return replace(further, spend=lambda seconds: purse.pays(seconds) and further.spend(seconds))


@dataclass(frozen=True, slots=True)
class _Released:
    """By the ids of claims: what released weights give, evaluated again, or why they gave nothing."""

    judged: Mapping[str, Judged] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)


def _released(targets: Sequence[Target], first: Plan, rebuilder: Rebuilder, say: Callable[[str], None]) -> _Released:
    """Released weights evaluated again; what they give stands beside the other verdict."""
    wanted = [one for one in targets if first.makes("weights", one.claim.id)]
    found: dict[str, Judged] = {}
    lost: dict[str, str] = {}
    for address, release in released.releases(rebuilder.project, wanted, rebuilder.caches).items():
        here = [one for one in wanted if one.stage == address]
        say(f"{address} alone, on the released weights: {', '.join(sorted(release.inputs))}")
        only = {one.metric.text: address for one in here}
        bring = partial(released.bring, release, rebuilder.project, caches=rebuilder.caches)
        built = rebuilder.evaluated(release.stage, bring, only, key(_digests(release)))
        for one in here:
            told = released.judged(one, built)
            if told is not None:
                found[one.claim.id] = told
            elif built.failed:
                lost[one.claim.id] = "; ".join(f"{stage}: {why}" for stage, why in built.failed.items())
    return _Released(found, lost)


def _digests(release: released.Release) -> dict[str, str]:
    return {path: artifact.digest for path, artifact in release.inputs.items()}


def _only(targets: Sequence[Target]) -> dict[str, str]:
    """The metrics of `targets`, each with the stage that makes it."""
    return {target.metric.text: target.stage for target in targets}


def _rebuild(targets: Sequence[Target], rebuilder: Rebuilder, say: Callable[[str], None]) -> Built:
    """As declared, once, what the targets need."""
    if not targets:
        return Built(None, 0.0)
    say("rebuilding from nothing in a copy: no outputs, no cache, no lock of the author's")
    if rebuilder.room:
        say(f"  in a sandbox: {rebuilder.room}")
    base = rebuilder.built(None, lambda event: _say_event(event, say), _only(targets))
    if base.recorded:
        say(f"  on record: it took {base.seconds:.1f} s (--fresh does it again)")
    return base


def _repeat(
    targets: Sequence[Target],
    aims: Aims,
    handed: Seeds,
    limits: Limits,
    purse: Purse,
    around: Round,
    say: Callable[[str], None],
) -> tuple[Repeated, ...]:
    """One group after the other, the cheapest first; for those behind it, what they will need at least is kept."""
    found: list[Repeated] = []
    left = sorted(groups(targets, aims.affected), key=aims.once)
    while left:
        group = left.pop(0)
        within = purse.of(limits, planned.FIRST * sum(map(aims.once, left)))
        texts = [target.metric.text for target in group]
        known = any(around.rebuilder.on_record(seed, texts) for seed in around.rebuilder.known_seeds())
        if within.budget is not None and within.budget < aims.once(group) and not known:
            continue
        how = "with fresh seeds" if around.has_seed else "as it is, since fossml.toml has no [seed]"
        say(f"again, {how}: {', '.join(target.claim.id for target in group)}")
        around.rebuilder.resume()
        found.append(measure(group, iter(handed), within, around))
        if found[-1].measurement.interrupted:
            break
    return tuple(found)


def _with_remarks(judged: Judged, rebuilder: Rebuilder) -> Judged:
    """What was not shut out of the rooms; in a sandbox, other folders were."""
    said = remarks(rebuilder.confinement, rebuilder.project)
    shut = {caveats.SHARED} if rebuilder.confinement else set()
    return replace(
        judged,
        verdicts=tuple(
            replace(one, not_checked=(*said, *(remark for remark in one.not_checked if remark not in shut)))
            for one in judged.verdicts
        ),
    )


def _accepted(root: Path) -> tuple[str, ...]:
    return tuple(
        f"the recorded result of {run.stage} was accepted by its author because {run.accepted.because!r}, though "
        + "; ".join(run.accepted.reasons)
        for run in read_runs(root)
        if run.accepted
    )


def _say_event(event: Event, say: Callable[[str], None]) -> None:
    if event.event == "done":
        say(f"  {event.stage}  {event.seconds:.1f} s")
    elif event.event == "failed":
        say(f"  {event.stage}  failed: {'; '.join(event.reasons)}")


def _seeded(targets: Sequence[Target], affected: Mapping[str, frozenset[str]], base: Built | None) -> list[Target]:
    """The claims to measure again: those that the seed reaches, all where there is none to give.

    A claim read as exact is about what the author recorded, and is left out; after the rebuild `base`, those too that
    it gave no number for.
    """
    wanting = [one for one in targets if _wants_seeds(one.claim) and (base is None or _measurable(one, base))]
    ids = {one.claim.id for one in wanting if affected[one.stage]}
    # A comparison with what the seed does not reach is paired with it all the same: it is measured in the same runs.
    ids |= {one.claim.id for one in wanting if ids.intersection(one.claim.others)}
    return _with_others(ids, targets)


def _with_others(ids: Iterable[str], targets: Sequence[Target]) -> list[Target]:
    """The targets of these claims and of those that they are compared with."""
    wanted = with_others(ids, [one.claim for one in targets])
    return [target for target in targets if target.claim.id in wanted]


def _measurable(target: Target, base: Built) -> bool:
    """Whether there is a number: the stages that it needs have run, whatever became of the others."""
    return not base.failed or bool(base.of(target.metric.text).values)


def _wants_seeds(claim: Claim) -> bool:
    return claim.reading is None or claim.reading.kind != "exact"
