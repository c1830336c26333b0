"""What is asked of the figures: pure functions of the median seconds of each program."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Medians = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """`figure` is what is judged, `text` what is asked of it; it holds up to `most`, or from `least` on."""

    text: str
    figure: Callable[[Medians], float]
    show: Callable[[float], str]
    most: float = math.inf
    least: float = -math.inf

    def holds(self, medians: Medians) -> bool:
        """Whether the bar is reached."""
        return self.least <= self.figure(medians) <= self.most


def fraction(share: float) -> str:
    """A share as one over a number."""
    return f"1/{1 / share:.1f}" if share > 0 else "0"


def of_dvc(part: int) -> Bar:
    """At most one part of what dvc takes."""
    return Bar(f"1/{part}", lambda m: m["fossml"] / m["dvc"], fraction, most=1 / part)


def beyond(part: int) -> Bar:
    """At most one part of what dvc takes beyond the command itself."""
    return Bar(f"1/{part} beyond the command", lambda m: over(m, "fossml") / over(m, "dvc"), fraction, most=1 / part)


def over(medians: Medians, program: str) -> float:
    """Seconds beyond the command itself."""
    return medians[program] - medians["command"]


def of_cores(cores: int, least: float = 0.9) -> Bar:
    """At least this share of the cores: how much faster than one after the other, over their number."""
    return Bar(f"{least} of the cores", lambda m: m["command"] / m["fossml"] / cores, "{:.2f}".format, least=least)


def seconds(most: float) -> Bar:
    """At most so long."""
    return Bar(f"{most} s", lambda m: m["fossml"], "{:.3f} s".format, most=most)
