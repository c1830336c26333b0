"""`fossml verify PATH --claims FILE`: a reader's own claims about somebody's repository."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fossml.cli.tell import tell
from fossml.cli.verify import modes, oneliner, project
from fossml.cli.verify.given import Given, form, seeds
from fossml.cli.verify.world import around, interrupted, speaker
from fossml.env import child_environment, environment, interpreter
from fossml.types import Claim
from fossml.verify.claims.caveats import with_remarks
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command.brought import Brought, choose, read_claims
from fossml.verify.command.oneliner import Asked
from fossml.verify.command.there import There
from fossml.verify.command.together import unmade, verify_brought
from fossml.verify.controls.controlled import beside
from fossml.verify.report import Circumstances, of_brought, repeat
from fossml.views.sentence import Judged


def run(given: Given) -> int:
    """Verify what the file claims, with its commands or with the pipeline of the repository; the exit code."""
    assert given.brought is not None  # it is what chose this mode
    brought = read_claims(given.brought)
    modes.refuse(given, modes.CLAIMS_BY_COMMAND if brought.runs else modes.CLAIMS_BY_PIPELINE)
    return _by_commands(choose(brought, given.claims), given) if brought.runs else project.run(given, brought)


def _by_commands(brought: Brought, given: Given) -> int:
    say = speaker(given.quiet)
    if brought.environment:
        say("[environment] of the file is not used: the environment is what the repository declares (--environment)")
    asked = Asked(
        delivery=Delivery(""),
        claims=(),
        limits=Limits(given.runs, given.budget, given.jobs),
        seeds=seeds(given),
        timeout=given.timeout,
        keep=given.keep,
        fresh=given.fresh,
        sandbox=not given.trust,
    )
    report, rng = _reporter(given.runs, say), random.SystemRandom()
    with oneliner.place(asked, around(), given, say, unless="auto") as there:
        if there.failed:
            results = [unmade(brought, f"the environment could not be made: {there.failed}")]
        else:
            results = verify_brought(brought, there.asked, there.around, rng=rng, say=say, report=report)
        results = [replace(one, judged=tuple(_remarked(j, there) for j in one.judged)) for one in results]
        told = of_brought(brought, there.asked, results, _circumstances(there, brought, given.words))
    tell(told, form(given))
    stopped = any(one.measurement.interrupted for one in results)
    return interrupted(()) if stopped else told.exit_code


def _remarked(judged: Judged, there: There) -> Judged:
    """A verdict with what the files and the environment leave open, and that no control ran: those are of pipelines."""
    return beside(with_remarks(judged, there.not_checked), None)


def _circumstances(there: There, brought: Brought, words: Sequence[str]) -> Circumstances:
    world = there.around
    folder = (there.asked.folder or world.cwd).resolve()
    source = there.told(folder)
    env = child_environment(world.environ, world.prefix, world.base_prefix)
    command = brought.runs[brought.claims[0].run].delivery.cmd
    return Circumstances(
        title=f"{folder.name}, by {Path(brought.file).name}",
        source=source,
        repeat=repeat(source.commit, words, source.url or ""),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=None if there.failed else environment(interpreter(command, env, world.cwd)),
        made=there.made,
        findings=there.findings,
    )


def _reporter(most: int, say: Callable[[str], None]) -> Callable[[Sequence[Claim], Outcome], None]:
    """The lines of the one-liner, counted anew for each group of commands."""
    reporters: dict[tuple[str, ...], Callable[[Outcome], None]] = {}

    def report(claims: Sequence[Claim], one: Outcome) -> None:
        key = tuple(claim.id for claim in claims)
        reporters.setdefault(key, oneliner.reporter(claims, most, say))(one)

    return report
