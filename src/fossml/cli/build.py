"""`fossml build`: parse, build, print."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from fossml.engine.build import Options, Summary, build, dry
from fossml.engine.graph import make_graph, select
from fossml.env import child_environment
from fossml.errors import GOOD, NOT, UNKNOWN, FossmlError
from fossml.project.declared import Project, find_root, read_project
from fossml.project.dvcconfig import ensure_dvc
from fossml.types import Event
from fossml.views.plain import visible

if TYPE_CHECKING:
    from fossml.cli.progress import Progress
    from fossml.engine.witness import Witness

_COUNTED = ("ran", "current", "restored", "failed", "cancelled")
_MOST_NAMED = 3
"""Stages named in the line that says what an interrupt stopped."""
EXAMPLES = """
\b
Examples:
  fossml build                everything that must run
  fossml build --dry          what would run, and why
  fossml build train@small    one stage and what it needs
  fossml build metrics.json   the stage that makes this file, and what it needs
  fossml build --log train    what the stage printed when it last ran
  fossml build --accept train --because "only the plots changed"
"""


@click.command(name="build", epilog=EXAMPLES)
@click.argument("targets", nargs=-1, metavar="[STAGE|OUTPUT]...")
@click.option("--dry", "only_say", is_flag=True, help="Say what would run and why; run nothing.")
@click.option("-f", "--force", is_flag=True, help="Run the stages even where nothing changed.")
@click.option("-k", "--keep-going", is_flag=True, help="After a failure go on with what does not need it.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Stages at the same time.  [default: one a core]")
@click.option(
    "--graph",
    type=click.Choice(["text", "dot", "mermaid"]),
    is_flag=False,
    flag_value="text",
    help="Print the stages and what they need.  [alone: text]",
)
@click.option("--log", metavar="STAGE", help="Print what the stage printed when it last ran.")
@click.option("--accept", metavar="STAGE", multiple=True, help="Keep its outputs as current although inputs changed.")
@click.option("--because", metavar="TEXT", help="With --accept: the reason, which is recorded and shown.")
@click.option(
    "--fix", is_flag=True, help="Add inputs that stages were seen to read, and other stages make, to dvc.yaml."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
def command(
    targets: tuple[str, ...],
    only_say: bool,
    force: bool,
    keep_going: bool,
    jobs: int | None,
    graph: str | None,
    log: str | None,
    accept: tuple[str, ...],
    because: str | None,
    fix: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the stages of dvc.yaml that must run, in order and in parallel; keep and record what they make.

    Exit codes: 0 all is up to date, 1 a stage failed (with --dry: it cannot run), 2 usage or configuration, 3 there is
    nothing to build.
    """
    root, here = find_root(Path.cwd()), Path.cwd().resolve()
    is_plain = here == root and not any(click.get_current_context().params.values())
    witness = _witness(root) if is_plain else None
    project = read_project(root)
    if not project.stages:
        raise FossmlError(
            "there is no stage to build here",
            where=str(root),
            hint="`fossml init -- python train.py` runs a command once and drafts its stage",
            code=UNKNOWN,
        )
    options = Options(
        targets=targets,
        folder=here.relative_to(root).as_posix(),
        jobs=jobs or len(os.sched_getaffinity(0)),
        force=force,
        keep_going=keep_going,
        env=child_environment(os.environ, sys.prefix, sys.base_prefix),
        certify=partial(witness.certify, _counted(Summary(current=len(project.stages)))) if witness else None,
    )
    if log is not None:
        _print_log(project, log)
    elif graph is not None:
        _print_graph(project, options, graph)
    elif accept or because is not None:
        _accept(project, options, accept, because, as_json)
    elif only_say:
        _say(project, options, as_json)
    else:
        _build(project, options, fix, as_json, quiet)


def _witness(root: Path) -> Witness:
    from fossml.engine.witness import Witness  # for whoever asks in the plain way

    return Witness(root)


def _build(project: Project, options: Options, fix: bool, as_json: bool, quiet: bool) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    for name in ensure_dvc(project.root):
        click.echo(f"wrote {name}, so that dvc works here too", err=True)
    running: dict[str, None] = {}
    try:
        if as_json:
            summary = build(project, options, _noting(running, _print_json))
        else:
            with ExitStack() as shown:
                summary = build(project, options, _noting(running, _Shown(project, options, quiet, shown)))
    except KeyboardInterrupt:
        click.echo(_interrupted(list(running)), err=True)
        sys.exit(130)
    if fix and summary.undeclared:
        _fix(project, options, summary)
    _close(summary, fix, as_json, quiet)


def _noting(running: dict[str, None], show: Callable[[Event], None]) -> Callable[[Event], None]:
    """`show`, which keeps in `running` the stages that have begun and not ended, the oldest first."""

    def noted(event: Event) -> None:
        if event.event == "start":
            running[event.stage] = None
        else:
            running.pop(event.stage, None)
        show(event)

    return noted


def _interrupted(running: Sequence[str]) -> str:
    some = ", ".join(map(visible, running[:_MOST_NAMED]))
    more = f" and {len(running) - _MOST_NAMED} more" if len(running) > _MOST_NAMED else ""
    what = f" while {some}{more} ran" if running else ""
    return f"interrupted{what}: what had finished is kept, the same command goes on from there"


class _Shown:
    """What a build says, from the first thing that there is to say: where all is current, nothing is loaded."""

    def __init__(self, project: Project, options: Options, quiet: bool, shown: ExitStack) -> None:
        self._project, self._options, self._quiet, self._shown = project, options, quiet, shown
        self._progress: Progress | None = None

    def __call__(self, event: Event) -> None:
        if event.event == "current" and not event.notes:
            return
        if self._progress is None:
            from fossml.cli.progress import Progress

            new = Progress(self._project.root, total=lambda: _total(self._project, self._options), quiet=self._quiet)
            self._progress = self._shown.enter_context(new)
        self._progress(event)


