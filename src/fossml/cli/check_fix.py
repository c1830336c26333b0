"""`fossml check --fix`: the safe repairs as a diff; written when the user says so, and never without being asked."""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path

import click

from fossml import begin
from fossml.cli.check_asked import Asked
from fossml.env import child_environment
from fossml.fixes import LICENCES, Mended, Repository, keep, mend, versions
from fossml.project.config import read_config
from fossml.project.git import git
from fossml.views.plain import visible


def repair(asked: Asked, *, licence: str | None, yes: bool, aside: bool = False) -> bool:
    """Show what would change, ask, write; True where something was written. `aside`: on standard error."""
    known = _repository(asked)
    mended = mend(known, _licence(known, licence, yes=yes))
    _show(mended, aside=aside)
    if not mended.changes:
        click.echo("nothing to repair here by itself", err=True)
        return False
    if not _may_write(yes):
        click.echo("nothing was written; with --yes it is", err=True)
        return False
    keep(asked.path, mended.data)  # the bytes first, then the files that name them
    begin.apply(asked.path, mended.changes)
    click.echo(f"wrote {', '.join(change.path for change in mended.changes)}", err=True)
    return True


def _licence(known: Repository, given: str | None, *, yes: bool) -> str | None:
    """The licence to give: as said or as answered, never by silence."""
    if given or not known.failed("LIC001"):
        return given
    if yes or not _asks():
        return None
    answer: str = click.prompt(
        "there is no licence; which one (none: leave it)", default=LICENCES[0], type=click.Choice([*LICENCES, "none"])
    )
    return None if answer == "none" else answer


def _repository(asked: Asked) -> Repository:
    config = read_config(asked.path)
    return Repository(
        root=asked.path,
        facts=asked.facts,
        findings=asked.every,
        year=datetime.datetime.now(datetime.UTC).year,
        project=config.project or {},
        person=_author(asked.path),
        origin=(git(asked.path, "config", "remote.origin.url") or "").strip(),
        installed=versions(asked.path, config.python, child_environment(os.environ, sys.prefix, sys.base_prefix)),
    )


def _show(mended: Mended, *, aside: bool) -> None:
    for line in begin.unified(mended.changes).splitlines():
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(visible(line), fg=color, err=aside)
    for note in mended.notes:
        click.echo(f"for you to do: {visible(note)}", err=aside)


def _may_write(yes: bool) -> bool:
    if yes or not _asks():
        return yes
    return click.confirm("write this?", default=True)


def _asks() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _author(root: Path) -> str:
    """Who made most commits, whoever asks; who asks where there is none yet."""
    made = (git(root, "shortlog", "-sn", "HEAD") or "").splitlines()
    return made[0].partition("\t")[2].strip() if made else (git(root, "config", "user.name") or "").strip()
