"""What was typed after `fossml verify`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fossml.cli.tell import Form
from fossml.cli.verify.parameters import typed
from fossml.errors import FossmlError

if TYPE_CHECKING:
    from fossml.verify.environment.surroundings import Mode

_NOT_REPEATED = frozenset({"target", "printed", "html", "output", "no_record", "quiet", "verbose", "keep", "fresh"})
"""Options that have no part in the answer."""


@dataclass(frozen=True, slots=True)
class Given:
    """The values of all options, by the names of docs and `--help`; those that were not typed have their defaults.

    `there` maps each option that was typed to how it is written, `words` are those of them that have a part in the
    answer, as typed: with them it is asked for again.
    """

    target: str | None
    cmd: str | None
    metrics: tuple[str, ...]
    claims: tuple[str, ...]
    brought: Path | None
    propose: Path | None
    write: bool
    readings: tuple[str, ...]
    spreads: tuple[str, ...]
    margin: float | None
    seed_flag: str | None
    seed_env: str | None
    seed_param: str | None
    seeds: str | None
    runs: int
    budget: float | None
    memory: int | None
    no_gpu: bool
    timeout: float | None
    jobs: int
    environment: Mode | None
    worktree: bool
    folder: Path | None
    no_controls: bool
    probe: bool
    fresh: bool
    trust: bool
    sandbox: bool
    keep: bool
    printed: str | None
    html: Path | None
    output: Path | None
    no_record: bool
    verbose: bool
    quiet: bool
    there: Mapping[str, str]
    words: tuple[str, ...]


def read(context: click.Context, values: Mapping[str, Any]) -> Given:
    """What click has parsed."""
    typed_ones = (one for one in context.command.params if one.name and _typed(one, context, values))
    there = {one.name or "": max(one.opts, key=len) for one in typed_ones}
    return Given(**values, there=there, words=tuple(_words(context, values)))


def _typed(one: click.Parameter, context: click.Context, values: Mapping[str, Any]) -> bool:
    """Whether it was typed; of flags that set one value, the one that did."""
    name = one.name or ""
    other = isinstance(one, click.Option) and isinstance(one.flag_value, str) and one.flag_value != values[name]
    return not other and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _words(context: click.Context, values: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for option in context.command.params:
        name = option.name or ""
        if name in _NOT_REPEATED or not _typed(option, context, values):
            continue
        value, flag = values[name], max(option.opts, key=len)
        for one in value if isinstance(value, tuple) else (value,):
            words += [flag] if one is True else [flag, typed(one, option.type)]
    return words


def form(given: Given) -> Form:
    """How the answer is told."""
    return Form(given.printed or "table", given.html, given.output, given.verbose)


def seeds(given: Given) -> tuple[int, ...] | None:
    """Those that were picked; None: fresh ones are drawn."""
    if given.seeds is None:
        return None
    parts = [part.strip() for part in given.seeds.split(",")]
    if not all(part.isdecimal() for part in parts) or len(set(parts)) < len(parts):
        raise FossmlError(f"{given.seeds!r} is no list of different seeds", where="--seeds", hint="for example 1,2,3")
    return tuple(int(part) for part in parts)