def _total(project: Project, options: Options) -> int:
    return len(select(make_graph(project.stages), options.targets, options.folder))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(project: Project, options: Options, as_json: bool) -> None:
    todos, current = dry(project, options)
    cannot = sum(1 for todo in todos if todo.cannot)
    if as_json:
        for todo in todos:
            said: dict[str, Any] = {"event": "todo", "stage": todo.stage.address, "reasons": todo.reasons}
            said |= {"rests_on": todo.rests_on} if todo.rests_on else {}
            click.echo(json.dumps({**said, **({"cannot": todo.cannot} if todo.cannot else {})}))
        click.echo(json.dumps({"event": "summary", "todo": len(todos), "current": current, "cannot": cannot}))
        sys.exit(NOT if cannot else GOOD)
    for todo in todos:
        click.echo(click.style(visible(todo.stage.address), bold=True))
        for reason in todo.reasons:
            click.echo(f"    {visible(reason)}")
        if todo.rests_on:
            click.echo(click.style(f"    restored, not run: it rests on {_run(todo.rests_on)}", fg="green"))
        for reason in todo.cannot:
            click.echo(click.style(f"    cannot run: {visible(reason)}", fg="red"))
    failing = f"{cannot} cannot run, " if cannot else ""
    click.echo(f"{failing}{len(todos) - cannot} would run or be restored, {current} current")
    sys.exit(NOT if cannot else GOOD)


def _run(name: str) -> str:
    return name if " " in name else f"run {name}"


def _print_log(project: Project, address: str) -> None:
    from fossml.engine.site import log_of

    stage = next((stage for stage in project.stages if stage.address == address), None)
    if stage is None:
        known = ", ".join(stage.address for stage in project.stages)
        raise FossmlError(f"there is no stage {address!r}", hint=f"the stages are: {known}")
    path = log_of(project.root, stage)
    if not path.exists():
        raise FossmlError(f"{address} has not run here, so there is no log of it", code=UNKNOWN)
    sys.stdout.buffer.write(path.read_bytes())


def _print_graph(project: Project, options: Options, form: str) -> None:
    from fossml.project.dvc import rooted
    from fossml.views import graph as views

    graph = make_graph(project.stages)
    selected = select(graph, options.targets, options.folder)
    todos, _ = dry(project, options)
    waiting = {todo.stage.address for todo in todos}
    needs = {address: graph.needs[address] for address in graph.stages if address in selected}
    states = {address: "todo" if address in waiting else "current" for address in needs}
    stages = {address: graph.stages[address] for address in needs}
    outs = {address: tuple(rooted(stage, out.path) for out in stage.outs) for address, stage in stages.items()}
    forms = {"text": views.text, "dot": views.dot, "mermaid": views.mermaid}
    click.echo(forms[form](needs, states, outs), nl=False)


def _accept(project: Project, options: Options, stages: tuple[str, ...], because: str | None, as_json: bool) -> None:
    from fossml.engine.accept import accept

    if not stages or not (because or "").strip():
        raise FossmlError(
            "--accept STAGE and --because TEXT go together",
            hint='fossml build --accept train --because "only the plots changed"',
        )
    for stage in stages:
        reasons = accept(project, options, stage, str(because).strip())
        if as_json:
            click.echo(json.dumps({"event": "accepted", "stage": stage, "reasons": reasons, "because": because}))
        elif not reasons:
            click.echo(f"{stage} is current: there is nothing to accept")
        else:
            click.echo(f"{stage} is kept as current, recorded with the reason. What spoke against it:")
            for reason in reasons:
                click.echo(f"    {visible(reason)}")


def _fix(project: Project, options: Options, summary: Summary) -> None:
    from fossml.engine.accept import declare

    fixed, by_hand = declare(project, options, summary.undeclared)
    for one in fixed:
        click.echo(f"{one.stage.file}: added `- {visible(one.dep)}` to the deps of {one.stage.address}", err=True)
    for one in by_hand:
        click.echo(f"{one.stage.address}: {visible(str(one))} by hand: its stages share one list", err=True)


def _print_json(event: Event) -> None:
    said = {key: value for key, value in asdict(event).items() if value is not None}
    click.echo(json.dumps({key: value for key, value in said.items() if key != "notes" or value}))


def _close(summary: Summary, fix: bool, as_json: bool, quiet: bool) -> None:
    counts = {word: getattr(summary, word) for word in _COUNTED}
    if as_json:
        missed = [{"stage": one.stage.address, "dep": one.dep, "maker": one.maker} for one in summary.undeclared]
        click.echo(json.dumps({"event": "summary", **counts, "by_dvc": summary.by_dvc, "undeclared": missed}))
    elif not quiet:
        click.echo(_counted(summary))
        if summary.undeclared and not fix:
            click.echo("`fossml build --fix` adds what stages read and do not declare to dvc.yaml", err=True)
    sys.exit(NOT if summary.failed or summary.cancelled else GOOD)


def _counted(summary: Summary) -> str:
    counts = {word: getattr(summary, word) for word in _COUNTED}
    parts = [f"{number} {word}" for word, number in counts.items() if number or word in ("ran", "current")]
    by_dvc = f" ({summary.by_dvc} by dvc's record alone)" if summary.by_dvc else ""
    return ", ".join(parts).replace(" current", f" current{by_dvc}")
