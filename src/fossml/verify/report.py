"""What one verification says, made once: from a project's `Verified` or a command's `Result` to a `Report`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fossml import __version__
from fossml.types import Environment, Finding
from fossml.verify.claims.judge import exit_code, outcome
from fossml.verify.claims.loop import Outcome
from fossml.verify.cleanroom import perturb
from fossml.verify.command.brought import Brought
from fossml.verify.command.oneliner import Asked, Result
from fossml.verify.diff.outputs import CODE as OUTPUTS
from fossml.verify.diff.outputs import beside_room
from fossml.verify.project.verified import Compared, Verified
from fossml.verify.rebuild.planned import steps
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.targets import Target
from fossml.views.compared import summary
from fossml.views.report import INTERRUPTED, Made, Outputs, Performed, Report, Source, Told
from fossml.views.sentence import Judged


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the verdicts: what was verified, on what, when, and how to ask for it again."""

    title: str
    source: Source
    repeat: str
    when: str
    python: str = ""
    environment: Environment | None = None
    made: Made | None = None
    findings: tuple[Finding, ...] = ()
    budget: float | None = None
    records: str = ""


def of_project(verified: Verified, targets: Sequence[Target], about: Circumstances) -> Report:
    """The answer about a project's claims."""
    base = _rebuild(verified.rebuilt, targets)
    runs = [_run(one, each.claims, targets) for each in verified.repeated for one in each.measurement.outcomes]
    return Report(
        title=about.title,
        source=about.source,
        claims=_told(verified.judged, verified.beside),
        exit_code=exit_code([one.verdicts for one in verified.judged]),
        repeat=about.repeat,
        when=about.when,
        made_by=__version__,
        python=about.python,
        environment=about.environment,
        made=about.made,
        findings=_agreed((*about.findings, *verified.findings)),
        outputs=outputs(verified.compared),
        runs=(*([base] if verified.rebuilt.was_made else []), *runs, *(_beside(one, targets) for one in verified.also)),
        plan=steps(verified.plan),
        budget=about.budget,
        failed=verified.rebuilt.failed,
        accepted=verified.accepted,
        stopped=_stopped(verified),
        records=about.records,
    )


def _stopped(verified: Verified) -> str:
    measured = verified.measurement
    if verified.interrupted:
        return f"{INTERRUPTED}: the same command goes on from here"
    return measured.stopped if measured else ""


