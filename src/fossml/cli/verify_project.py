"""`fossml verify` without --cmd: the claims of the project that stands here."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from fossml.cli.tell import Form, tell
from fossml.engine.site import Options
from fossml.env import child_environment, environment, interpreter
from fossml.facts.verification import RECORD, digests
from fossml.project import git
from fossml.project.declared import Project, find_root, read_project
from fossml.verify.declared import Target, read_targets, verify_project
from fossml.verify.loop import Limits, Outcome
from fossml.verify.oneliner import Around
from fossml.verify.rebuild import Rebuilder, records_for
from fossml.verify.report import Circumstances, of_project, repeat
from fossml.verify.shows import Further
from fossml.views.document import text
from fossml.views.report import Source


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for beside the limits: the claims (`only`; none: all), and how the answer is told and kept.

    `words` are the options as typed, to say how to repeat it. `url` is where the repository came from: then the record
    is kept with the runs, not in it.
    """

    only: Sequence[str] = ()
    fresh: bool = False
    keep: bool = False
    quiet: bool = False
    record: bool = True
    further: Further = field(default_factory=Further)
    url: str | None = None
    form: Form = field(default_factory=Form)
    words: Sequence[str] = ()


def run(folder: Path, limits: Limits, around: Around, wish: Wish) -> int:
    """Verify the project around `folder`, print, keep the record; the exit code."""
    project = read_project(find_root(folder))
    targets = read_targets(project, wish.only)
    env = child_environment(around.environ, around.prefix, around.base_prefix)
    python = interpreter("python", env, project.root)
    records = records_for(project, around.cache, [python.version, python.distributions] if python else None)
    if wish.fresh:
        records.forget()
    options = Options(jobs=len(os.sched_getaffinity(0)), env=env)
    metrics = {target.metric.text: target.metric for target in targets}
    rebuilder = Rebuilder(
        project, list(metrics.values()), sorted({target.stage for target in targets}), options, records
    )
    source = source_of(project, wish.url)
    say = _silent if wish.quiet else _say
    try:
        verified = verify_project(
            targets,
            rebuilder,
            limits,
            rng=random.SystemRandom(),
            say=say,
            report=_reporter(say, limits.runs),
            further=wish.further,
        )
    finally:
        if wish.keep:
            say(f"the copies are kept in {records.folder / 'rooms'}")
        else:
            rebuilder.close()
    about = Circumstances(
        title=str((project.config.project or {}).get("title") or project.root.name),
        source=source,
        repeat=repeat(source.commit, wish.words),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        python=python.path if python else "",
        environment=environment(python),
        budget=limits.budget,
        records=str(records.folder),
    )
    report = of_project(verified, targets, about)
    if wish.record and not wish.only and not verified.interrupted:
        place = records.folder if wish.url else project.root
        (place / RECORD).write_text(text(report) + "\n", encoding="utf-8")
    tell(report, wish.form)
    return 130 if verified.interrupted else report.exit_code


def source_of(project: Project, url: str | None = None) -> Source:
    """What is verified, as it lies there: the record of an earlier verification does not count as a difference."""
    head = git.commit(project.root)
    dirty = head is not None and git.changed_since(project.root, head.id, (RECORD,)) != []
    return Source(project.root.name, url, head.id if head else None, dirty, digests(project.root))


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
