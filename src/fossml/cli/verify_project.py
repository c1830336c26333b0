"""`fossml verify` without --cmd: the claims of the project that stands here."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import click

from fossml.engine.site import Options, own_folder, with_python
from fossml.env import child_environment
from fossml.errors import FossmlError
from fossml.project.declared import Project, find_root, read_project
from fossml.types import Finding
from fossml.verify.caveats import with_remarks
from fossml.verify.data import bring_own, own_caches
from fossml.verify.declared import Target, Verified, read_targets, unbuilt, verify_project
from fossml.verify.environment import Environment
from fossml.verify.judge import exit_code, outcome
from fossml.verify.loop import Limits, Outcome
from fossml.verify.oneliner import Around
from fossml.verify.rebuild import Rebuilder, leaves_out, records_for
from fossml.verify.source import Source, home_of, moved_environment, source_json, uncommitted, without
from fossml.verify.surroundings import Mode, Surroundings, environment_json, surroundings
from fossml.views.table import Row, headline, rows
from fossml.views.verdicts import claim_json

_RUNGS = {
    "L3": "L3 rebuilt from nothing with what the author recorded",
    "L4": "L4 rebuilt with fresh seeds",
    "--": "-- not measured",
}
COLORS = {"holds": "green", "fails": "red", "unknown": "yellow"}


def run(
    source: Source,
    only: Sequence[str],
    limits: Limits,
    around: Around,
    *,
    environment: Mode,
    fresh: bool,
    keep: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Verify the project at `source`, print, keep the record; the exit code."""
    project = read_project(find_root(source.folder))
    home = home_of(source, project)
    caches = own_caches(home)
    bring_own(project, home, caches)
    source = without(source, leaves_out(project, caches))
    targets = _targets(project, only, source)
    say = _silent if quiet else _say
    environ = moved_environment(around.environ, source)
    env = child_environment(environ, around.prefix, around.base_prefix)
    with contextlib.nullcontext() if environment == "path" else contextlib.suppress(FossmlError):
        env = with_python(env, project.config.python, home or project.root)
    place = surroundings(project.root, source, env, around.cache, environment, say=say)
    project = replace(project, config=replace(project.config, python=None))
    records = records_for(project, around.cache, place.key, caches)
    if fresh:
        records.forget()
    options = Options(jobs=len(os.sched_getaffinity(0)), env=place.env)
    metrics = {target.metric.text: target.metric for target in targets}
    rebuilder = Rebuilder(
        project, list(metrics.values()), sorted({target.stage for target in targets}), options, records, caches
    )
    try:
        if why := place.environment.failed:
            verified = unbuilt(targets, f"the environment could not be made: {why}")
        else:
            verified = verify_project(
                targets, rebuilder, limits, rng=random.SystemRandom(), say=say, report=_reporter(say, limits.runs)
            )
        verified = _with_remarks(verified, source, place.environment)
    finally:
        if keep:
            say(f"the copies are kept in {records.folder / 'rooms'}")
        else:
            rebuilder.close()
    code = exit_code([one.verdicts for one in verified.judged])
    document = _document(verified, place, source, code)
    if home and not only and source.rev is None:
        own_folder(home)
        (home / ".fossml" / "verify.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(verified)))
    if verified.measurement and verified.measurement.interrupted:
        return 130
    return code


def _targets(project: Project, only: Sequence[str], source: Source) -> tuple[Target, ...]:
    """The claims; where there are none, it is said if they may only not be committed."""
    try:
        return read_targets(project, only)
    except FossmlError as error:
        waiting = [path for path in source.uncommitted if path.rpartition("/")[2] in ("fossml.toml", "pyproject.toml")]
        if source.kind == "commit" and waiting:
            error.hint = f"{waiting[0]} has changes that are not committed: commit it, or fossml verify --worktree"
        raise


def _with_remarks(verified: Verified, source: Source, environment: Environment) -> Verified:
    """`verified` with what is to be said of the files that were taken, and of the environment."""
    remarks = (*source.not_checked, *environment.not_checked)
    return replace(
        verified,
        findings=(*uncommitted(source), *source.findings, *environment.findings, *verified.findings),
        judged=tuple(with_remarks(one, remarks) for one in verified.judged),
    )


def _say(line: str) -> None:
    click.secho(line, dim=True, err=True)


def _silent(_line: str) -> None:
    """Say nothing."""


def _reporter(say: Callable[[str], None], most: int) -> Callable[[Sequence[Target], Outcome], None]:
    count = 0

    def report(targets: Sequence[Target], one: Outcome) -> None:
        nonlocal count
        count += 1
        values = {
            target.metric.text: ", ".join(f"{value:.6g}" for value in list(measured.values.values())[:3])
            for target, measured in zip(targets, one.measured, strict=True)
        }
        took = "on record" if one.recorded else f"{one.seconds:.1f} s"
        said = one.failure or "  ".join(f"{name} {value}" for name, value in values.items())
        seed = "" if one.seed is None else f"  seed {one.seed:<6}"
        say(f"  run {count} of at most {most}{seed}  {said}  ({took})")

    return report


def _lines(verified: Verified) -> list[str]:
    outcomes = [outcome(one.verdicts) for one in verified.judged]
    table = rows(verified.judged, outcomes)
    wide = max(len(row.id) for row in table)
    lines = [line for row in table for line in _row(row, wide)]
    lines += ["", f"Rungs: {'; '.join(_RUNGS[rung] for rung in _RUNGS if any(row.rung == rung for row in table))}."]
    compared = verified.compared
    known = len(compared.same) + len(compared.different)
    if known:
        lines.append(f"Outputs: {len(compared.same)} of {known} rebuilt with the same bytes as in dvc.lock.")
    lines += [f"  different: {path}" for path in compared.different]
    if compared.left_out:
        lines.append(f"  not rebuilt, since no claim rests on them: {', '.join(compared.left_out)}")
    lines += [f"  {said}" for said in verified.accepted]
    if not known:
        lines.append("Outputs: no dvc.lock records them, so there is nothing to compare the rebuild with.")
    if verified.measurement:
        seeds = ", ".join(str(one.seed) for one in verified.measurement.outcomes if one.seed is not None)
        lines.append(f"{f'Seeds: {seeds}. ' if seeds else ''}Stopped: {verified.measurement.stopped}.")
    lines += [line for one in verified.findings for line in finding_lines(one)]
    remarks = dict.fromkeys(remark for one in verified.judged for remark in one.verdicts[0].not_checked)
    lines += ["Not checked:", *(f"  - {remark}" for remark in remarks), ""]
    lines.append(click.style(headline(outcomes), bold=True) + _soft_note(table))
    return lines


def _row(row: Row, wide: int) -> list[str]:
    verdict = click.style(row.verdict, fg=COLORS[row.outcome], bold=True)
    lines = [f"{row.id:<{wide}}  {row.rung}  {verdict}", _wrapped(row.sentence, wide + 6)]
    return [*lines, _wrapped(f"soft: {row.soft}", wide + 6)] if row.soft and row.outcome != "holds" else lines


def finding_lines(one: Finding) -> list[str]:
    """What was noticed on the way, where it stands, and what to do."""
    color = {"fail": "red", "pass": "green"}.get(one.status, "yellow")
    places = [f"{seen.path}:{seen.line}" if seen.line else seen.path for seen in one.evidence]
    lines = [f"{one.code}  {click.style(one.status, fg=color, bold=True)}  {one.subject}: {one.message}"]
    lines += [_wrapped(", ".join(places), 6)] if places else []
    return [*lines, _wrapped(one.hint, 6)] if one.hint and one.status != "pass" else lines


def _wrapped(text: str, indent: int) -> str:
    """Indented; on a terminal, wrapped to its width too."""
    space = " " * indent
    if not sys.stdout.isatty():
        return space + text
    return textwrap.fill(text, shutil.get_terminal_size().columns - 1, initial_indent=space, subsequent_indent=space)


def _soft_note(table: Sequence[Row]) -> str:
    """Soft claims do not decide the exit code: say how many of those that do not hold are soft."""
    soft = sum(1 for row in table if row.soft and row.outcome != "holds")
    if not soft:
        return "."
    return (
        ". It is soft: it does not count."
        if len(table) == 1
        else f"; {soft} of these {'is' if soft == 1 else 'are'} soft."
    )


def _document(verified: Verified, place: Surroundings, source: Source, code: int) -> dict[str, Any]:
    compared = verified.compared
    return {
        "version": 1,
        "commit": source.commit,
        "dirty": bool(source.uncommitted) if source.kind == "worktree" else None if source.commit is None else False,
        "source": source_json(source),
        "environment": environment_json(place.environment),
        "python": place.python.path if place.python else None,
        "exit_code": code,
        "claims": [claim_json(one, outcome(one.verdicts)) for one in verified.judged],
        "outputs": {
            "same": list(compared.same),
            "different": list(compared.different),
            "unrecorded": list(compared.unrecorded),
            "left_out": list(compared.left_out),
        },
        "accepted": list(verified.accepted),
        "findings": [asdict(one) for one in verified.findings],
        "failed": dict(verified.rebuilt.failed),
        "seeds": [one.seed for one in verified.measurement.outcomes] if verified.measurement else [],
        "stopped": verified.measurement.stopped if verified.measurement else None,
    }
