"""`fossml verify`: does the number hold? Measured with as few runs as can tell, in copies of the folder."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from fossml.cli.tell import Form, check, tell
from fossml.env import child_environment, environment, interpreter
from fossml.errors import FossmlError
from fossml.project.settings import size
from fossml.types import Claim
from fossml.verify.claims.caveats import with_remarks
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.claims.parse import claim_from_options
from fossml.verify.cleanroom.environ import cache_folder
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command.oneliner import Around, Asked, Result, verify
from fossml.verify.report import Circumstances, of_command, repeat
from fossml.views.plain import harmless
from fossml.views.report import Report

if TYPE_CHECKING:
    from fossml.verify.command.there import There

EXAMPLE = 'fossml verify --cmd "python train.py" --seed-flag --seed --metric metrics.json:test.accuracy --claim 0.953'
EPILOG = f"""\b
Examples:
  fossml verify                  the claims of the project in this folder
  fossml verify --claim ID       one of them
  fossml verify PATH --claims claims.toml       your own claims about somebody's repository
  fossml verify --propose paper.tex             draft claims from the tables of a paper
  fossml verify ../paper@v1      of another folder, at a tag, branch or commit
  fossml verify https://github.com/OWNER/NAME@COMMIT
  {EXAMPLE}
  fossml verify --cmd "python main.py" --seed-flag seed= --metric 'stdout:acc: (\\S+)' --claim 95.3%
  fossml verify --cmd "python train.py" --seed-param params.yaml:seed --metric log.csv:acc --claim 0.91 --reading mean:5
  fossml verify --cmd "python train.py --seed {{seed}} | tee log" --metric stdout:acc --claim '>= 0.9' --budget 10m

\b
A claim without --reading is answered in every reading. Exit codes:
  0         every claim holds, in every reading that was answered
  1         a claim does not hold in any reading
  2         usage
  3         it could not be told, depends on the reading, or the number does not depend on its data (controls)
  130, 143  interrupted; repeat the same command to go on: finished runs are not made again
