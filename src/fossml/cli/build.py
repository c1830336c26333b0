"""`fossml build`: parse, build, print."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import click

from fossml.engine.build import Options, Summary, build, dry
from fossml.env import child_environment
from fossml.errors import GOOD, NOT, UNKNOWN, FossmlError
from fossml.project.declared import Project, find_root, read_project
from fossml.project.dvcconfig import ensure_dvc
from fossml.types import Event

EXAMPLES = """
\b
Examples:
  fossml build              everything that must run
  fossml build --dry        what would run, and why
  fossml build train@small    one stage and what it needs
  fossml build metrics.json the stage that makes this file, and what it needs
"""


@click.command(name="build", epilog=EXAMPLES)
@click.argument("targets", nargs=-1, metavar="[STAGE|OUTPUT]...")
@click.option("--dry", "only_say", is_flag=True, help="Say what would run and why; run nothing.")
@click.option("-f", "--force", is_flag=True, help="Run the stages even where nothing changed.")
@click.option("-k", "--keep-going", is_flag=True, help="After a failure go on with what does not need it.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Stages at the same time.  [default: one a core]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
def command(
    targets: tuple[str, ...],
    only_say: bool,
    force: bool,
    keep_going: bool,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the stages of dvc.yaml that must run, in order and in parallel; keep and record what they make.

    Exit codes: 0 all is up to date, 1 a stage failed, 2 usage or configuration, 3 there is nothing to build.
    """
    root = find_root(Path.cwd())
    project = read_project(root)
    if not project.stages:
        raise FossmlError(
            "there is no stage to build here",
            where=str(root),
            hint="`fossml init -- python train.py` runs a command once and drafts its stage",
            code=UNKNOWN,
        )
    env = child_environment(os.environ, sys.prefix, sys.base_prefix)
    options = Options(
        targets=targets,
        folder=Path.cwd().resolve().relative_to(root).as_posix(),
        jobs=jobs or len(os.sched_getaffinity(0)),
        force=force,
        keep_going=keep_going,
        env=env,
    )
    if only_say:
        _say(project, options, as_json)
        return
    signal.signal(signal.SIGTERM, _interrupt)
    for name in ensure_dvc(root):
        click.echo(f"wrote {name}, so that dvc works here too", err=True)
    try:
        summary = build(project, options, _print_json if as_json else _Printer(quiet))
    except KeyboardInterrupt:
        click.echo("interrupted: what had finished is kept, the same command goes on from there", err=True)
        sys.exit(130)
    _close(summary, as_json, quiet)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(project: Project, options: Options, as_json: bool) -> None:
    todos, current = dry(project, options)
    if as_json:
        for todo in todos:
            click.echo(json.dumps({"event": "todo", "stage": todo.stage.address, "reasons": todo.reasons}))
        click.echo(json.dumps({"event": "summary", "todo": len(todos), "current": current}))
        return
    for todo in todos:
        click.echo(click.style(todo.stage.address, bold=True))
        for reason in todo.reasons:
            click.echo(f"    {reason}")
    click.echo(f"{len(todos)} would run or be restored, {current} current")


def _print_json(event: Event) -> None:
    click.echo(json.dumps({key: value for key, value in asdict(event).items() if value is not None}))


class _Printer:
    """One line for each thing that happens, on standard error; the log of a stage that failed below it."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, event: Event) -> None:
        if event.event == "failed":
            self._failed(event)
        elif event.event == "cancelled":
            self._line("not run", event, "yellow", "; ".join(event.reasons))
        elif not self._quiet and event.event == "start":
            self._line("run", event, "cyan", "; ".join(event.reasons))
        elif not self._quiet and event.event == "done":
            self._line("done", event, "green", f"{event.seconds:.1f} s")
        elif not self._quiet and event.event == "restored":
            self._line("restored", event, "green", "an earlier run with the same inputs made it")

    def _line(self, word: str, event: Event, color: str, text: str) -> None:
        click.echo(f"{click.style(f'{word:>8}', fg=color)}  {event.stage}  {click.style(text, dim=True)}", err=True)

    def _failed(self, event: Event) -> None:
        self._line("failed", event, "red", "")
        for reason in event.reasons:
            click.echo(f"          {reason}", err=True)
        if event.log:
            log = (find_root(Path.cwd()) / event.log).read_text(encoding="utf-8", errors="replace")
            for line in log.splitlines()[-20:]:
                click.echo(f"          | {line}", err=True)
            click.echo(f"          the whole log: {event.log}", err=True)


def _close(summary: Summary, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(json.dumps({"event": "summary", **asdict(summary)}))
    elif not quiet:
        parts = [f"{number} {word}" for word, number in asdict(summary).items() if number or word in ("ran", "current")]
        click.echo(", ".join(parts))
    sys.exit(NOT if summary.failed or summary.cancelled else GOOD)
