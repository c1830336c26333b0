"""`fossml check`: what keeps others from reproducing a repository, with evidence."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fossml.views.checked import Checked

EXAMPLES = """
\b
Examples:
  fossml check                        this repository
  fossml check ../paper               another one
  fossml check --select D,DEP         the items of group D and the rules that begin with DEP
  fossml check --explain DEP001       the manual page of a rule or an item
  fossml check --fix                  the safe repairs, as a diff first
  fossml check --form neurips         the checklist of NeurIPS, filled in from evidence
  fossml check --format html > a.html
  fossml check --write-baseline       what fails today does not count tomorrow: --baseline fossml.baseline.json
"""
FORMS = ("text", "json", "sarif", "github", "markdown", "html")
BASELINE = "fossml.baseline.json"


@click.command("check", epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", help="How to print.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--select", metavar="CODES", help="Only these: DEP002, DEP for all that begin so, D for items D1 to D5.")
@click.option("--ignore", metavar="CODES", help="All but these.")
@click.option("--explain", metavar="CODES", help="Print the manual page of a rule or an item.")
@click.option("--profile", metavar="NAME|FILE", help="The standard to hold it to, instead of what fossml.toml says.")
@click.option("--form", "checklist", metavar="NAME|FILE", help="Fill in the checklist of a profile: pineau, neurips.")
@click.option("--baseline", metavar="FILE", type=click.Path(path_type=Path), help="Failures that are known.")
@click.option("--write-baseline", is_flag=True, help=f"Write that file ({BASELINE}) with what fails now.")
@click.option("--fix", is_flag=True, help="Show the safe repairs as a diff, and ask.")
@click.option("--licence", metavar="NAME", help="The licence that --fix gives, where there is none; it asks otherwise.")
@click.option("-y", "--yes", is_flag=True, help="With --fix: write without asking.")
@click.pass_context
def command(
    ctx: click.Context,
    path: Path,
    form: str,
    as_json: bool,
    select: str | None,
    ignore: str | None,
    explain: str | None,
    profile: str | None,
    checklist: str | None,
    baseline: Path | None,
    write_baseline: bool,
    fix: bool,
    licence: str | None,
    yes: bool,
) -> None:
    """Find what keeps others from reproducing the repository at PATH; nothing in it is run or loaded.

    Exit codes: 0 nothing hard fails, 1 something hard fails, 2 usage, 3 there is nothing to judge.
    """
    from fossml.cli.check_asked import ask

    asked = ask(path, profile, select, ignore)
    if explain:
        click.echo(asked.pages(explain))
        return
    if checklist:
        click.echo(asked.filled(checklist))
        return
    if fix:
        from fossml.cli.check_fix import repair

        if repair(asked, licence=licence, yes=yes, aside=as_json or form != "text"):
            asked = ask(path, profile, select, ignore)
    if write_baseline:
        asked.write_baseline(baseline or Path(BASELINE))
        return
    _print(ctx, asked.checked(baseline), "json" if as_json else form)


def _print(ctx: click.Context, checked: Checked, form: str) -> None:
    click.echo(_rendered(checked, form), color=None if _may_color() else False)
    ctx.exit(checked.exit_code)


def _rendered(checked: Checked, form: str) -> str:
    if form == "text":
        from fossml.views.checked import terminal

        return terminal.text(checked, shutil.get_terminal_size().columns if sys.stdout.isatty() else None)
    import importlib

    module = {"json": "document", "html": "page"}.get(form, form)
    text: str = importlib.import_module(f"fossml.views.checked.{module}").text(checked)
    return text


def _may_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