"""
HELP = {
    "cmd": "The command that trains and measures, as typed in a shell; {seed} in it becomes the seed.",
    "metric": "Where the number comes out: file.json:dotted.key (YAML, TOML too), file.csv:column or column[row], "
    "stdout:PATTERN, file.log:PATTERN. May be repeated, with --claim.",
    "claim": "The number as printed: 0.953, 95.3%, '>= 0.95', '0.953 ± 0.006'. Without --cmd: the id of a claim.",
    "reading": "How it is meant: one, mean:N, best:N, best-epoch, exact. Once for all claims, or once for each.",
    "spread": "The claimed ± and what it is: 0.006:sd, 0.002:se, 0.01:ci95. Once for all claims, or once for each.",
    "margin": "A difference that does not matter, in units of the metric.",
    "flag": "The command takes its seed so: --seed (the number follows after a space), --seed= or seed= (at once).",
    "env": "It takes its seed from this environment variable.",
    "param": "It takes its seed from a key of a YAML, JSON or TOML file, for example params.yaml:seed.",
    "seeds": "Use these seeds rather than fresh ones.",
    "budget": "Start no run that would not end within this time: 10m, 1h30m.",
    "jobs": "Runs at a time; trainings that share cores slow each other down.",
    "memory": "Leave out the stages that ask for more than this: 8GiB, 512MB.",
    "trust": "Run the code as you, with all that you can read and write, rather than in a sandbox.",
    "sandbox": "With --cmd: without network, keys and other folders, rather than as you.",
    "brought": "Claims of your own, and how to run the repository where it does not say: docs/claims.md.",
    "propose": "Draft [[claim]] tables from a .tex, .md or .csv file, a model card, published results or a folder.",
    "write": "With --propose: append them to fossml.toml.",
    "html": "Write the answer as one page to look at, too.",
    "output": "Write the answer as JSON, too.",
    "environment": "What the code runs in: made of what the project declares (project), the Python on PATH (path), "
    "or the first where there is anything to make it of (auto). Default: auto; path for --cmd without a PATH.",
    "worktree": "Take the files as they lie, with what is not committed, rather than the commit.",
    "controls": "Do not test whether the result moves when its data, a parameter or the seed does (trainings).",
    "probe": "Look for leaks too: permuted labels, baselines, rows in both train and test (trainings).",
    "verbose": "Print what is well too: every check, with its evidence.",
    "folder": "What each run gets a copy of, if the command needs more than the current folder.",
}
_UNITS = {"h": 3600, "m": 60, "s": 1, "": 1}


class Duration(click.ParamType[float]):
    """`90`, `90s`, `10m`, `1h30m`: seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, more than none."""
        text = str(value).strip().lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", text)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if "".join(number + unit for number, unit in parts) != text or seconds <= 0:
            self.fail(f"{value!r} is no length of time: for example 90s, 10m, 1h30m", param, ctx)
        return seconds


class Memory(click.ParamType[int]):
    """`8 GiB`, `512MB`: bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes, as fossml.toml has them."""
        try:
            return value if isinstance(value, int) else size(str(value))
        except ValueError:
            self.fail(f"{value!r} is no amount of memory: for example 8GiB, 512MB", param, ctx)


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", required=False, metavar="[PATH|GIT-URL][@REV]")
@click.option("--cmd", metavar="COMMAND", help=HELP["cmd"])
@click.option("--metric", "metrics", multiple=True, metavar="WHERE", help=HELP["metric"])
@click.option("--claim", "claims", multiple=True, metavar="NUMBER", help=HELP["claim"])
@click.option("--claims", "brought", type=click.Path(path_type=Path), metavar="FILE", help=HELP["brought"])
@click.option("--propose", type=click.Path(path_type=Path), metavar="FILE", help=HELP["propose"])
@click.option("--write", is_flag=True, help=HELP["write"])
@click.option("--reading", "readings", multiple=True, metavar="HOW", help=HELP["reading"])
@click.option("--spread", "spreads", multiple=True, metavar="NUMBER:KIND", help=HELP["spread"])
@click.option("--margin", type=click.FloatRange(min=0), help=HELP["margin"])
@click.option("--seed-flag", metavar="FLAG", help=HELP["flag"])
@click.option("--seed-env", metavar="NAME", help=HELP["env"])
@click.option("--seed-param", metavar="FILE:KEY", help=HELP["param"])
@click.option("--seeds", metavar="1,2,3", help=HELP["seeds"])
@click.option("--runs", type=click.IntRange(1, 100), default=10, show_default=True, help="The most runs.")
@click.option("--budget", type=Duration(), help=HELP["budget"])
@click.option("--memory", type=Memory(), help=HELP["memory"])
@click.option("--no-gpu", is_flag=True, help="Leave out the stages that need a GPU.")
@click.option("--timeout", type=Duration(), help="End a run that takes longer.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help=HELP["jobs"])
@click.option("--environment", type=click.Choice(["auto", "project", "path"]), help=HELP["environment"])
@click.option("--worktree", is_flag=True, help=HELP["worktree"])
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help=HELP["folder"])
@click.option("--no-controls", is_flag=True, help=HELP["controls"])
@click.option("--probe", is_flag=True, help=HELP["probe"])
@click.option("--fresh", is_flag=True, help="Forget the recorded runs and measure again.")
@click.option("--trust", is_flag=True, help=HELP["trust"])
@click.option("--sandbox", is_flag=True, help=HELP["sandbox"])
@click.option("--keep", is_flag=True, help="Keep each run's copy of the folder.")
@click.option("--json", "printed", flag_value="json", help="Everything as JSON.")
@click.option("--markdown", "printed", flag_value="markdown", help="For a pull request.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help=HELP["html"])
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help=HELP["output"])
@click.option("--no-record", is_flag=True, help="Do not write fossml.verify.json.")
@click.option("-v", "--verbose", is_flag=True, help=HELP["verbose"])
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(**given: Any) -> None:
    """Measure whether a claimed number holds, with as few runs as can tell.

    With --cmd: runs any command with fresh seeds, each run in its own copy of the folder, and stops as soon as it is
    clear. Without: rebuilds the project (here, at PATH, or at a URL) from nothing in a copy, measures its [[claim]]
    tables, and repeats with fresh seeds what a seed reaches. What is verified is the commit, not what lies beside it;
    only --cmd without a PATH takes the folder as it lies. The folder itself stays as it is.
    """
    check(_form(given))
    if given["write"] and not given["propose"]:
        raise FossmlError("--write goes with --propose")
    if given["propose"]:
        sys.exit(_propose(given))
    if given["brought"]:
        sys.exit(_brought(given))
    if given["cmd"] is None:
        sys.exit(_project(given))
    _refuse(given)
    asked = _asked(given)
    say = _silent if given["quiet"] else _say
    report = reporter(asked.claims, asked.limits.runs, say)
    with _termination() as received:
        try:
            with place(asked, _around(), given, say) as found:
                there = found.required()
                result = verify(there.asked, there.around, rng=random.SystemRandom(), say=say, report=report)
                told = _report(there, result, _words(given))
        except KeyboardInterrupt:
            sys.exit(interrupted(received))
    tell(told, _form(given))
    sys.exit(interrupted(received) if result.measurement.interrupted else told.exit_code)


def _refuse(given: Mapping[str, Any]) -> None:
    """FossmlError for options that do not go with --cmd as it is given."""
    if given["probe"]:
        raise FossmlError("--probe looks into the stages of a pipeline: it does not go with --cmd")
    if given["trust"] and given["sandbox"]:
        raise FossmlError("--trust and --sandbox exclude each other")
    if not given["cmd"].strip():
        raise FossmlError("--cmd is empty", hint=f"for example {EXAMPLE}")
    if given["worktree"] and given["target"] is None:
        hint = "leave it out: --cmd without a PATH takes the files as they lie"
        raise FossmlError("--worktree goes with a PATH", hint=hint)
    if given["folder"] and given["target"] is not None:
        raise FossmlError("--folder goes without a PATH: each run gets a copy of its repository", where="--folder")


_NOT_REPEATED = frozenset({"target", "printed", "html", "output", "no_record", "quiet", "verbose", "keep", "fresh"})
"""Options that have no part in the answer."""


def _words(given: dict[str, Any]) -> list[str]:
    """The options as typed, those apart that only say how the answer is told."""
    context = click.get_current_context()
    words: list[str] = []
    for option in context.command.params:
        name = option.name or ""
        typed = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if typed and name not in _NOT_REPEATED:
            value, flag = given[name], max(option.opts, key=len)
            if value is True:
                words.append(flag)
                continue
            for one in value if isinstance(value, tuple) else (value,):
                written = _typed(one, option.type)
                words += [flag] if one is True else [flag, written]
    return words


def _typed(value: object, kind: click.ParamType[Any]) -> str:
    """A value as it may be typed again."""
    if isinstance(kind, Memory) and isinstance(value, int):
        return f"{value / 2**20:g}MiB"
    return f"{value:g}s" if isinstance(kind, Duration) else str(value)


def _form(given: dict[str, Any]) -> Form:
    return Form(given["printed"] or "table", given["html"], given["output"], given["verbose"])


def _report(there: There, result: Result, words: Sequence[str]) -> Report:
    """What was found, with what is known of the folder and of the machine."""
    asked, around = there.asked, there.around
    root = (asked.folder or around.cwd).resolve()
    env = child_environment(around.environ, around.prefix, around.base_prefix)
    source = there.told(root)
    about = Circumstances(
        title=root.name,
        source=source,
        repeat=repeat(source.commit, words, source.url or ""),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(interpreter(asked.delivery.cmd, env, around.cwd, root if asked.sandbox else None)),
        made=there.made,
        findings=there.findings,
    )
    judged = tuple(with_remarks(one, there.not_checked) for one in result.judged)
    return of_command(asked, replace(result, judged=judged), about)


@contextlib.contextmanager
def place(asked: Asked, around: Around, given: Mapping[str, Any], say: Callable[[str], None]) -> Iterator[There]:
    """What was asked, led to the files of the target and their environment; as it is where none is given."""
    from fossml.verify.command.there import at_folder, at_target

    mode = given["environment"]
    if given["target"] is not None:
        with at_target(asked, around, given["target"], mode or "auto", as_it_lies=given["worktree"], say=say) as there:
            yield there
    else:
        yield at_folder(asked, around, mode or "path", say=say)


def interrupted(received: Sequence[int]) -> int:
    """The exit code after a signal, as a shell has it."""
    return 128 + (received[0] if received else signal.SIGINT)


@contextlib.contextmanager
def _termination() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP end a measurement as Ctrl-C does; the list gets the signal that came."""
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_FOR_CMD = {
    "metrics": "--metric",
    "readings": "--reading",
    "spreads": "--spread",
    "margin": "--margin",
    "seed_flag": "--seed-flag",
    "seed_env": "--seed-env",
    "seed_param": "--seed-param",
    "seeds": "--seeds",
    "folder": "--folder",
    "timeout": "--timeout",
    "sandbox": "--sandbox",
}


