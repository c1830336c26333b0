"""`fossml verify` without --cmd: the claims of the project that stands here."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from fossml.cli.tell import Form, tell
from fossml.cli.verify.given import Given, form
from fossml.cli.verify.world import around, speaker
from fossml.engine.site import Options, with_python
from fossml.env import child_environment, environment
from fossml.errors import FossmlError
from fossml.facts.verification import RECORD, digests
from fossml.project.declared import Project, find_root, read_project
from fossml.project.git import git
from fossml.verify.claims.caveats import with_remarks
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.claims.resting import declared, weighed
from fossml.verify.cleanroom.confine import Confinement, confinement, networked
from fossml.verify.cleanroom.data import bring
from fossml.verify.cleanroom.source import Source, home_of, moved_environment, open_source, told, uncommitted, without
from fossml.verify.cleanroom.target import parse_target
from fossml.verify.command.brought import Brought, for_project
from fossml.verify.command.oneliner import Around
from fossml.verify.command.record import alone
from fossml.verify.environment.asked import asked_for
from fossml.verify.environment.surroundings import Mode, Surroundings, made_of, surroundings
from fossml.verify.project.flow import verify_project
from fossml.verify.project.verified import unbuilt
from fossml.verify.rebuild.copies import leaves_out
from fossml.verify.rebuild.kept import keep
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import records_for
from fossml.verify.rebuild.targets import Target, read_targets
from fossml.verify.report import Circumstances, of_project, repeat
from fossml.verify.shows import Further, within
from fossml.views.document import text


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for beside the limits: the claims (`only`; none: all), and how the answer is told and kept.

    `words` are the options as typed, to say how to repeat it. The record of a repository elsewhere, or of another
    revision than the one that is checked out, is kept with the runs. `brought` are a
    reader's own claims in place of the author's: no record is kept.
    """

    only: Sequence[str] = ()
    fresh: bool = False
    keep: bool = False
    quiet: bool = False
    trust: bool = False
    record: bool = True
    environment: Mode = "auto"
    further: Further = field(default_factory=Further)
    brought: Brought | None = None
    form: Form = field(default_factory=Form)
    words: Sequence[str] = ()


def run(given: Given, brought: Brought | None = None) -> int:
    """Verify the project at the target, or what a reader's own file says of it; the exit code."""
    world = around()
    wish = Wish(
        only=given.claims,
        fresh=given.fresh,
        keep=given.keep,
        quiet=given.quiet,
        trust=given.trust,
        record=brought is None and not given.no_record,
        environment=given.environment or "auto",
        further=Further(not given.no_controls, given.probe, within(given.budget)),
        brought=brought,
        form=form(given),
        words=given.words,
    )
    limits = Limits(given.runs, given.budget, given.jobs, given.memory, not given.no_gpu)
    say = speaker(given.quiet)
    target = parse_target(given.target, world.cwd)
    with open_source(target, world.cache, world.environ, as_it_lies=given.worktree, say=say) as source:
        return verify(source, limits, world, wish)


def verify(source: Source, limits: Limits, world: Around, wish: Wish) -> int:
    """Verify the project at `source`, print, keep the record; the exit code."""
    if wish.brought and not read_project(find_root(source.folder)).stages:
        hint = 'say how the numbers are made: [run] cmd = "python train.py"'
        raise FossmlError("the repository has no dvc.yaml, and the file no [run]", where=wish.brought.file, hint=hint)
    with contextlib.ExitStack() as held:
        return _verify(source, limits, world, wish, held)


def _verify(source: Source, limits: Limits, world: Around, wish: Wish, held: contextlib.ExitStack) -> int:
    """`held` gets the lock of the records: two at once would take each other's copies away."""
    say = speaker(wish.quiet)
    project = read_project(find_root(source.folder))
    project = for_project(project, wish.brought) if wish.brought else project
    home = home_of(source, project)
    data = bring(project, home, world.cache / "data", world.environ, say)
    caches = data.caches
    source = without(source, leaves_out(project, caches))
    targets = _targets(project, wish.only, source)
    place = _surroundings(project, source, world, wish.environment, say)
    project = replace(project, config=replace(project.config, python=None))
    rests_on = [place.key, wish.trust, networked(project)]
    records = records_for(project, world.cache, rests_on, caches)
    held.enter_context(alone(records.folder, "this project as it is"))
    if wish.fresh:
        records.forget()
    options = Options(jobs=len(os.sched_getaffinity(0)), env=place.env)
    metrics = {target.metric.text: target.metric for target in targets}
    stages = sorted({target.stage for target in targets})
    own = None if source.rev else home
    closed = None if wish.trust else _confined(project, place, world)
    rebuilder = Rebuilder(project, list(metrics.values()), stages, options, records, caches, own, confinement=closed)
    try:
        if why := place.environment.failed:
            verified = unbuilt(targets, f"the environment could not be made: {why}")
        else:
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
            say(_kept(rebuilder, world, home))
        else:
            rebuilder.close()
    remarks = (*source.not_checked, *place.environment.not_checked)
    verified = replace(verified, judged=tuple(with_remarks(one, remarks) for one in verified.judged))
    about = Circumstances(
        title=str((project.config.project or {}).get("title") or project.root.name),
        source=told(source, project.root.name, digests(project.root)),
        repeat=repeat(source.commit, wish.words, source.url),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        python=place.python.path if place.python else "",
        environment=environment(place.python),
        made=made_of(place.environment),
        findings=(
            *uncommitted(source),
            *source.findings,
            *place.environment.findings,
            *weighed(data.findings, declared(project.stages, stages)),
            *asked_for(verified.rebuilt.failed, project.root, made=place.environment.kind != "path"),
        ),
        budget=limits.budget,
        records=str(records.folder),
    )
    report = of_project(verified, targets, about)
    if wish.record and not (wish.only or verified.interrupted):
        kept = home if home and source.rev is None else records.folder
        _write(kept / RECORD, text(report) + "\n", speaker(quiet=False))
    tell(report, wish.form)
    return 130 if verified.interrupted else report.exit_code


