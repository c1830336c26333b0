"""Several commands measured with the same seeds, so that their numbers can be paired."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from fossml.errors import FossmlError
from fossml.types import Claim, Verdict
from fossml.verify.claims import caveats
from fossml.verify.claims.cells import in_tables
from fossml.verify.claims.loop import Limits, Measurement, Outcome, run
from fossml.verify.cleanroom.room import digest
from fossml.verify.command.brought import Brought, Run, groups
from fossml.verify.command.measure import Command, Setting, require_room, shelf_key
from fossml.verify.command.oneliner import Around, Asked, Result, judge_one, plan, setting
from fossml.verify.command.record import Place, Shelf
from fossml.views.sentence import Judged


def verify_brought(
    brought: Brought,
    asked: Asked,
    around: Around,
    *,
    rng: random.Random,
    say: Callable[[str], None],
    report: Callable[[Sequence[Claim], Outcome], None],
) -> list[Result]:
    """Measure and judge the claims of the file on the repository `asked.folder`, a result for each group of commands.

    Of `asked` the limits count, the seeds, timeout, keep and fresh. FossmlError for a claim whose metric does not
    come out of a run that succeeded.
    """
    found = []
    begun, whole = time.monotonic(), asked
    for names in groups(brought):
        asked = replace(whole, limits=left(whole.limits, time.monotonic() - begun))
        runs = [brought.runs[name] for name in names]
        claims = tuple(claim for claim in brought.claims if claim.run in names)
        parts = [_part(one, claims, asked, around) for one in runs]
        with ExitStack() as locks:
            commands = [_command(part, made, around, locks, say) for part, made in parts]
            found.append(_measured(brought, claims, [part for part, _ in parts], commands, rng, report))
    return found


def left(limits: Limits, seconds: float) -> Limits:
    """`limits` after `seconds` of the budget: all groups of commands share it, though each makes its first run."""
    return limits if limits.budget is None else replace(limits, budget=max(limits.budget - seconds, 0.0))


def unmade(brought: Brought, reason: str) -> Result:
    """Nothing was run, and why: no claim can be evaluated."""
    missing = [Verdict(claim, "not evaluable", None, claim.reading, 0, reason) for claim in brought.claims]
    judged = tuple(Judged((replace(one, not_checked=caveats.ALWAYS),), seeded=False) for one in missing)
    return Result(judged, Measurement((), reason), (), None, "")


def _part(one: Run, claims: Sequence[Claim], asked: Asked, around: Around) -> tuple[Asked, Setting]:
    """One command with the claims whose numbers it makes."""
    wdir = around.cwd / one.wdir
    if not wdir.is_dir():
        raise FossmlError(f"there is no folder {one.wdir}", where=str(around.cwd), hint="see `wdir` of the run")
    own = tuple(claim for claim in claims if claim.run == one.name)
    part = replace(asked, delivery=one.delivery, claims=own)
    return part, setting(part, replace(around, cwd=wdir))


@dataclass(frozen=True, slots=True)
class _Command:
    """A command ready to be measured, and where its records are."""

    command: Command
    shelf: Shelf
    places: Sequence[Place]
    python: str


def _command(part: Asked, made: Setting, around: Around, locks: ExitStack, say: Callable[[str], None]) -> _Command:
    content, size = digest(made.root, made.leave_out)
    shelf = Shelf(around.cache / shelf_key(made, content))
    require_room(made.root, around.cache, size, part.limits.jobs)
    locks.enter_context(shelf.locked())
    if part.fresh:
        shelf.forget()
    places = shelf.places()
    python = made.interpreter.path if made.interpreter else "(none)"
    say(f"{part.delivery.cmd}: python: {python}" + ("" if part.delivery.seeded else "; no seed is given"))
    return _Command(Command(made, shelf, places, say), shelf, places, python)


def _measured(
    brought: Brought,
    claims: tuple[Claim, ...],
    parts: Sequence[Asked],
    commands: Sequence[_Command],
    rng: random.Random,
    report: Callable[[Sequence[Claim], Outcome], None],
) -> Result:
    # Together they count as one command, which is given a seed if any of them is.
    lead = next((place for place, part in enumerate(parts) if part.delivery.seeded), 0)
    whole = replace(parts[lead], claims=claims)

    def given(seed: int | None) -> list[tuple[Command, int | None]]:
        return [
            (one.command, seed if part.delivery.seeded else None) for part, one in zip(parts, commands, strict=True)
        ]

    def once(seed: int | None) -> Outcome:
        return _merged(claims, parts, [command.measure(own) for command, own in given(seed)], seed)

    def told(one: Outcome) -> None:
        _require_metrics(brought, claims, one)
        report(claims, one)

    measured = run(
        claims,
        once,
        plan(whole, commands[lead].places, rng),
        whole.limits,
        cancel=lambda: _cancel(commands),
        report=told,
        on_record=lambda seed: all(command.on_record(own) for command, own in given(seed)),
    )
    judged, found = in_tables([judge_one(whole, measured, place) for place in range(len(claims))], whole.limits.runs)
    hints = [f"{one.subject}: {one.message}" for one in found]
    hints += [caveats.why_missing(measured.outcomes, place)[1] for place, one in enumerate(judged) if not one.scores]
    said = tuple(dict.fromkeys(hint for hint in hints if hint))
    return Result(judged, measured, said, commands[lead].shelf.folder, commands[lead].python)


def _cancel(commands: Sequence[_Command]) -> None:
    for one in commands:
        one.command.cancel()


def _merged(claims: Sequence[Claim], parts: Sequence[Asked], made: Sequence[Outcome], seed: int | None) -> Outcome:
    """One outcome of several commands: it failed if one of them did."""
    failed = next((one for one in made if one.failure), None)
    seconds = sum(one.seconds for one in made)
    if failed:
        return Outcome(seed, seconds, failure=failed.failure, hint=failed.hint)
    measured = {
        claim.id: (one.measured[place], one.wrote[place] if one.wrote else "")
        for part, one in zip(parts, made, strict=True)
        for place, claim in enumerate(part.claims)
    }
    ordered = [measured[claim.id] for claim in claims]
    return Outcome(
        seed,
        seconds,
        tuple(value for value, _ in ordered),
        tuple(wrote for _, wrote in ordered),
        recorded=all(one.recorded for one in made),
    )


def _require_metrics(brought: Brought, claims: Sequence[Claim], one: Outcome) -> None:
    """A run that succeeded and does not make a metric makes its claim an error of the file."""
    for claim, measured in zip(claims, () if one.failure else one.measured, strict=False):
        if not measured.values:
            raise FossmlError(measured.missing, where=brought.where(claim), hint=measured.hint or None)