def _project(given: dict[str, Any]) -> int:
    """Without --cmd: the claims of the project that stands here."""
    from fossml.cli.verify_project import Wish, run
    from fossml.verify.cleanroom.source import open_source
    from fossml.verify.cleanroom.target import parse_target
    from fossml.verify.shows import Further, within

    for name, option in _FOR_CMD.items():
        if given[name]:
            raise FossmlError(f"{option} goes with --cmd, and no --cmd is given", hint=f"for example {EXAMPLE}")
    around, say = _around(), _silent if given["quiet"] else _say
    target = parse_target(given["target"], around.cwd)
    wish = Wish(
        only=given["claims"],
        fresh=given["fresh"],
        keep=given["keep"],
        quiet=given["quiet"],
        trust=given["trust"],
        record=not given["no_record"],
        environment=given["environment"] or "auto",
        form=_form(given),
        words=_words(given),
        further=Further(not given["no_controls"], given["probe"], within(given["budget"])),
    )
    limits = Limits(given["runs"], given["budget"], given["jobs"], given["memory"], not given["no_gpu"])
    with _termination() as received:
        try:
            with open_source(target, around.cache, around.environ, as_it_lies=given["worktree"], say=say) as source:
                code = run(source, limits, around, wish)
        except KeyboardInterrupt:
            return interrupted(received)
    return interrupted(received) if received else code


