"""The `fossml` command: finds the subcommand, turns errors into one line with a hint, sets the exit code."""

from __future__ import annotations

import importlib
import json
import sys

import click

from fossml import __version__
from fossml.errors import UNKNOWN, FossmlError

COMMANDS = {
    "init": "Look round, propose, show a diff; `init -- CMD` drafts a stage from one traced run.",
    "demo": "Write the example project and show what fossml does with it.",
    "build": "Run what must run, in parallel; record every result.",
    "check": "Find what keeps others from reproducing this repository.",
    "verify": "Measure which claims hold, with as few runs as can tell.",
    "diff": "Say where two results part, and why: commits, runs, folders, a rebuild.",
}


class LazyGroup(click.Group):
    """A group whose commands live in `fossml.cli.<name>` and are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was asked for; for a name that is none, the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # for what is wrong only

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean `fossml {near[0]}`?" if near else f"the commands are: {', '.join(COMMANDS)}"
            raise FossmlError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an interrupt that it says nothing of ends it without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(130)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import the one command that was asked for."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"fossml.cli.{name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Where things stand, as JSON.")
@click.version_option(__version__, message="fossml %(version)s")
@click.pass_context
def app(ctx: click.Context, as_json: bool) -> None:
    """A compiler for open science: build a repository into a model, check it, verify its claims.

    Without a command: where things stand here, and the next command.

    \b
    Any code, no configuration:
      fossml verify --cmd "python train.py" --seed-flag --seed --metric metrics.json:accuracy --claim 0.953
    A folder of scripts:
      fossml init -- python train.py     drafts its stage
      fossml build                       runs what must run
      fossml check                       finds what keeps others from repeating it

    Exit codes: 0 good, 1 something does not hold, 2 usage or configuration, 3 could not tell.
    """
    if ctx.invoked_subcommand is None:
        from fossml.cli.status import show

        ctx.exit(show(as_json))


def _main(argv: list[str] | None) -> None:
    try:
        app.main(args=argv, prog_name="fossml", standalone_mode=True)
    except RecursionError as error:
        raise FossmlError("folders or a document are nested too deep to be looked into", code=UNKNOWN) from error
    except MemoryError as error:
        raise FossmlError("a file takes more memory to be read than there is", code=UNKNOWN) from error


def run(argv: list[str] | None = None) -> None:
    """Run the command line and exit: 0 good, 1 not, 2 usage or configuration, 3 could not tell, 130 interrupted."""
    try:
        _main(argv)
    except FossmlError as error:
        from fossml.views.plain import harmless

        click.secho(harmless(f"error: {error}"), fg="red", err=True)
        if error.hint:
            click.echo(harmless(f"hint: {error.hint}"), err=True)
        if "--json" in (sys.argv[1:] if argv is None else argv):
            said = {"message": error.message, "where": error.where, "hint": error.hint, "exit_code": error.code}
            click.echo(json.dumps({"error": said}, ensure_ascii=False))
        sys.exit(error.code)
