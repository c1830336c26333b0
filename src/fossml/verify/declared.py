"""`verify` in a configured project: its claims, rebuilt from nothing, then with fresh seeds where one reaches them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path, PurePosixPath

from fossml.compare import Comparison
from fossml.engine.graph import make_graph
from fossml.engine.records import read_runs
from fossml.errors import UNKNOWN, FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import read_lock, rooted
from fossml.types import Artifact, Claim, Event, Finding, Reading, Verdict
from fossml.verify import caveats, planned, released, seeds
from fossml.verify.budget import Plan
from fossml.verify.cells import in_tables
from fossml.verify.claims import parse_claim
from fossml.verify.compared import resolve, with_others
from fossml.verify.confine import remarks
from fossml.verify.judge import Samples, best_of_about, judge
from fossml.verify.loop import Limits, Measurement, Outcome, samples
from fossml.verify.metric import Measured, parse_metric
from fossml.verify.outputs import finding, how
from fossml.verify.planned import Aims
from fossml.verify.rebuild import Built, Rebuilder
from fossml.verify.repeat import Purse, Repeated, Round, Seeds, Target, groups, measure
from fossml.verify.shows import Further, intended, show
from fossml.views.sentence import Judged

__all__ = ["Compared", "Repeated", "Target", "Verified", "compare", "read_targets", "verify_project"]


@dataclass(frozen=True, slots=True)
class Compared:
    """The outputs of the rebuild beside those that the author's dvc.lock records; `left_out` were not rebuilt.

    `different` have other bytes; `how` says of each of them how much that means.
    """

    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    how: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that was rebuilt, measured and judged, the claims in the order of fossml.toml.

    `beside` maps ids to what released weights gave. `accepted` are recorded results that their author kept by hand;
    `findings` are what was noticed on the way. `also` are builds beside the rebuild and the repetitions: of released
    weights, controls, probes, and those that tell what of the room makes a difference.
    """

    judged: tuple[Judged, ...]
    rebuilt: Built
    compared: Compared
    repeated: tuple[Repeated, ...] = ()
    accepted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    plan: Plan = field(default_factory=lambda: Plan(()))
    beside: Mapping[str, Judged] = field(default_factory=dict)
    interrupted: bool = False
    also: tuple[Built, ...] = ()

    @property
    def measurement(self) -> Measurement | None:
        """All repetitions together; None where nothing was repeated."""
        if not self.repeated:
            return None
        parts = [one.measurement for one in self.repeated]
        stopped = "; ".join(dict.fromkeys(one.stopped for one in parts))
        outcomes = tuple(outcome for one in parts for outcome in one.outcomes)
        return Measurement(outcomes, stopped, any(one.interrupted for one in parts))


def read_targets(project: Project, only: Sequence[str] = ()) -> tuple[Target, ...]:
    """The claims of `project`, each with the stage that makes it.

    If any id is given in `only`, those alone with what they are compared with. FossmlError for a claim that is not
    well formed, given twice, or about a metric that no stage makes.
    """
    file = project.config.file or "fossml.toml"
    if not project.config.claims:
        raise FossmlError(
            f"there is no [[claim]] to verify{'' if project.config.file else ', as there is no fossml.toml'}",
            where=project.config.file or str(project.root),
            hint="add one to fossml.toml, or verify any command with --cmd (`fossml verify --help` shows how)",
            code=UNKNOWN,
        )
    claims = resolve([parse_claim(one.table, f"{file}:{one.line}") for one in project.config.claims], file)
    found = {one.id: _target(project, one, f"{file}:{one.line}") for one in claims}
    for name in only:
        if name not in found:
            raise FossmlError(f"there is no claim {name!r}", where=file, hint=f"the claims are: {', '.join(found)}")
    wanted = with_others(only or found, claims)
    return tuple(target for name, target in found.items() if name in wanted)


