"""What one verification says, made once: from a project's `Verified` or a command's `Result` to a `Report`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from fossml import __version__
from fossml.types import Environment
from fossml.verify.declared import Compared, Target, Verified
from fossml.verify.judge import exit_code, outcome
from fossml.verify.loop import Outcome
from fossml.verify.oneliner import Asked, Result
from fossml.verify.rebuild import Built
from fossml.views.report import Outputs, Performed, Report, Source, Told
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
    budget: float | None = None
    records: str = ""


def of_project(verified: Verified, targets: Sequence[Target], about: Circumstances) -> Report:
    """The answer about a project's claims."""
    measured = verified.measurement
    base = _rebuild(verified.rebuilt, targets)
    runs = [_run(one, each.claims, targets) for each in verified.repeated for one in each.measurement.outcomes]
    return Report(
        title=about.title,
        source=about.source,
        claims=_told(verified.judged),
        exit_code=exit_code([one.verdicts for one in verified.judged]),
        repeat=about.repeat,
        when=about.when,
        made_by=__version__,
        python=about.python,
        environment=about.environment,
        findings=verified.findings,
        outputs=outputs(verified.compared),
        runs=(base, *runs),
        budget=about.budget,
        failed=verified.rebuilt.failed,
        accepted=verified.accepted,
        stopped=measured.stopped if measured else "",
        records=about.records,
    )


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


def _told(judged: Sequence[Judged]) -> tuple[Told, ...]:
    return tuple(Told(one, outcome(one.verdicts)) for one in judged)


def outputs(compared: Compared) -> Outputs:
    """The outputs beside those on record, as a view shows them."""
    return Outputs(compared.same, compared.different, compared.unrecorded, compared.left_out)


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


def repeat(commit: str | None, words: Sequence[str]) -> str:
    """What to type to get the answer again: at the same commit, the same words."""
    first = [f"git checkout {commit}"] if commit else []
    return "\n".join([*first, shlex.join(["fossml", "verify", *words])])
