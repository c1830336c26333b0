"""Where `fossml verify` meets the world: what lies around it, whom it speaks to, signals that end it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from fossml.verify.cleanroom.environ import cache_folder
from fossml.views.plain import harmless

if TYPE_CHECKING:
    from fossml.verify.command.oneliner import Around


def around() -> Around:
    """Where the user stands, in which environment, and what runs fossml."""
    from fossml.verify.command.oneliner import Around

    return Around(Path.cwd(), os.environ, sys.prefix, sys.base_prefix, Path.home(), cache_folder(os.environ))


def speaker(quiet: bool) -> Callable[[str], None]:
    """What says a line of progress, or nothing."""
    return _silent if quiet else _say


def _say(line: str) -> None:
    click.secho(harmless(line), dim=True, err=True)


def _silent(_line: str) -> None:
    """Say nothing."""


def interrupted(received: Sequence[int]) -> int:
    """The exit code after a signal, as a shell has it."""
    return 128 + (received[0] if received else signal.SIGINT)


@contextlib.contextmanager
def termination() -> Iterator[list[int]]:
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