def _target(project: Project, claim: Claim, where: str) -> Target:
    metric = parse_metric(claim.metric, where)
    makers = {rooted(stage, out.path): stage.address for stage in project.stages for out in stage.outs}
    for path in (PurePosixPath(place) for place in metric.places):
        maker = next((makers[str(one)] for one in (path, *path.parents) if str(one) in makers), None)
        if maker:
            return Target(claim, metric, maker, tuple(path for path, address in makers.items() if address == maker))
    made = ", ".join(sorted(makers)) or "nothing"
    raise FossmlError(f"no stage makes {metric.source}", where=where, hint=f"the stages make: {made}")


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
    beside = _released(targets, first, rebuilder, say)
    rebuilt = [one for one in targets if first.makes("rebuild", one.claim.id)]
    base = _rebuild(rebuilt, rebuilder, say)
    seeded = _seeded(rebuilt, affected, base)
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
    done = Done(tuple(targets), base, repeated, tuple(seeded), whole, limits, route is not None)
    judged, cells = in_tables(tuple(done.judged(target) for target in targets), limits.runs)
    interrupted = any(one.measurement.interrupted for one in repeated)
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
    compared = compare(rebuilder.project, base, rebuilder.lies_in, rebuilder.records.folder)
    why = finding(rebuilder.project, compared.how, rebuilder.lies_in)
    return Verified(
        tuple(_with_remarks(shown.beside(one), rebuilder) for one in judged),
        base,
        compared,
        repeated,
        _accepted(project.root),
        (*cells, *base.findings, *shown.findings, *((why,) if why else ())),
        done.plan,
        beside,
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


def _released(
    targets: Sequence[Target], first: Plan, rebuilder: Rebuilder, say: Callable[[str], None]
) -> dict[str, Judged]:
    """By the ids of claims: what released weights give, evaluated again; it stands beside the other verdict."""
    wanted = [one for one in targets if first.makes("weights", one.claim.id)]
    found: dict[str, Judged] = {}
    for address, release in released.releases(rebuilder.project, wanted).items():
        here = [one for one in wanted if one.stage == address]
        say(f"{address} alone, on the released weights: {', '.join(sorted(release.inputs))}")
        only = {one.metric.text: address for one in here}
        bring = partial(released.bring, release, rebuilder.project)
        built = rebuilder.evaluated(release.stage, bring, only)
        found.update({one.claim.id: told for one in here if (told := released.judged(one, built)) is not None})
    return found


def _rebuild(targets: Sequence[Target], rebuilder: Rebuilder, say: Callable[[str], None]) -> Built:
    """As declared, once, what the targets need."""
    if not targets:
        return Built(None, 0.0)
    say("rebuilding from nothing in a copy: no outputs, no cache, no lock of the author's")
    if rebuilder.room:
        say(f"  in a sandbox: {rebuilder.room}")
    only = {target.metric.text: target.stage for target in targets}
    base = rebuilder.built(None, lambda event: _say_event(event, say), only)
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
        if within.budget is not None and within.budget < aims.once(group):
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


@dataclass(frozen=True, slots=True)
class Done:
    """All that was done, from which each claim is judged."""

    targets: tuple[Target, ...]
    base: Built
    repeated: tuple[Repeated, ...]
    seeded: tuple[Target, ...]
    plan: Plan
    limits: Limits
    has_seed: bool

    def judged(self, target: Target) -> Judged:
        """What was done of a claim says which rung its verdict stands on."""
        name = target.claim.id
        if not self.plan.makes("rebuild", name):
            why = dict.fromkeys(planned.told(one) for one in self.plan.left_out if name in one.check.claims)
            return _not_evaluable(target, f"left out: {'; '.join(why)}")
        again = next((one for one in self.repeated if name in one.claims and one.measurement.outcomes), None)
        if again is not None:
            return self._repeated(target, again)
        return self._once(target) if target in self.seeded else self._rebuilt(target)

    def _repeated(self, target: Target, again: Repeated) -> Judged:
        known = {one.claim.id: one.claim for one in self.targets}
        place, outcomes = again.claims.index(target.claim.id), again.measurement.outcomes
        found = samples(outcomes, place, [known[name] for name in again.claims])
        not_checked = caveats.not_checked(target.claim, outcomes, place, seeded=self.has_seed)
        verdicts = judge(
            target.claim,
            found,
            last=self.limits.runs,
            rung="L4" if self.has_seed else "L3",
            seconds=sum(one.seconds for one in outcomes),
            missing=caveats.why_missing(outcomes, place)[0],
            not_checked=not_checked,
        )
        return Judged(verdicts, found.scores, self.has_seed, found.fixed, best_of_about(target.claim, found))

    def _once(self, target: Target) -> Judged:
        """A claim that a seed reaches, with the recorded seed alone: equal to one run, or as yet undecided."""
        rebuilt = self._rebuilt(target)
        reading = target.claim.reading
        # One pair does not show that one leads, nor one run that a bound is kept: only equality is seen in one.
        alone = (reading is None or reading.kind == "one") and not target.claim.others
        equal = alone and rebuilt.verdicts[0].name in ("exact", "numeric")
        not_checked = ("other seeds: they were left out", *caveats.ALWAYS)
        if not equal and rebuilt.scores:
            found, base = self._recorded(target), self.base
            verdicts = judge(target.claim, found, last=self.limits.runs, rung="L3", seconds=base.seconds)
            rebuilt = Judged(verdicts, found.scores, False)
        return replace(rebuilt, verdicts=tuple(replace(one, not_checked=not_checked) for one in rebuilt.verdicts))

    def _rebuilt(self, target: Target) -> Judged:
        """One rebuild with what the author recorded: equal at the printed precision, or not."""
        found, base = self._recorded(target), self.base
        if not found.runs:
            why = "; ".join(f"stage {stage} failed: {said}" for stage, said in base.failed.items())
            return _not_evaluable(target, why or self._lacking(target).missing)
        # Where no seed reaches it there is one result: it equals the claim or it does not, whatever it is called.
        claim = replace(target.claim, reading=Reading("exact"))
        verdicts = judge(claim, found, rung="L3", seconds=base.seconds, not_checked=caveats.ALWAYS)
        return Judged(tuple(replace(one, claim=target.claim) for one in verdicts), found.scores, False)

    def _measured(self, target: Target) -> dict[str, Measured]:
        """What the rebuild gave for the claim and for those that it is compared with."""
        given = {one.claim.id: self.base.measured.get(one.metric.text, Measured()) for one in self.targets}
        return {name: given[name] for name in (target.claim.id, *target.claim.others)}

    def _lacking(self, target: Target) -> Measured:
        return next((one for one in self._measured(target).values() if not one.values), Measured())

    def _recorded(self, target: Target) -> Samples:
        """The one run as recorded; none where a number is missing."""
        measured = self._measured(target)
        if not all(one.values for one in measured.values()):
            return Samples(())
        rivals = tuple(tuple(measured[name].values.values())[:1] for name in target.claim.others)
        return Samples((measured[target.claim.id].values,), others=rivals)


def _not_evaluable(target: Target, reason: str) -> Judged:
    missing = Verdict(target.claim, "not evaluable", None, target.claim.reading, 0, reason)
    return Judged((replace(missing, not_checked=caveats.ALWAYS),), seeded=False)


def unbuilt(targets: Sequence[Target], reason: str) -> Verified:
    """Nothing was built, and why: no claim can be evaluated."""
    return Verified(tuple(_not_evaluable(one, reason) for one in targets), Built(None, 0.0), Compared())


def compare(project: Project, base: Built, rebuilt: Path | None = None, records: Path | None = None) -> Compared:
    """Each output of the rebuild beside the author's dvc.lock: the same bytes, different and how, or not on record.

    `rebuilt` is the folder of the rebuild, None where that is on record; what it is compared to is kept in `records`.
    """
    known: dict[str, Artifact] = {}
    for file in sorted({stage.file for stage in project.stages}):
        lock = read_lock(project.root, file)
        for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
            known.update(
                {path: replace(out, path=path) for out in lock[stage.name].outs for path in [rooted(stage, out.path)]}
            )
    recorded = {path: artifact.digest for path, artifact in known.items()}
    pairs = {path: recorded.get(path) for path in sorted(base.outs)}
    apart = {path: known[path] for path, was in pairs.items() if was is not None and was != base.outs[path]}
    return Compared(
        tuple(path for path, was in pairs.items() if was == base.outs[path]),
        tuple(apart),
        tuple(path for path, was in pairs.items() if was is None),
        tuple(sorted(recorded.keys() - base.outs.keys())),
        how(project, apart, base.outs, rebuilt, records) if records else {},
    )
