"""The events of a build as lines that stay: what ended and how, why, and what its author should know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from fossml.cli.log import last_lines
from fossml.types import Event
from fossml.views.plain import visible

INDENT = " " * 10
_LOG_LINES = 20
_COLORS = {
    "start": "cyan",
    "done": "green",
    "current": "green",
    "restored": "green",
    "failed": "red",
    "again": "yellow",
    "cancelled": "yellow",
}
_WORDS = {"start": "run", "cancelled": "not run"}


def styled(text: str, color: bool, *, fg: str | None = None, dim: bool | None = None) -> str:
    """`text` in a colour, where there are any."""
    return click.style(text, fg=fg, dim=dim) if color and text else text


@dataclass(frozen=True, slots=True)
class Scroll:
    """How events become lines. `quiet`: failures only. `live`: what runs is shown elsewhere, so a start says nothing
    here and the reasons stand behind what was done. The log of a failed stage lies below `root`.
    """

    root: Path
    color: bool = False
    quiet: bool = False
    live: bool = False

    def lines(self, event: Event, why: str = "") -> list[str]:
        """The lines that stay of an event, often none. `why` it was started, for one that has ended."""
        if event.event == "failed":
            return [self._line(event, ""), *self._why_failed(event)]
        if self.quiet or (event.event == "start" and self.live) or (event.event == "current" and not event.notes):
            return []
        return [self._line(event, self._text(event, why)), *self._notes(event)]

    def _text(self, event: Event, why: str) -> str:
        if event.event == "done":
            return f"{event.seconds:.1f} s  {why if self.live else ''}".rstrip()
        if event.event == "restored":
            return "an earlier run with the same inputs made it"
        return "; ".join(map(visible, event.reasons))

    def _line(self, event: Event, text: str) -> str:
        word = styled(f"{_WORDS.get(event.event, event.event):>8}", self.color, fg=_COLORS[event.event])
        parts = (word, visible(event.stage), styled(text, self.color, dim=True))
        return "  ".join(part for part in parts if part)

    def _why_failed(self, event: Event) -> list[str]:
        """The reasons, the end of the log, and where all of it is."""
        lines = [INDENT + visible(reason) for reason in event.reasons] + self._notes(event)
        if event.log:
            lines += [f"{INDENT}| {line}" for line in last_lines(self.root / event.log, _LOG_LINES)]
            lines.append(f"{INDENT}the whole log: {visible(event.log)}")
        return lines

    def _notes(self, event: Event) -> list[str]:
        return [INDENT + styled(visible(note), self.color, fg="yellow") for note in event.notes]
