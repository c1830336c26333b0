"""`fossml verify PATH --claims FILE`: a reader's own claims about somebody's repository."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fossml.cli import verify as oneliner
from fossml.errors import FossmlError
from fossml.types import Claim
from fossml.verify.brought import Brought, choose, read_claims
from fossml.verify.judge import exit_code, outcome
from fossml.verify.loop import Limits, Outcome
from fossml.verify.oneliner import Around, Asked, Result
from fossml.verify.seeds import Delivery
from fossml.verify.together import verify_brought
from fossml.views.verdicts import claim_json


def run(
    given: Mapping[str, Any],
    around: Around,
    seeds: tuple[int, ...] | None,
    say: Callable[[str], None],
    rng: random.Random,
) -> int:
    """Verify what the file claims, print; the exit code."""
    brought = read_claims(given["brought"])
    folder = (given["path"] or Path.cwd()).resolve()
    if not brought.runs:
        return _by_pipeline(brought, folder, given, around)
    brought = choose(brought, given["claims"])
    if brought.environment:
        say("the environment that the file describes is not made: the Python on the PATH is used")
    limits = Limits(given["runs"], given["budget"], given["jobs"])
    keep, fresh = given["keep"], given["fresh"]
    asked = Asked(Delivery(""), (), limits, seeds, folder, given["timeout"], keep, fresh)
    report = _reporter(limits.runs, say)
    results = verify_brought(brought, asked, replace(around, cwd=folder), rng=rng, say=say, report=report)
    code = exit_code([one.verdicts for result in results for one in result.judged])
    click.echo(_json(brought, results, code) if given["as_json"] else "\n\n".join(map(oneliner.text, results)))
    return oneliner.interrupted(()) if any(one.measurement.interrupted for one in results) else code


def _by_pipeline(brought: Brought, folder: Path, given: Mapping[str, Any], around: Around) -> int:
    """Without a command in the file: the stages of the repository make the numbers."""
    from fossml.cli import verify_project
    from fossml.project.declared import find_root, read_project

    if not read_project(find_root(folder)).stages:
        hint = 'say how the numbers are made: [run] cmd = "python train.py"'
        raise FossmlError("the repository has no dvc.yaml, and the file no [run]", where=brought.file, hint=hint)
    return verify_project.run(
        folder,
        given["claims"],
        Limits(given["runs"], given["budget"], given["jobs"]),
        around,
        fresh=given["fresh"],
        keep=given["keep"],
        as_json=given["as_json"],
        quiet=given["quiet"],
        brought=brought,
    )


def _reporter(most: int, say: Callable[[str], None]) -> Callable[[Sequence[Claim], Outcome], None]:
    """The lines of the one-liner, counted anew for each group of commands."""
    reporters: dict[tuple[str, ...], Callable[[Outcome], None]] = {}

    def report(claims: Sequence[Claim], one: Outcome) -> None:
        key = tuple(claim.id for claim in claims)
        reporters.setdefault(key, oneliner.reporter(claims, most, say))(one)

    return report


def _json(brought: Brought, results: Sequence[Result], code: int) -> str:
    document = {
        "version": 1,
        "file": brought.file,
        "commands": {name: one.delivery.cmd for name, one in brought.runs.items()},
        "exit_code": code,
        "stopped": [one.measurement.stopped for one in results],
        "claims": [claim_json(one, outcome(one.verdicts)) for result in results for one in result.judged],
        "runs": [oneliner.run_json(one) for result in results for one in result.measurement.outcomes],
        "hints": [hint for result in results for hint in result.hints],
        "records": [str(result.records) for result in results],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
