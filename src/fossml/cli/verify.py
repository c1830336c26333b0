"""`fossml verify`: does the number hold? Measured with as few runs as can tell, in copies of the folder."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from fossml.errors import FossmlError
from fossml.types import Claim
from fossml.verify.claims import claim_from_options
from fossml.verify.environ import cache_folder
from fossml.verify.judge import exit_code, outcome
from fossml.verify.loop import Limits, Outcome
from fossml.verify.oneliner import Around, Asked, Result, verify
from fossml.verify.seeds import Delivery
from fossml.views.sentence import Judged, outcomes
from fossml.views.verdicts import claim_json

EPILOG = """\b
Examples:
  fossml verify --cmd "python train.py" --seed-flag --seed --metric metrics.json:test.accuracy --claim 0.953
  fossml verify --cmd "python main.py" --seed-flag seed= --metric 'stdout:acc: (\\S+)' --claim 95.3%
  fossml verify --cmd "python train.py" --seed-param params.yaml:seed --metric log.csv:val_acc --claim 0.91 --reading mean:5
  fossml verify --cmd "python train.py --seed {seed} | tee log" --metric 'stdout:acc' --claim '>= 0.9'

\b
A claim without --reading is answered in every reading. Exit codes:
  0  every claim holds, in every reading that was answered
  1  a claim does not hold, in any reading
  2  usage
  3  it could not be told, or it depends on the reading
  130, 143  interrupted; repeat the same command to go on: finished runs are not made again
"""
_UNITS = {"h": 3600, "m": 60, "s": 1}


class Duration(click.ParamType):
    """`90`, `90s`, `10m`, `1h30m`: seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, more than none."""
        text = str(value).strip().lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self.fail(f"{value!r} is no length of time: for example 90s, 10m, 1h30m", param, ctx)
        seconds = sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)
        if seconds <= 0:
            self.fail("it must be more than none", param, ctx)
        return seconds


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cmd", metavar="COMMAND", help="The command that trains and measures, as typed in a shell; {seed} in it is replaced.")
@click.option("--metric", "metrics", multiple=True, metavar="WHERE", help="Where the number comes out: file.json:dotted.key (also YAML, TOML), file.csv:column or column[row], stdout:PATTERN, file.log:PATTERN. Repeat it with --claim.")
@click.option("--claim", "claims", multiple=True, metavar="NUMBER", help="The number as it is printed (0.953, 95.3%, '>= 0.95', '0.953 ± 0.006').")
@click.option("--reading", "readings", multiple=True, metavar="HOW", help="How the number is meant: one, mean:N, best:N, best-epoch or exact. Once for all claims, or once for each.")
@click.option("--spread", "spreads", multiple=True, metavar="NUMBER:KIND", help="The claimed ±, and what it is: 0.006:sd, 0.002:se or 0.01:ci95.")
@click.option("--margin", type=click.FloatRange(min=0), help="A difference that does not matter, in units of the metric.")
@click.option("--seed-flag", metavar="FLAG", help="The command takes its seed so: --seed (then a space), --seed= or seed= (then none).")
@click.option("--seed-env", metavar="NAME", help="It takes its seed from this environment variable.")
@click.option("--seed-param", metavar="FILE:KEY", help="It takes its seed from a YAML, JSON or TOML file: params.yaml:seed.")
@click.option("--seeds", metavar="1,2,3", help="Use these seeds rather than fresh ones.")
@click.option("--runs", type=click.IntRange(1, 100), default=10, show_default=True, help="The most runs.")
@click.option("--budget", type=Duration(), help="Start no run that would not end within this time: 10m, 1h30m.")
@click.option("--timeout", type=Duration(), help="End a run that takes longer.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Runs at a time; trainings that share cores slow each other down.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="What each run gets a copy of, if the command needs more than the current folder.")
@click.option("--fresh", is_flag=True, help="Forget the recorded runs and measure again.")
@click.option("--keep", is_flag=True, help="Keep each run's copy of the folder.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(**given: Any) -> None:
    """Measure which claims hold, with as few runs as can tell.

    Runs a command with fresh seeds, each run in its own copy of the folder, and stops as soon as it is clear whether
    the claimed number holds. The folder itself stays as it is.
    """
    if given["cmd"] is None:
        hint = 'for example fossml verify --cmd "python train.py" --seed-flag --seed --metric metrics.json:acc --claim 0.95'
        raise FossmlError("nothing to verify: no --cmd is given", hint=hint)
    asked = _asked(given)
    signal.signal(signal.SIGTERM, _terminated)
    say = _silent if given["quiet"] else _say
    report = _reporter(asked.claims, say)
    result = verify(asked, _around(), rng=random.SystemRandom(), say=say, report=report)
    click.echo(_json(given["cmd"], result) if as_json(given) else _text(result))
    sys.exit(_interruption or _exit_code(result))


_interruption = 0
"""128 + the signal that ended the measurement, as a shell has it."""


def as_json(given: dict[str, Any]) -> bool:
    """Whether a program reads the answer."""
    return bool(given["as_json"])


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


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
    )
