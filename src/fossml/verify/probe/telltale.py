"""Columns that tell the label by themselves where the others do not: known only when the label is, as a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fossml.verify.past.model import number
from fossml.verify.probe.baseline import Measure, baselines

_CLEAR = 0.97
"""A column that is right so often by itself."""
_TIMES = 5
"""All the others must be wrong so many times as often, and in a twentieth of the rows."""
_FEWEST = 40
_BINS = 32
_CLASSES = 20
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Telltale:
    """`columns` tell the label, the best of them in `alone` of the rows; the others together in `rest` (or R²).

    No columns: none does, or the task is easy anyway.
    """

    columns: tuple[str, ...]
    alone: float = 0.0
    rest: float = 0.0


def telltale(kind: Measure, names: Sequence[str], rows: Sequence[tuple[str, ...]], label: int) -> Telltale | None:
    """The columns of a table that give the label at `label` away; None where that cannot be told."""
    if len(rows) < _FEWEST:
        return None
    measure: Measure = "r2" if kind in ("r2", "rmse", "mae") else "accuracy"
    if measure == "accuracy" and not 1 < len({row[label] for row in rows}) <= _CLASSES:
        return None
    scores = {place: _alone(measure, rows, place, label) for place in range(len(names)) if place != label}
    clear = [place for place, score in scores.items() if score >= _CLEAR]
    if not clear or 2 * len(clear) >= len(scores):
        return Telltale(())
    kept = [place for place in range(len(names)) if place not in clear]
    others = baselines(measure, [tuple(row[place] for place in kept) for row in rows], None, kept.index(label))
    best = max(scores[place] for place in clear)
    if others is None:
        return None
    rest = others.linear if others.linear is not None else others.trivial
    if 1 - rest < max(_TIMES * (1 - best), 0.05):
        return Telltale(())
    return Telltale(tuple(names[place] for place in clear), best, rest)


def _alone(measure: Measure, rows: Sequence[tuple[str, ...]], place: int, label: int) -> float:
    """How well a column alone tells the label: learned on four fifths of the rows, measured on the others, in turn."""
    if measure == "r2":
        found = baselines("r2", [(row[place], row[label]) for row in rows], None, 1)
        return found.linear if found and found.linear is not None else 0.0
    bins = _binned([row[place] for row in rows])
    right = 0
    for fold in range(_FOLDS if bins else 0):
        counts: dict[int, Counter[str]] = {}
        for at, row in enumerate(rows):
            if at % _FOLDS != fold:
                counts.setdefault(bins[at], Counter())[row[label]] += 1
        guess = {one: count.most_common(1)[0][0] for one, count in counts.items()}
        right += sum(guess.get(bins[at]) == rows[at][label] for at in range(fold, len(rows), _FOLDS))
    return right / len(rows)


def _binned(cells: Sequence[str]) -> list[int]:
    """The group of each cell: one for each value where these are few, else by size; [] for names and texts."""
    values = sorted(set(cells))
    if len(values) <= _BINS:
        return [values.index(cell) for cell in cells]
    numbers = [number(cell) for cell in cells]
    known = sorted(one for one in numbers if one is not None)
    if len(known) < len(cells) / 2 or _counts(known, len(cells)):
        return []
    edges = sorted({known[place * len(known) // _BINS] for place in range(_BINS)})
    return [-1 if one is None else sum(edge <= one for edge in edges) for one in numbers]


def _counts(known: Sequence[float], rows: int) -> bool:
    """Whether a column counts the rows: the label may well follow the order in which they were written down."""
    return len(set(known)) == rows == known[-1] - known[0] + 1
