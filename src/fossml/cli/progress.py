"""What `fossml build` shows while it runs: what has ended as lines that stay, what runs as lines that live."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from fossml.cli.live import Live
from fossml.cli.log import last_said
from fossml.cli.scroll import INDENT, Scroll, styled
from fossml.types import Event
from fossml.views.plain import cells, cut, visible

_NARROWEST = 8
"""Columns that a name has at least; at most it has two fifths of the terminal."""


@dataclass(frozen=True, slots=True)
class _Running:
    name: str
    since: float
    why: str
    log: Path | None


class Progress:
    """Call it with every Event of a build, from one thread, inside `with`: the terminal is as before at its end.

    Writes to `stream`, standard error by default. On a terminal the stages that run have a line each at the bottom;
    elsewhere, and where TERM is `dumb`, there are plain lines only, without control characters. NO_COLOR takes the
    colours. `root` is the repository, `total` says how many stages the build is about: it is asked once, when the
    first one starts. `quiet` shows failures only. `clock` gives seconds.
    """

    def __init__(
        self,
        root: Path,
        *,
        total: Callable[[], int] | None = None,
        quiet: bool = False,
        stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        terminal = self._stream.isatty() and environ.get("TERM", "dumb") != "dumb"
        self._color = terminal and not environ.get("NO_COLOR")
        self._live = Live(self._stream, self._drawn) if terminal and not quiet else None
        self._scroll = Scroll(root, self._color, quiet, live=self._live is not None)
        self._root, self._clock = root, clock
        self._ask_total, self._total = total, 0
        self._running: dict[str, _Running] = {}
        self._ended = self._failed = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show what happened."""
        if self._live is None:
            self._stream.write("".join(f"{line}\n" for line in self._scroll.lines(event)))
            self._stream.flush()
            return
        if event.event == "start":
            self._ask()
            self._live.start()
        with self._live.lock:
            lines = self._scroll.lines(event, self._count(event))
            if lines or event.event in ("start", "failed"):
                self._live.print(lines)

    def _ask(self) -> None:
        if self._ask_total:
            self._total, self._ask_total = self._ask_total(), None

    def _count(self, event: Event) -> str:
        """Take the event into the counts; why the stage was started, for one that ran."""
        if event.event == "start":
            log = self._root / event.log if event.log else None
            why = "; ".join(map(visible, event.reasons))
            self._running[event.stage] = _Running(visible(event.stage), self._clock(), why, log)
            return why
        self._ended += event.event in ("done", "current", "restored")
        self._failed += event.event == "failed"
        ran = self._running.pop(event.stage, None)
        return ran.why if ran else ""

    def _drawn(self, columns: int, rows: int) -> Sequence[str]:
        """A line for each stage that runs, the oldest first, as many as fit; and one with the counts."""
        running = list(self._running.values())
        shown = running[: rows - 1]
        widest = max((cells(one.name) for one in shown), default=0)
        names = min(widest, max(_NARROWEST, columns * 2 // 5))
        return [*(self._row(one, names, columns) for one in shown), self._counts(len(running), len(shown), columns)]

    def _row(self, one: _Running, names: int, columns: int) -> str:
        name = cut(one.name, names, middle=True)
        name += " " * (names - cells(name))
        word, middle = f"{'run':>8}", f"  {name}  {_elapsed(self._clock() - one.since):>5}  "
        left = columns - cells(word + middle)
        if left < 0:
            return cut(word + middle, columns)
        said = (last_said(one.log) if one.log else "") or one.why
        return styled(word, self._color, fg="cyan") + middle + styled(cut(said, left), self._color, dim=True)

    def _counts(self, running: int, shown: int, columns: int) -> str:
        of = f" of {self._total}" if self._total else ""
        parts = [f"{self._ended}{of} stages done", f"{running} running"]
        parts += [f"{running - shown} of them not shown"] if shown < running else []
        parts += [f"{self._failed} failed"] if self._failed else []
        color = "red" if self._failed else None
        return styled(cut(INDENT + ", ".join(parts), columns), self._color, fg=color)


def _elapsed(seconds: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
