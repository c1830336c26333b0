"""The options of `fossml verify`, and what they choose to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from fossml.cli import tell
from fossml.cli.headed import HeadedCommand, HeadedOption
from fossml.cli.verify import modes
from fossml.cli.verify.given import Given, form, read
from fossml.cli.verify.parameters import Duration, Memory
from fossml.cli.verify.world import interrupted, termination

EPILOG = """\b
Examples:
  fossml verify                  the claims of the project in this folder
  fossml verify --claim ID       one of them
  fossml verify ../paper@v1      of another folder, at a tag, branch or commit
  fossml verify https://github.com/OWNER/NAME@COMMIT
  fossml verify PATH --claims claims.toml       your own, about any repository
  fossml verify --propose paper.tex             drafts them from its tables

\b
  fossml verify --cmd "python train.py" --seed-flag --seed \\
      --metric metrics.json:test.accuracy --claim 0.953
  fossml verify --cmd "python main.py" --seed-flag seed= \\
      --metric 'stdout:acc: (\\S+)' --claim 95.3%
  fossml verify --cmd "python train.py" --seed-param params.yaml:seed \\
      --metric log.csv:acc --claim 0.91 --reading mean:5
  fossml verify --cmd "python train.py --seed {seed} | tee log" \\
      --metric stdout:acc --claim '>= 0.9' --budget 10m

\b
Exit codes:
  0         every claim holds, in every reading that was answered
  1         a claim does not hold in any reading
  2         usage
  3         it could not be told, it depends on the reading, or the number
            does not depend on its data (controls)
  130, 143  interrupted; repeat the same command to go on: finished runs are
            not made again
