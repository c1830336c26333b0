"""`fossml check`: what keeps others from reproducing a repository, with evidence."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fossml.errors import FossmlError

if TYPE_CHECKING:
    from fossml.views.checked import Checked

EXAMPLES = """
\b
Examples:
  fossml check                        this repository
  fossml check ../paper@v1            another one, at a tag; a URL of git does as well
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
@click.argument("path", metavar="[PATH|URL]", default=".")
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
def command(ctx: click.Context, /, path: str, **given: Any) -> None:
    """Find what keeps others from reproducing the repository at PATH, a folder or a URL of git.

    Nothing in it is run or loaded.

    Exit codes: 0 nothing hard fails, 1 something hard fails, 2 usage, 3 there is nothing to judge.
    """
    if (given["yes"] or given["licence"]) and not given["fix"]:
        raise FossmlError("--yes and --licence belong to --fix", hint="fossml check --fix --yes")
    with _laid_out(path, fix=given["fix"]) as root:
        _answer(ctx, root, given)


@contextlib.contextmanager
def _laid_out(path: str, *, fix: bool) -> Iterator[Path]:
    """The folder as it lies; of a URL or a revision (`../paper@v1`) a checkout, gone at the end."""
    if Path(path).is_dir():
        yield Path(path)
        return
    from fossml.verify.cleanroom.environ import cache_folder
    from fossml.verify.cleanroom.source import open_source
    from fossml.verify.cleanroom.target import parse_target

    target = parse_target(path, Path.cwd())
    if fix:
        raise FossmlError(
            "--fix changes a folder of yours", where=path, hint="clone it, then: fossml check --fix FOLDER"
        )
    with open_source(
        target, cache_folder(os.environ), os.environ, say=lambda line: click.echo(line, err=True)
    ) as source:
        yield source.folder


def _answer(ctx: click.Context, root: Path, given: Mapping[str, Any]) -> None:
    from fossml.cli.check_asked import ask

    what = given["profile"], given["select"], given["ignore"]
    form = "json" if given["as_json"] else given["form"]
    asked = ask(root, *what)
    if given["explain"]:
        click.echo(asked.pages(given["explain"]))
        return
    if given["checklist"]:
        click.echo(asked.filled(given["checklist"]))
        return
    if given["fix"]:
        from fossml.cli.check_fix import repair

        if repair(asked, licence=given["licence"], yes=given["yes"], aside=form != "text"):
            asked = ask(root, *what)
    if given["write_baseline"]:
        file = given["baseline"] or Path(BASELINE)
        click.echo(f"wrote {file}: {asked.write_baseline(file)} failures are known", err=True)
        return
    _print(ctx, asked.checked(given["baseline"]), form)


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
