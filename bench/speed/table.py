"""bench/RESULTS.md."""

from __future__ import annotations

import math
from collections.abc import Sequence

from speed.bars import over
from speed.measure import Result

SHOWN = ("fossml", "dvc", "snakemake")
HEAVY = ("foreach", "folder", "large-", "many-", "restore-")

HEAD = """# fossml build beside dvc and snakemake

Whole processes, warm, medians, taken in turns, each program in a folder of its own with its default settings: {about}.
`make bench` measures it again, `python bench/build.py --only chain` one row of it.
"""
BEYOND = """
## Into the cache, beyond the command itself

The seconds that the command takes alone are taken off. md5: what the digests alone take in one thread, the floor.
"""
MEMORY = """
## Memory

Peak resident memory in MiB of the process, or of a child that it waited for if that is more.
"""


def page(results: Sequence[Result], about: str) -> str:
    """The tables of all that was measured."""
    lines = [HEAD.format(about=about), *_table(("work", *(f"{name}, s" for name in SHOWN), "ratio", "bar", "holds"))]
    lines += [row(result) for result in results if result.md5 is None]
    lines += [f"\n{result.work.name}: {result.note}." for result in results if result.note]
    if cached := [result for result in results if result.md5 is not None]:
        lines += [BEYOND, *_table(("work", "command, s", "md5, s", "fossml, s", "dvc, s", "ratio", "bar", "holds"))]
        lines += [row(result) for result in cached]
    if heavy := [result for result in results if result.work.key.startswith(HEAVY)]:
        lines += [MEMORY, *_table(("work", *SHOWN, "at most dvc's"))]
        lines += [memory(result) for result in heavy]
    return "\n".join(lines) + "\n"


def row(result: Result) -> str:
    """The times of one row, its figure and its bar."""
    bar, seconds = result.work.bar, result.seconds
    if result.md5 is None:
        cells = [_seconds(seconds[name]) if name in seconds else "" for name in SHOWN]
    else:
        cells = [_seconds(seconds["command"]), _seconds(result.md5)]
        cells += [_seconds(over(seconds, name)) for name in ("fossml", "dvc")]
    figure = bar.figure(seconds)
    return _line((result.work.name, *cells, bar.show(figure), bar.text, _yes(bar.holds(seconds))))


def memory(result: Result) -> str:
    """The memory of one row."""
    cells = [f"{result.peak[name]:.0f}" if name in result.peak else "" for name in SHOWN]
    return _line((result.work.name, *cells, _yes(result.peak["fossml"] <= result.peak["dvc"])))


def _seconds(number: float) -> str:
    return "not finished" if math.isinf(number) else f"{number:.2f}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def _table(head: Sequence[str]) -> list[str]:
    return [_line(head), _line(["---"] * len(head))]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
