"""`verify` in a configured project: its claims, rebuilt from nothing, then with fresh seeds where one reaches them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from fossml.canon import key
from fossml.engine.graph import make_graph
from fossml.engine.records import read_runs
from fossml.errors import UNKNOWN, FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import read_lock, rooted
from fossml.types import Claim, Event, Finding, Reading, Verdict
from fossml.verify import caveats, seeds
from fossml.verify.cells import in_tables
from fossml.verify.claims import parse_claim
from fossml.verify.compared import resolve, with_others
from fossml.verify.judge import Samples, best_of_about, judge
from fossml.verify.loop import Limits, Measurement, Outcome, run, samples
from fossml.verify.metric import Metric, parse_metric
from fossml.verify.rebuild import Built, Rebuilder
from fossml.verify.shows import Further, show
from fossml.views.sentence import Judged

_ROOM = (
    "the environment: the Python on this machine's PATH was used, not one made from the project's own lock",
    "network and other folders of this machine: the rebuild could reach them",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A claim with its metric, the stage that makes it, and all that this stage makes."""

    claim: Claim
    metric: Metric
    stage: str
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """The outputs of the rebuild beside those that the author's dvc.lock records; `left_out` were not rebuilt."""

    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeated:
    """Claims (their ids) that were measured again together, and what that gave."""

    claims: tuple[str, ...]
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that was rebuilt, measured and judged, the claims in the order of fossml.toml.

    `accepted` are recorded results that their author kept by hand; `findings` are what was noticed on the way.
    """

    judged: tuple[Judged, ...]
    rebuilt: Built
    compared: Compared
    repeated: tuple[Repeated, ...] = ()
    accepted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    interrupted: bool = False

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
    parts = metric.source.split("/")
    for length in range(len(parts), 0, -1):
        if maker := makers.get("/".join(parts[:length])):
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
    """Rebuild, find which claims a seed reaches, measure those with fresh seeds, judge all."""
    make_graph(rebuilder.project.stages)
    say("rebuilding from nothing in a copy: no outputs, no cache, no lock of the author's")
    base = rebuilder.built(None, lambda event: _say_event(event, say))
    route = rebuilder.project.config.seed
    known = rebuilder.known_seeds()
    draws = seeds.fresh(rng, set(known)) if route else count(max(known, default=0) + 1)
    if base.recorded:
        say(f"  on record: it took {base.seconds:.1f} s (--fresh does it again)")
    seeded = _seeded(targets, rebuilder, base, draws)
    measured = None
    if seeded and limits.runs > 0:
        how = "with fresh seeds" if route else "as it is, since fossml.toml has no [seed]"
        say(f"again, {how}: {', '.join(target.claim.id for target in seeded)}")
        measured = run(
            [target.claim for target in seeded],
            lambda seed: _outcome(rebuilder.built(seed), seeded, base, has_seed=route is not None),
            chain(known, draws),
            limits,
            cancel=rebuilder.cancel,
            report=lambda one: report(seeded, one),
        )
    alone = tuple(
        _judge_repeated(seeded, seeded.index(target), measured, limits, has_seed=route is not None)
        if measured and target in seeded
        else _judge_rebuilt(target, targets, base)
        for target in targets
    )
    repeated = (Repeated(tuple(target.claim.id for target in seeded), measured),) if measured else ()
    judged, cells = in_tables(alone, limits.runs)
    interrupted = measured is not None and measured.interrupted
    shown = show(
        targets,
        rebuilder,
        base,
        replace(further, controls=False, probe=False) if interrupted else further,
        measured=[target.claim.id for target in seeded] if measured else (),
        seeds=draws,
        rng=rng,
        say=say,
    )
    return Verified(
        tuple(map(shown.beside, judged)),
        base,
        compare(rebuilder.project, base),
        repeated,
        _accepted(rebuilder.project.root),
        (*cells, *shown.findings),
        interrupted or shown.interrupted,
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


def _seeded(targets: Sequence[Target], rebuilder: Rebuilder, base: Built, draws: Iterator[int]) -> list[Target]:
    """The claims to measure again: those that the seed reaches, all where there is none to give.

    A claim read as exact is about what the author recorded, and is left out.
    """
    wanting = [one for one in targets if _wants_seeds(one.claim) and (not base.failed or _has(base, one))]
    if rebuilder.project.config.seed is None or not wanting:
        return wanting
    trial = next(draws)
    stages = {target.stage for target in wanting}
    reached = {stage for stage in stages if rebuilder.reached(stage, trial)}
    ids = {target.claim.id for target in wanting if target.stage in reached}
    # A comparison with what the seed does not reach is paired with it all the same: it is measured in the same runs.
    ids |= {one.claim.id for one in wanting if ids.intersection(one.claim.others)}
    ids |= with_others(ids, [one.claim for one in targets])
    return [target for target in targets if target.claim.id in ids]


def _has(built: Built, target: Target) -> bool:
    """Whether the number is there: the stages that it needs have run, whatever became of the others."""
    return bool(built.measured[target.metric.text].values)


def _wants_seeds(claim: Claim) -> bool:
    return claim.reading is None or claim.reading.kind != "exact"


def _outcome(built: Built, targets: Sequence[Target], base: Built, *, has_seed: bool) -> Outcome:
    """What a build gave for `targets`, none of which needs a stage that failed in `base`."""
    measured = tuple(built.measured[target.metric.text] for target in targets)
    wrote = tuple(key({path: built.outs.get(path) for path in target.made}) for target in targets)
    failure = "; ".join(f"stage {stage}: {why}" for stage, why in built.failed.items() if stage not in base.failed)
    return Outcome(built.seed if has_seed else None, built.seconds, measured, wrote, built.recorded, failure)


def _judge_repeated(
    seeded: Sequence[Target], place: int, measured: Measurement, limits: Limits, *, has_seed: bool
) -> Judged:
    target = seeded[place]
    found = samples(measured.outcomes, place, [one.claim for one in seeded])
    verdicts = judge(
        target.claim,
        found,
        last=limits.runs,
        rung="L4" if has_seed else "L3",
        seconds=sum(one.seconds for one in measured.outcomes),
        missing=caveats.why_missing(measured.outcomes, place)[0],
        not_checked=(*_ROOM, *caveats.not_checked(target.claim, measured.outcomes, place, seeded=has_seed)),
    )
    return Judged(verdicts, found.scores, has_seed, found.fixed, best_of_about(target.claim, found))


def _judge_rebuilt(target: Target, targets: Sequence[Target], base: Built) -> Judged:
    """One rebuild with what the author recorded: equal at the printed precision, or not."""
    known = {one.claim.id: base.measured[one.metric.text] for one in targets}
    lacking = [known[name] for name in target.claim.others if not known[name].values]
    measured = lacking[0] if lacking else base.measured[target.metric.text]
    not_checked = (*_ROOM, *caveats.ALWAYS)
    if not measured.values:
        reason = "; ".join(f"stage {stage} failed: {why}" for stage, why in base.failed.items()) or measured.missing
        missing = Verdict(target.claim, "not evaluable", None, target.claim.reading, 0, reason)
        return Judged((replace(missing, not_checked=not_checked),), seeded=False)
    # Without a seed that reaches it, there is one result: it equals the claim or it does not, whatever it is called.
    claim = replace(target.claim, reading=Reading("exact"))
    rivals = tuple(tuple(known[name].values.values())[:1] for name in claim.others)
    found = Samples((measured.values,), others=rivals)
    verdicts = judge(claim, found, rung="L3", seconds=base.seconds, not_checked=not_checked)
    return Judged(tuple(replace(one, claim=target.claim) for one in verdicts), found.scores, False)


def compare(project: Project, base: Built) -> Compared:
    """Each output of the rebuild beside the author's dvc.lock: the same bytes, different, or not on record."""
    recorded: dict[str, str] = {}
    for file in sorted({stage.file for stage in project.stages}):
        lock = read_lock(project.root, file)
        for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
            recorded.update({rooted(stage, out.path): out.digest for out in lock[stage.name].outs})
    pairs = {path: recorded.get(path) for path in sorted(base.outs)}
    return Compared(
        tuple(path for path, was in pairs.items() if was == base.outs[path]),
        tuple(path for path, was in pairs.items() if was is not None and was != base.outs[path]),
        tuple(path for path, was in pairs.items() if was is None),
        tuple(sorted(recorded.keys() - base.outs.keys())),
    )
