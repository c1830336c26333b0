"""What anybody reaches: always the commonest class (or the mean), and a linear model; NumPy alone."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fossml.verify.past.model import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

Measure = Literal["accuracy", "error", "auc", "f1", "r2", "rmse", "mae"]
_NAMES: tuple[tuple[str, Measure], ...] = (
    (r"balanced|top_?[2-9k]", "f1"),
    (r"(^|[^a-z])(acc|accuracy)([^a-z]|$)", "accuracy"),
    (r"auc|roc", "auc"),
    (r"(^|[^a-z])(f1|fscore|precision|recall)", "f1"),
    (r"(^|[^a-z])r2|r_?squared", "r2"),
    (r"rmse|root_mean", "rmse"),
    (r"(^|[^a-z])mae([^a-z]|$)|mean_absolute", "mae"),
    (r"error_rate|(^|[^a-z])(err|error)([^a-z]|$)", "error"),
)
_LEVELS = 30
"""A column of text with more values than these is left out."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Baselines:
    """In the units of the metric (a fraction, not per cent): the trivial answer, a linear model, the rows tested on."""

    trivial: float
    linear: float | None
    tested: int


def measure_of(name: str) -> Measure | None:
    """What a metric measures, going by its name; None where that does not say it."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return next((kind for pattern, kind in _NAMES if re.search(pattern, plain)), None)


def chance(kind: Measure, labels: Sequence[str], tested: int) -> float | None:
    """The most (of an error: the least) that labels without a meaning let a model reach, but for a time in thousand."""
    if not labels or tested < 1:
        return None
    values = [number(label) for label in labels]
    most = Counter(labels).most_common(1)[0][1] / len(labels)
    spread = 3.3 * math.sqrt(most * (1 - most) / tested)
    if kind == "accuracy":
        return min(most + spread, 1.0)
    if kind == "error":
        return max(1 - most - spread, 0.0)
    if kind == "auc":
        return 0.5 + 3.3 * math.sqrt(1 / (6 * tested * max(min(most, 1 - most), 0.05)))
    if kind == "f1":
        return min(2 * most / (1 + most) + spread, 1.0)
    exact = [value for value in values if value is not None]
    if len(exact) < len(values) or len(exact) < 2:
        return None
    if kind == "r2":
        return min(3.3 * 2 / math.sqrt(tested), 0.5)
    middle = sum(exact) / len(exact)
    away = [abs(value - middle) for value in exact]
    usual = math.sqrt(sum(one**2 for one in away) / len(away)) if kind == "rmse" else sum(away) / len(away)
    return usual * (1 - min(3.3 / math.sqrt(2 * tested), 0.5))


def baselines(
    kind: Measure,
    train: Sequence[Sequence[str]],
    test: Sequence[Sequence[str]] | None,
    label: int,
) -> Baselines | None:
    """Both answers, learned on `train` and measured on `test` (None: five folds of `train`); None where there is none.

    Rows are cells of text, `label` is the place of the label.
    """
    import numpy as np

    everything = [*train, *(test or ())]
    if kind in ("auc", "f1") or len(train) < 2 * _FOLDS:
        return None
    features = _features(everything, label)
    labels = [row[label] for row in everything]
    regression = kind in ("r2", "rmse", "mae")
    numbers = [number(one) for one in labels]
    if regression and any(value is None for value in numbers):
        return None
    target = np.array(numbers, dtype=float)[:, None] if regression else _one_hot(labels)
    cut = len(train)
    places = np.arange(len(everything))
    if test is not None:
        folds = [(places[:cut], places[cut:])]
    else:
        order = np.random.default_rng(0).permutation(cut)
        folds = [(np.setdiff1d(order, part), part) for part in np.array_split(order, _FOLDS)]
    trivial = _scored(kind, [(_constant(target[a], len(b)), target[b]) for a, b in folds])
    linear = None
    if features.shape[1]:
        linear = _scored(kind, [(_ridge(features[a], target[a], features[b]), target[b]) for a, b in folds])
    return Baselines(trivial, linear, sum(len(b) for _, b in folds))


def _one_hot(labels: Sequence[str]) -> NDArray[Any]:
    import numpy as np

    names = {name: place for place, name in enumerate(sorted(set(labels)))}
    found = np.zeros((len(labels), len(names)))
    found[np.arange(len(labels)), [names[one] for one in labels]] = 1
    return found


def _features(table: Sequence[Sequence[str]], label: int) -> NDArray[Any]:
    """Columns of numbers as they are, of a few words as one column a word; holes become the mean."""
    import numpy as np

    found: list[NDArray[Any]] = []
    for place in range(len(table[0])):
        if place == label:
            continue
        cells = [row[place] for row in table]
        values = [number(cell) for cell in cells]
        known = [value for value in values if value is not None]
        if len(known) > len(cells) / 2:
            middle = sum(known) / len(known)
            if len(set(known)) == len(cells) and all(float(one).is_integer() for one in known):
                continue  # a number of the row
            found.append(np.array([middle if value is None else value for value in values])[:, None])
        elif 1 < len(set(cells)) <= _LEVELS:
            found.append(_one_hot(cells))
    return np.hstack(found) if found else np.zeros((len(table), 0))


def _constant(target: NDArray[Any], rows: int) -> NDArray[Any]:
    import numpy as np

    return np.tile(target.mean(axis=0), (rows, 1))


def _ridge(x: NDArray[Any], y: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    middle, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    a, b = (x - middle) / scale, (new - middle) / scale
    weights = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ (y - y.mean(axis=0)))
    found: NDArray[Any] = b @ weights + y.mean(axis=0)
    return found


def _scored(kind: Measure, pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> float:
    import numpy as np

    guess, truth = np.vstack([one for one, _ in pairs]), np.vstack([other for _, other in pairs])
    if kind in ("accuracy", "error"):
        right = float((guess.argmax(axis=1) == truth.argmax(axis=1)).mean())
        return right if kind == "accuracy" else 1 - right
    away = guess - truth
    if kind == "mae":
        return float(np.abs(away).mean())
    square = float((away**2).mean())
    return square**0.5 if kind == "rmse" else 1 - square / max(float(truth.var()), 1e-300)