"""


def _under(heading: str) -> Callable[..., Callable[[Any], Any]]:
    """The decorator for options below one heading."""
    return partial(click.option, cls=HeadedOption, heading=heading)


_what = _under("What is verified (without any: the [[claim]] tables of the project)")
_number = _under("The claim, with --cmd (without --reading it is answered in every reading)")
_seed = _under("How the command takes its seed (or {seed} in the command)")
_limit = _under("Limits")
_place = _under("Where it runs")
_controls = _under("Shows that it can fail (trainings, which a budget leaves out first)")
_answer = _under("How the answer is told")

_FILE = click.Path(path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(
    cls=HeadedCommand,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.argument("target", required=False, metavar="[PATH|GIT-URL][@REV]")
@_what("--cmd", metavar="COMMAND", help="A command that trains and measures, as typed in a shell.")
# --metric before --claim, since so they stand in what is to be typed to repeat a measurement.
@_number(
    "--metric",
    "metrics",
    multiple=True,
    metavar="WHERE",
    help="Where the number comes out: file.json:dotted.key (YAML, TOML too), file.csv:column or column[row], "
    "stdout:PATTERN, file.log:PATTERN. May be repeated, with --claim.",
)
@_what(
    "--claim",
    "claims",
    multiple=True,
    metavar="ID|NUMBER",
    help="The claim with this id only. With --cmd: the number as printed: 0.953, 95.3%, '>= 0.95', '0.953 ± 0.006'.",
)
@_what(
    "--claims",
    "brought",
    type=_FILE,
    metavar="FILE",
    help="Claims of your own, and how to run the repository where it does not say: docs/claims.md.",
)
@_what("--worktree", is_flag=True, help="The files of PATH as they lie, with what is not committed, not the commit.")
@_what(
    "--folder",
    type=_FOLDER,
    metavar="FOLDER",
    help="With --cmd: what each run gets a copy of, if the command needs more than the current folder.",
)
@_what(
    "--propose",
    type=_FILE,
    metavar="FILE",
    help="Run nothing, draft [[claim]] tables from a .tex, .md or .csv file, a model card, published results or a "
    "folder.",
)
@_what("--write", is_flag=True, help="With --propose: append them to fossml.toml.")
@_number(
    "--reading",
    "readings",
    multiple=True,
    metavar="HOW",
    help="How it is meant: one, mean:N, best:N, best-epoch, exact. Once for all claims, or once for each.",
)
@_number(
    "--spread",
    "spreads",
    multiple=True,
    metavar="NUMBER:KIND",
    help="The claimed ± and what it is: 0.006:sd, 0.002:se, 0.01:ci95. Once for all claims, or once for each.",
)
@_number(
    "--margin",
    type=click.FloatRange(min=0),
    metavar="NUMBER",
    help="A difference that does not matter, in units of the metric.",
)
@_seed("--seed-flag", metavar="FLAG", help="--seed (the number follows after a space), --seed= or seed= (at once).")
@_seed("--seed-env", metavar="NAME", help="An environment variable.")
@_seed("--seed-param", metavar="FILE:KEY", help="A key of a YAML, JSON or TOML file, for example params.yaml:seed.")
@_seed("--seeds", metavar="1,2,3", help="Use these seeds rather than fresh ones.")
@_limit("--runs", type=click.IntRange(1, 100), default=10, show_default=True, metavar="N", help="The most runs.")
@_limit("--budget", type=Duration(), help="Start no run that would not end within this time: 10m, 1h30m.")
@_limit("--timeout", type=Duration(), help="End a run of the command that takes longer.")
@_limit(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Runs at a time; trainings that share cores slow each other down.",
)
@_limit("--memory", type=Memory(), help="Leave out the stages of a project that ask for more: 8GiB, 512MB.")
@_limit("--no-gpu", is_flag=True, help="Leave out the stages of a project that need a GPU.")
@_place(
    "--environment",
    type=click.Choice(["auto", "project", "path"]),
    metavar="KIND",
    help="project: made of what the project declares; path: the Python on PATH; auto: the first where there is "
    "anything to make it of. Default: auto; path for --cmd without a PATH.",
)
@_place(
    "--trust",
    is_flag=True,
    help="As you, with all that you can read and write, rather than in a sandbox: for a project, a URL and --claims.",
)
@_place("--sandbox", is_flag=True, help="With --cmd: without network, keys and other folders, rather than as you.")
@_place("--keep", is_flag=True, help="Keep each run's copy of the folder.")
@_place("--fresh", is_flag=True, help="Forget the recorded runs and measure again.")
@_controls(
    "--no-controls",
    is_flag=True,
    help="Do not test whether the result of a project moves when its data, a parameter or the seed does.",
)
@_controls("--probe", is_flag=True, help="Look for leaks too: permuted labels, baselines, rows in both train and test.")
@_answer("--json", "printed", flag_value="json", help="Everything as JSON.")
@_answer("--markdown", "printed", flag_value="markdown", help="For a pull request.")
@_answer("--html", type=_FILE, metavar="FILE", help="Write the answer as one page to look at, too.")
@_answer("--output", type=_FILE, metavar="FILE", help="Write the answer as JSON, too.")
@_answer("--no-record", is_flag=True, help="Do not write fossml.verify.json, the record of a project.")
@_answer("-v", "--verbose", is_flag=True, help="Print what is well too: every check, with its evidence.")
@_answer("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def command(context: click.Context, /, **values: Any) -> None:
    """Measure whether a claimed number holds, with as few runs as can tell.

    With --cmd: runs any command with fresh seeds, each run in its own copy of the folder, and stops as soon as it is
    clear. Without: rebuilds the project (here, at PATH, or at a URL) from nothing in a copy, measures its [[claim]]
    tables, and repeats with fresh seeds what a seed reaches. What is verified is the commit, not what lies beside it;
    only --cmd without a PATH takes the folder as it lies. The folder itself stays as it is.
    """
    given = read(context, values)
    tell.check(form(given))
    with termination() as received:
        try:
            code = _run(given)
        except KeyboardInterrupt:
            code = interrupted(received)
    sys.exit(interrupted(received) if received else code)


def _run(given: Given) -> int:
    """Do what was asked for; the exit code. Nothing is imported before it is needed."""
    if given.propose:
        from fossml.cli.verify import propose

        modes.refuse(given, modes.PROPOSE)
        return propose.run(given)
    if given.brought:
        from fossml.cli.verify import brought

        return brought.run(given)
    if given.cmd is not None:
        from fossml.cli.verify import oneliner

        modes.refuse(given, modes.COMMAND)
        return oneliner.run(given)
    from fossml.cli.verify import project

    modes.refuse(given, modes.PROJECT)
    return project.run(given)