def _agreed(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """`findings`, none of which guesses at what another one has found."""
    room = next((one for one in findings if one.code == perturb.CODE and one.status in ("fail", "unknown")), None)
    return tuple(beside_room(one, room) if room and one.code == OUTPUTS else one for one in findings)


def of_command(asked: Asked, result: Result, about: Circumstances) -> Report:
    """The answer about what one command prints or writes."""
    return Report(
        title=about.title,
        source=about.source,
        claims=_told(result.judged),
        exit_code=exit_code([one.verdicts for one in result.judged]),
        repeat=about.repeat,
        when=about.when,
        made_by=__version__,
        command=asked.delivery.cmd,
        python=result.python,
        environment=about.environment,
        made=about.made,
        findings=about.findings,
        runs=tuple(
            Performed(
                what="run",
                seed=one.seed,
                seconds=one.seconds,
                recorded=one.recorded,
                failure=one.failure,
                values=tuple(measured.values or None for measured in one.measured),
                missing=tuple(measured.missing for measured in one.measured),
            )
            for one in result.measurement.outcomes
        ),
        budget=asked.limits.budget,
        stopped=result.measurement.stopped,
        hints=result.hints,
        records=str(result.records),
    )


def of_brought(brought: Brought, asked: Asked, results: Sequence[Result], about: Circumstances) -> Report:
    """The answer about the claims of a reader's file, in its order, whichever of its commands makes them."""
    judged = {one.claim.id: one for result in results for one in result.judged}
    order = [claim.id for claim in brought.claims if claim.id in judged]
    runs = [
        _placed(one, [told.claim.id for told in result.judged], order)
        for result in results
        for one in result.measurement.outcomes
    ]
    used = [one.delivery.cmd for name, one in brought.runs.items() if any(c.run == name for c in brought.claims)]
    return Report(
        title=about.title,
        source=about.source,
        claims=_told([judged[name] for name in order]),
        exit_code=exit_code([judged[name].verdicts for name in order]),
        repeat=about.repeat,
        when=about.when,
        made_by=__version__,
        command="; ".join(used),
        python=results[0].python if results else "",
        environment=about.environment,
        made=about.made,
        findings=about.findings,
        runs=tuple(runs),
        budget=asked.limits.budget,
        stopped="; ".join(dict.fromkeys(result.measurement.stopped for result in results)),
        hints=tuple(hint for result in results for hint in result.hints),
        records=", ".join(dict.fromkeys(str(result.records) for result in results if result.records)),
    )


def _placed(one: Outcome, ids: Sequence[str], order: Sequence[str]) -> Performed:
    """A run with its values at the places of the claims that it was made for."""
    found = dict(zip(ids, one.measured, strict=False))
    return Performed(
        what="run",
        seed=one.seed,
        seconds=one.seconds,
        recorded=one.recorded,
        failure=one.failure,
        values=tuple(found[name].values or None if name in found else None for name in order),
        missing=tuple(found[name].missing if name in found else "" for name in order),
    )


def _told(judged: Sequence[Judged], beside: Mapping[str, Judged] | None = None) -> tuple[Told, ...]:
    others = beside or {}
    return tuple(
        Told(one, outcome(one.verdicts), (others[one.claim.id],) if one.claim.id in others else ()) for one in judged
    )


def outputs(compared: Compared) -> Outputs:
    """The outputs beside those on record, as a view shows them."""
    how = {path: summary(one) for path, one in compared.how.items()}
    how |= dict.fromkeys(compared.not_reached, "not rebuilt: its stage failed or was not reached")
    return Outputs(compared.same, compared.different, compared.unrecorded, compared.left_out, how, compared.how)


def _rebuild(built: Built, targets: Sequence[Target]) -> Performed:
    found = [built.measured.get(target.metric.text) for target in targets]
    return Performed(
        what="rebuilt as recorded",
        seed=None,
        seconds=built.seconds,
        recorded=built.recorded,
        failure="; ".join(f"stage {stage}: {why}" for stage, why in built.failed.items()),
        values=tuple(one.values or None if one else None for one in found),
        missing=tuple(one.missing if one else "" for one in found),
    )


def _beside(built: Built, targets: Sequence[Target]) -> Performed:
    """A build that is neither the rebuild nor a repetition: its name says what it was for."""
    return replace(_rebuild(built, targets), what=built.variant, seed=built.seed)


def _run(one: Outcome, claims: Sequence[str], targets: Sequence[Target]) -> Performed:
    """A repetition; its values stand at the places of the claims that were measured again."""
    measured = dict(zip(claims, one.measured, strict=False))
    found = [measured.get(target.claim.id) for target in targets]
    return Performed(
        what="with a fresh seed" if one.seed is not None else "again, as it is",
        seed=one.seed,
        seconds=one.seconds,
        recorded=one.recorded,
        failure=one.failure,
        values=tuple(each.values or None if each else None for each in found),
        missing=tuple(each.missing if each else "" for each in found),
    )


def repeat(commit: str | None, words: Sequence[str], url: str = "") -> str:
    """What to type to get the answer again: at the same commit, of the same repository, the same words."""
    if url:
        return shlex.join(["fossml", "verify", f"{url}@{commit}" if commit else url, *words])
    first = [f"git checkout {commit}"] if commit else []
    return "\n".join([*first, shlex.join(["fossml", "verify", *words])])
