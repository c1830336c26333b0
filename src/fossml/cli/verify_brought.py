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
from fossml.errors import FossmlError
from fossml.project import git
from fossml.project.declared import find_root, read_project
from fossml.types import Claim
from fossml.verify.brought import Brought, choose, read_claims
from fossml.verify.loop import Limits, Outcome
from fossml.verify.oneliner import Around, Asked
from fossml.verify.report import Circumstances, of_brought, repeat
from fossml.verify.seeds import Delivery
from fossml.verify.together import verify_brought
from fossml.views.report import Source


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
    folder = (given["path"] or Path.cwd()).resolve()
    limits = Limits(given["runs"], given["budget"], given["jobs"])
    keep, fresh = given["keep"], given["fresh"]
    if not brought.runs:
        return _by_pipeline(brought, folder, limits, around, given, form, words)
    brought = choose(brought, given["claims"])
    if brought.environment:
        say("the environment that the file describes is not made: the Python on the PATH is used")
    asked = Asked(Delivery(""), (), limits, seeds, folder, given["timeout"], keep, fresh)
    report = _reporter(limits.runs, say)
    around, rng = replace(around, cwd=folder), random.SystemRandom()
    results = verify_brought(brought, asked, around, rng=rng, say=say, report=report)
    told = of_brought(brought, asked, results, _circumstances(folder, given["brought"], words))
    tell(told, form)
    stopped = any(one.measurement.interrupted for one in results)
    return oneliner.interrupted(()) if stopped else told.exit_code


def _circumstances(folder: Path, file: Path, words: Sequence[str]) -> Circumstances:
    head = git.commit(folder)
    source = Source(folder.name, None, head.id if head else None, head.dirty if head else False)
    return Circumstances(
        title=f"{folder.name}, by {file.name}",
        source=source,
        repeat=repeat(source.commit, words),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _by_pipeline(
    brought: Brought,
    folder: Path,
    limits: Limits,
    around: Around,
    given: Mapping[str, Any],
    form: Form,
    words: Sequence[str],
) -> int:
    """Without a command in the file: the stages of the repository make the numbers."""
    from fossml.cli import verify_project

    if not read_project(find_root(folder)).stages:
        hint = 'say how the numbers are made: [run] cmd = "python train.py"'
        raise FossmlError("the repository has no dvc.yaml, and the file no [run]", where=brought.file, hint=hint)
    wish = verify_project.Wish(
        only=given["claims"],
        fresh=given["fresh"],
        keep=given["keep"],
        quiet=given["quiet"],
        record=False,
        brought=brought,
        form=form,
        words=words,
    )
    return verify_project.run(folder, limits, around, wish)


def _reporter(most: int, say: Callable[[str], None]) -> Callable[[Sequence[Claim], Outcome], None]:
    """The lines of the one-liner, counted anew for each group of commands."""
    reporters: dict[tuple[str, ...], Callable[[Outcome], None]] = {}

    def report(claims: Sequence[Claim], one: Outcome) -> None:
        key = tuple(claim.id for claim in claims)
        reporters.setdefault(key, oneliner.reporter(claims, most, say))(one)

    return report