def _brought(given: dict[str, Any]) -> int:
    """The claims of a file of the reader's, with its commands or with the pipeline of the repository."""
    from fossml.cli import verify_brought

    for name, option in (("cmd", "--cmd"), *((name, o) for name, o in _FOR_CMD.items() if name not in _ALSO_BROUGHT)):
        if given[name]:
            raise FossmlError(f"{option} does not go with --claims", hint="the file says it: see docs/claims.md")
    say = _silent if given["quiet"] else _say
    with _termination() as received:
        try:
            seeds = _seeds(given["seeds"])
            code = verify_brought.run(given, _around(), seeds, say, form=_form(given), words=_words(given))
        except KeyboardInterrupt:
            return interrupted(received)
    return interrupted(received) if received else code


_ALSO_BROUGHT = ("seeds", "timeout")


def _propose(given: dict[str, Any]) -> int:
    """Claims drafted from a document."""
    from fossml.cli import verify_propose

    folder = Path(given["target"] or ".").absolute()
    if not folder.is_dir():
        hint = "clone it first: the metrics that its files have are matched with the numbers of the document"
        raise FossmlError(f"--propose reads a folder, and {given['target']} is none", where="PATH", hint=hint)
    return verify_propose.run(given["propose"], folder, write=given["write"])


def _asked(given: dict[str, Any]) -> Asked:
    return Asked(
        delivery=Delivery(given["cmd"], given["seed_flag"], given["seed_env"], given["seed_param"]),
        claims=_claims(given),
        limits=Limits(given["runs"], given["budget"], given["jobs"]),
        seeds=_seeds(given["seeds"]),
        folder=given["folder"],
        timeout=given["timeout"],
        keep=given["keep"],
        fresh=given["fresh"],
        sandbox=given["sandbox"] or (not given["trust"] and _elsewhere(given["target"])),
    )


def _elsewhere(target: str | None) -> bool:
    """Whether the code is that of a URL: a stranger's."""
    from fossml.verify.cleanroom.target import parse_target

    return target is not None and bool(parse_target(target, Path.cwd()).url)


def _claims(given: dict[str, Any]) -> tuple[Claim, ...]:
    claims, metrics = given["claims"], given["metrics"]
    if not claims or not metrics:
        raise FossmlError("--metric and --claim are both needed", hint=f"for example {EXAMPLE}")
    count = max(len(claims), len(metrics))
    paired = zip(
        _each(metrics, count, "--metric"),
        _each(claims, count, "--claim"),
        _each(given["readings"] or (None,), count, "--reading"),
        _each(given["spreads"] or (None,), count, "--spread"),
        strict=True,
    )
    return tuple(
        claim_from_options(metric, value, reading=reading, spread=spread, margin=given["margin"])
        for metric, value, reading, spread in paired
    )


def _each(values: Sequence[Any], count: int, option: str) -> Sequence[Any]:
    """One value for each claim; a single one serves for all, except for a claim."""
    if len(values) == count:
        return values
    if len(values) == 1 and option != "--claim":
        return [values[0]] * count
    raise FossmlError(f"{len(values)} times {option} for {count} numbers", hint="give --metric and --claim in pairs")


def _seeds(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts) or len(set(parts)) < len(parts):
        raise FossmlError(f"{text!r} is no list of different seeds", where="--seeds", hint="for example 1,2,3")
    return tuple(int(part) for part in parts)


def _around() -> Around:
    return Around(Path.cwd(), os.environ, sys.prefix, sys.base_prefix, Path.home(), cache_folder(os.environ))


def _say(line: str) -> None:
    click.secho(harmless(line), dim=True, err=True)


def _silent(_line: str) -> None:
    """Say nothing."""


def reporter(claims: Sequence[Claim], most: int, say: Callable[[str], None]) -> Callable[[Outcome], None]:
    """One line for every finished run: its seed, what it gave for each claim, how long it took."""
    count = 0

    def report(one: Outcome) -> None:
        nonlocal count
        count += 1
        seed = "" if one.seed is None else f"  seed {one.seed:<6}"
        took = "on record" if one.recorded else f"{one.seconds:.1f} s"
        say(f"run {count} of at most {most}{seed}  {_values(claims, one)}  ({took})")

    return report


def _values(claims: Sequence[Claim], one: Outcome) -> str:
    if one.failure:
        return one.failure
    said = []
    for claim, measured in zip(claims, one.measured, strict=True):
        if claim.order:
            continue  # it has no number of its own
        values = ", ".join(f"{value:.6g}" for value in list(measured.values.values())[:5]) or f"({measured.missing})"
        said.append(values if len(claims) == 1 else f"{claim.id} {values}")
    return "  ".join(said)
