"""The Model Openness Framework (White et al., arXiv 2403.13784; framework 1.0): which class a release reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Content: TypeAlias = Literal["code", "data", "document"]

PARTS: Mapping[str, Content] = {
    "Model architecture": "code",
    "Data preprocessing code": "code",
    "Training code": "code",
    "Inference code": "code",
    "Evaluation code": "code",
    "Supporting libraries and tools": "code",
    "Model parameters (Final)": "data",
    "Model parameters (Intermediate)": "data",
    "Datasets": "data",
    "Evaluation data": "data",
    "Model metadata": "data",
    "Sample model outputs": "data",
    "Model card": "document",
    "Data card": "document",
    "Research paper": "document",
    "Technical report": "document",
    "Evaluation results": "document",
}
"""The parts of a release, and what kind of thing each is: that decides which licence of the whole covers it."""

_ADDED: Mapping[int, tuple[str, ...]] = {
    3: (
        "Model architecture",
        "Model parameters (Final)",
        "Technical report",
        "Evaluation results",
        "Model card",
        "Data card",
    ),
    2: ("Training code", "Inference code", "Evaluation code", "Evaluation data"),
    1: ("Datasets", "Data preprocessing code", "Model parameters (Intermediate)", "Research paper"),
}
"""What each class asks beyond the one below it: III (open model), II (open tooling), I (open science)."""
NAMES: Mapping[int, str] = {3: "III (open model)", 2: "II (open tooling)", 1: "I (open science)"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is there, by its name in PARTS; `licence` is its own, None where it has none."""

    name: str
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Licences:
    """The licences of the whole: for one kind of thing, and for all (`distribution`)."""

    distribution: str | None = None
    code: str | None = None
    data: str | None = None
    document: str | None = None

    def of(self, part: Part) -> str | None:
        """The licence that holds for a part: its own, else that of its kind, else that of the whole."""
        return part.licence or getattr(self, PARTS[part.name]) or self.distribution


@dataclass(frozen=True, slots=True)
class Reached:
    """The class (None: none) and, for each, how much of it is there, in percent: 0 until the one below is whole."""

    number: int | None
    progress: Mapping[int, float]
    missing: tuple[str, ...]


def evaluate(parts: Iterable[Part], licences: Licences, is_open: Callable[[str], bool]) -> Reached:
    """The class that the parts reach; a part counts where the licence that holds for it is open.

    `missing` are the parts that the next class asks for. A research paper stands in for a technical report.
    """
    counted = {one.name for one in parts if is_open(licences.of(one) or "")}
    progress: dict[int, float] = {3: 0.0, 2: 0.0, 1: 0.0}
    reached: int | None = None
    needed: set[str] = set()
    for number, added in _ADDED.items():
        needed |= {_stand_in(name, counted) for name in added}
        progress[number] = 100 * len(needed & counted) / len(needed)
        if needed - counted:
            return Reached(reached, progress, tuple(sorted(needed - counted)))
        reached = number
    return Reached(reached, progress, ())


def _stand_in(name: str, counted: set[str]) -> str:
    paper = name == "Technical report" and name not in counted and "Research paper" in counted
    return "Research paper" if paper else name