def _kept(rebuilder: Rebuilder, world: Around, home: Path | None) -> str:
    """The rebuild is kept for a look; what to say of it."""
    if rebuilder.lies_in is None:
        return "there is no copy to keep: the rebuild is on record (--fresh --keep makes it again)"
    if home is None:
        return f"the rebuild is kept in {rebuilder.lies_in}"
    keep(world.cache, home, rebuilder.lies_in)
    return f"the rebuild is kept in {rebuilder.lies_in}: `fossml diff lock` looks into it"


def _surroundings(
    project: Project, source: Source, world: Around, mode: Mode, say: Callable[[str], None]
) -> Surroundings:
    """What the stages run in; where none is made, the Python that `[environment]` names, if it is the reader's."""
    env = child_environment(moved_environment(world.environ, source), world.prefix, world.base_prefix)
    home, python, named = home_of(source, project), project.config.python, env
    if home and python and not _travels(home, python):
        with contextlib.nullcontext() if mode == "path" else contextlib.suppress(FossmlError):
            named = with_python(env, python, home)
    return surroundings(project.root, source, env, world.cache, mode, named=named, say=say)


def _travels(home: Path, python: str) -> bool:
    """Whether the Python that is named came with the repository: then it is the author's, and none of the machine."""
    place = home / Path(python).expanduser()
    program = place / "bin" / "python" if place.is_dir() else place
    known = git(home, "ls-files", "-z", "--", str(place)) if place.is_relative_to(home) else ""
    return bool(known) or program.resolve().is_relative_to(home.resolve())


def _targets(project: Project, only: Sequence[str], source: Source) -> tuple[Target, ...]:
    """The claims; where there are none, it is said if they may only not be committed, or how a reader brings some."""
    try:
        return read_targets(project, only)
    except FossmlError as error:
        waiting = [path for path in source.uncommitted if path.rpartition("/")[2] in ("fossml.toml", "pyproject.toml")]
        if source.kind == "commit" and waiting:
            error.hint = f"{waiting[0]} has changes that are not committed: commit it, or fossml verify --worktree"
        if source.url and not project.config.claims:
            error.where = source.url
            error.hint = "bring your own: write claims.toml (docs/claims.md) and add --claims claims.toml; or use --cmd"
        raise


def _confined(project: Project, place: Surroundings, world: Around) -> Confinement:
    """The sandbox: the environment that was made can be read in it."""
    made = place.environment.folder
    own = (project.root, world.cache)
    return confinement(place.python, place.env, world.home, own, readable=[made] if made else [])


def _write(record: Path, document: str, say: Callable[[str], None]) -> None:
    """Write the record, whole or not at all, and through no link that came with the repository; or say why not."""
    temporary = record.with_name(f".{record.name}.{os.getpid()}")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(document)
        temporary.replace(record)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        say(f"the record is not kept: {record}: {error.strerror}")


def _reporter(say: Callable[[str], None], most: int) -> Callable[[Sequence[Target], Outcome], None]:
    count = 0

    def report(targets: Sequence[Target], one: Outcome) -> None:
        nonlocal count
        count += 1
        values = {
            target.metric.text: ", ".join(f"{value:.6g}" for value in list(measured.values.values())[:3])
            for target, measured in zip(targets, one.measured, strict=True)
            if measured.values  # what is settled is not measured again
        }
        took = "on record" if one.recorded else f"{one.seconds:.1f} s"
        said = one.failure or "  ".join(f"{name} {value}" for name, value in values.items())
        seed = "" if one.seed is None else f"  seed {one.seed:<6}"
        say(f"  run {count} of at most {most}{seed}  {said}  ({took})")

    return report
