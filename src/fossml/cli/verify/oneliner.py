"""`fossml verify --cmd`: any command, in the folder where one stands or on the files of a commit."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from fossml.cli.tell import tell
from fossml.cli.verify.given import Given, form, seeds
from fossml.cli.verify.modes import EXAMPLE
from fossml.cli.verify.world import around, interrupted, speaker
from fossml.env import child_environment, environment, interpreter
from fossml.errors import FossmlError
from fossml.types import Claim
from fossml.verify.claims.caveats import with_remarks
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.claims.parse import claim_from_options
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.cleanroom.target import parse_target
from fossml.verify.command.oneliner import Around, Asked, Result, verify
from fossml.verify.report import Circumstances, of_command, repeat
from fossml.views.report import Report

if TYPE_CHECKING:
    from fossml.verify.command.there import There

_T = TypeVar("_T")


def run(given: Given) -> int:
    """Measure, tell; the exit code."""
    asked, say = _asked(given), speaker(given.quiet)
    report = reporter(asked.claims, asked.limits.runs, say)
    with place(asked, around(), given, say, unless="path") as found:
        there = found.required()
        result = verify(there.asked, there.around, rng=random.SystemRandom(), say=say, report=report)
        told = _report(there, result, given.words)
    tell(told, form(given))
    return interrupted(()) if result.measurement.interrupted else told.exit_code


def _asked(given: Given) -> Asked:
    assert given.cmd is not None  # it is what chose this mode
    return Asked(
        delivery=Delivery(given.cmd, given.seed_flag, given.seed_env, given.seed_param),
        claims=_claims(given),
        limits=Limits(given.runs, given.budget, given.jobs),
        seeds=seeds(given),
        folder=given.folder,
        timeout=given.timeout,
        keep=given.keep,
        fresh=given.fresh,
        sandbox=given.sandbox or (not given.trust and _elsewhere(given.target)),
    )


def _elsewhere(target: str | None) -> bool:
    """Whether the code is that of a URL: a stranger's."""
    return target is not None and bool(parse_target(target, Path.cwd()).url)


def _claims(given: Given) -> tuple[Claim, ...]:
    if not given.claims or not given.metrics:
        raise FossmlError("--metric and --claim are both needed", hint=f"for example {EXAMPLE}")
    count = max(len(given.claims), len(given.metrics))
    paired = zip(
        _each(given.metrics, count, "--metric"),
        _each(given.claims, count, "--claim"),
        _each(given.readings or (None,), count, "--reading"),
        _each(given.spreads or (None,), count, "--spread"),
        strict=True,
    )
    return tuple(
        claim_from_options(metric, value, reading=reading, spread=spread, margin=given.margin)
        for metric, value, reading, spread in paired
    )


def _each(values: Sequence[_T], count: int, option: str) -> Sequence[_T]:
    """One value for each claim; a single one serves for all, except for a claim."""
    if len(values) == count:
        return values
    if len(values) == 1 and option != "--claim":
        return [values[0]] * count
    raise FossmlError(f"{len(values)} times {option} for {count} numbers", hint="give --metric and --claim in pairs")


@contextlib.contextmanager
def place(
    asked: Asked, world: Around, given: Given, say: Callable[[str], None], *, unless: Literal["auto", "path"]
) -> Iterator[There]:
    """What was asked, led to the files of the target and their environment; as it is where none is given.

    `unless` is the environment of a folder as it lies where none is asked for; a target has its own.
    """
    from fossml.verify.command.there import at_folder, at_target

    if given.target is not None:
        mode = given.environment or "auto"
        with at_target(asked, world, given.target, mode, as_it_lies=given.worktree, say=say) as there:
            yield there
    else:
        yield at_folder(asked, world, given.environment or unless, say=say)


def _report(there: There, result: Result, words: Sequence[str]) -> Report:
    """What was found, with what is known of the folder and of the machine."""
    asked, world = there.asked, there.around
    root = (asked.folder or world.cwd).resolve()
    env = child_environment(world.environ, world.prefix, world.base_prefix)
    source = there.told(root)
    about = Circumstances(
        title=root.name,
        source=source,
        repeat=repeat(source.commit, words, source.url or ""),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(interpreter(asked.delivery.cmd, env, world.cwd, root if asked.sandbox else None)),
        made=there.made,
        findings=there.findings,
    )
    judged = tuple(with_remarks(one, there.not_checked) for one in result.judged)
    return of_command(asked, replace(result, judged=judged), about)


def reporter(claims: Sequence[Claim], most: int, say: Callable[[str], None]) -> Callable[[Outcome], None]:
    """One line for every finished run: its seed, what it gave for each claim, how long it took."""
    count = 0

    def report(one: Outcome) -> None:
        nonlocal count
        count += 1
        seed = "" if one.seed is None else f"  seed {one.seed:<6}"
        took = "on record" if one.recorded else f"{one.seconds:.1f} s"
        say(f"run {count} of at most {most}{seed}  {_values(claims, one)}  ({took})")

    return report


def _values(claims: Sequence[Claim], one: Outcome) -> str:
    if one.failure:
        return one.failure
    said = []
    for claim, measured in zip(claims, one.measured, strict=True):
        if claim.order:
            continue  # it has no number of its own
        values = ", ".join(f"{value:.6g}" for value in list(measured.values.values())[:5]) or f"({measured.missing})"
        said.append(values if len(claims) == 1 else f"{claim.id} {values}")
    return "  ".join(said)
