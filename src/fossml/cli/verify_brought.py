"""`fossml verify PATH --claims FILE`: a reader's own claims about somebody's repository."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fossml.cli import verify as oneliner
from fossml.cli.tell import Form, tell
from fossml.env import child_environment, environment, interpreter
from fossml.errors import FossmlError
from fossml.project.declared import find_root, read_project
from fossml.types import Claim
from fossml.verify.claims.caveats import with_remarks
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.cleanroom.source import open_source
from fossml.verify.cleanroom.target import parse_target
from fossml.verify.command.brought import Brought, choose, read_claims
from fossml.verify.command.oneliner import Around, Asked
from fossml.verify.command.there import There
from fossml.verify.command.together import unmade, verify_brought
from fossml.verify.controls.controlled import beside
from fossml.verify.report import Circumstances, of_brought, repeat
from fossml.verify.shows import Further, within
from fossml.views.sentence import Judged


def run(
    given: Mapping[str, Any],
    around: Around,
    seeds: tuple[int, ...] | None,
    say: Callable[[str], None],
    *,
    form: Form,
    words: Sequence[str],
) -> int:
    """Verify what the file claims, tell it; the exit code."""
    brought = read_claims(given["brought"])
    limits = Limits(given["runs"], given["budget"], given["jobs"], given["memory"], not given["no_gpu"])
    if not brought.runs:
        return _by_pipeline(brought, limits, around, given, say, form, words)
    if given["probe"]:
        hint = "without [run] in the file, it looks into the stages of the repository's dvc.yaml"
        raise FossmlError("--probe looks into the stages of a pipeline, and the file has a [run]", hint=hint)
    brought = choose(brought, given["claims"])
    if brought.environment:
        say("[environment] of the file is not used: the environment is what the repository declares (--environment)")
    asked = Asked(
        delivery=Delivery(""),
        claims=(),
        limits=limits,
        seeds=seeds,
        timeout=given["timeout"],
        keep=given["keep"],
        fresh=given["fresh"],
        sandbox=not given["trust"],
    )
    report, rng = _reporter(limits.runs, say), random.SystemRandom()
    with oneliner.place(asked, around, {**given, "environment": given["environment"] or "auto"}, say) as there:
        if there.failed:
            results = [unmade(brought, f"the environment could not be made: {there.failed}")]
        else:
            results = verify_brought(brought, there.asked, there.around, rng=rng, say=say, report=report)
        results = [replace(one, judged=tuple(_remarked(j, there) for j in one.judged)) for one in results]
        told = of_brought(brought, there.asked, results, _circumstances(there, brought, words))
    tell(told, form)
    stopped = any(one.measurement.interrupted for one in results)
    return oneliner.interrupted(()) if stopped else told.exit_code


def _remarked(judged: Judged, there: There) -> Judged:
    """A verdict with what the files and the environment leave open, and that no control ran: those are of pipelines."""
    return beside(with_remarks(judged, there.not_checked), None)


def _circumstances(there: There, brought: Brought, words: Sequence[str]) -> Circumstances:
    around = there.around
    folder = (there.asked.folder or around.cwd).resolve()
    source = there.told(folder)
    env = child_environment(around.environ, around.prefix, around.base_prefix)
    command = brought.runs[brought.claims[0].run].delivery.cmd
    return Circumstances(
        title=f"{folder.name}, by {Path(brought.file).name}",
        source=source,
        repeat=repeat(source.commit, words, source.url or ""),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=None if there.failed else environment(interpreter(command, env, around.cwd)),
        made=there.made,
        findings=there.findings,
    )


def _by_pipeline(
    brought: Brought,
    limits: Limits,
    around: Around,
    given: Mapping[str, Any],
    say: Callable[[str], None],
    form: Form,
    words: Sequence[str],
) -> int:
    """Without a command in the file: the stages of the repository make the numbers."""
    from fossml.cli import verify_project

    wish = verify_project.Wish(
        only=given["claims"],
        fresh=given["fresh"],
        keep=given["keep"],
        quiet=given["quiet"],
        trust=given["trust"],
        record=False,
        environment=given["environment"] or "auto",
        further=Further(not given["no_controls"], given["probe"], within(given["budget"])),
        brought=brought,
        form=form,
        words=words,
    )
    target = parse_target(given["target"], around.cwd)
    with open_source(target, around.cache, around.environ, as_it_lies=given["worktree"], say=say) as source:
        if not read_project(find_root(source.folder)).stages:
            hint = 'say how the numbers are made: [run] cmd = "python train.py"'
            raise FossmlError("the repository has no dvc.yaml, and the file no [run]", where=brought.file, hint=hint)
        return verify_project.run(source, limits, around, wish)


def _reporter(most: int, say: Callable[[str], None]) -> Callable[[Sequence[Claim], Outcome], None]:
    """The lines of the one-liner, counted anew for each group of commands."""
    reporters: dict[tuple[str, ...], Callable[[Outcome], None]] = {}

    def report(claims: Sequence[Claim], one: Outcome) -> None:
        key = tuple(claim.id for claim in claims)
        reporters.setdefault(key, oneliner.reporter(claims, most, say))(one)

    return report
