"""The findings of probes that stand beside a number: permuted labels, baselines, columns that tell the label."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fossml.types import Evidence, Finding
from fossml.verify.probe.baseline import Baselines, Measure, chance
from fossml.verify.probe.label import Label
from fossml.verify.probe.telltale import Telltale

PERMUTED, BASELINE, TELLTALE = "PRB001", "PRB002", "PRB006"
LESS = frozenset({"error", "rmse", "mae"})
"""Of these less is better."""
_SURE = 1.645
"""So many standard errors the commonest class of other rows may be exceeded by one time in twenty."""
_FELL = 0.25
"""A number that rests on a column loses this share of its lead over the trivial answer without it."""


def permuted(
    claim: str, kind: Measure, label: Label, labels: Sequence[str], tested: int, value: float | None, why: str
) -> Finding:
    """What became of the number with permuted labels; `why` there is none where `value` is None."""
    most = chance(kind, labels, tested)
    of = f"({label.column}, {label.how})"
    if value is None or most is None:
        message = f"whether it falls to chance with permuted labels {of} is not known: {why}"
        return Finding(PERMUTED, "unknown", "soft", claim, message)
    side = "at least" if kind in LESS else "at most"
    chances = f"chance gives {side} {most:.4g} (1 time in 1000)"
    if (value < most) if kind in LESS else (value > most):
        message = f"with permuted labels {of} it is still {value:.4g}, {chances}"
        hint = "look for what tells the label: rows on both sides, a column made from it, a fit on all data"
        return Finding(PERMUTED, "fail", "hard", claim, message, hint=hint)
    return Finding(PERMUTED, "pass", "soft", claim, f"with permuted labels {of} it falls to {value:.4g}; {chances}")


def baseline(
    claim: str, kind: Measure, value: float, found: Baselines, train: str, test: str | None, tested: int
) -> Finding:
    """The number beside what anybody reaches; without a test file, measured on `tested` rows of its own."""
    trivial = "always the commonest class" if kind in ("accuracy", "error") else "always the mean"
    message = f"{value:.4g}, beside {found.trivial:.4g} for {trivial}"
    message += f" and {found.linear:.4g} for a linear model" if found.linear is not None else ""
    message += f" ({'on ' + test if test else 'five folds of ' + train}, {found.tested} rows)"
    places = tuple(Evidence(path) for path in (train, test) if path)
    # On other rows than those that the number was measured on, the trivial answer would come out differently.
    spread = 0.0 if test or kind not in ("accuracy", "error") else _SURE * _error(found.trivial, tested)
    if _no_better(kind, value, found.trivial, spread):
        said = "it is no better than the trivial answer"
        said += f", as far as {tested} rows can tell" if not _no_better(kind, value, found.trivial) else ""
        return Finding(BASELINE, "fail", "soft", claim, f"{said}: {message}", places)
    if found.linear is not None and _no_better(kind, value, found.linear):
        message = f"a linear model does as well: {message}"
    return Finding(BASELINE, "pass", "soft", claim, message, places)


def _error(share: float, count: int) -> float:
    return math.sqrt(max(share * (1 - share), 0.0) / max(count, 1))


def _no_better(kind: Measure, value: float, other: float, spread: float = 0.0) -> bool:
    return value >= other - spread if kind in LESS else value <= other + spread


def telling(
    claim: str, kind: Measure, label: Label, found: Telltale, value: float, now: float | None, trivial: float, why: str
) -> Finding:
    """What became of the number, `value`, with the columns mixed that tell the label; `why` there is none."""
    names = ", ".join(found.columns)
    unit = "an R² of " if kind in ("r2", "rmse", "mae") else ""
    alone, rest = (f"{unit}{one:.3g}" if unit else f"{one:.1%}".replace("%", " %") for one in (found.alone, found.rest))
    message = f"{names} alone tells {label.column} ({alone}), all other columns together do not ({rest})"
    if now is None:
        return Finding(
            TELLTALE, "unknown", "soft", claim, f"{message}; whether the number rests on it is not known: {why}"
        )
    fell = (now - value if kind in LESS else value - now) > _FELL * abs(value - trivial)
    if not fell:
        message += f"; the number does not rest on it: with it mixed it is {now:.4g} in place of {value:.4g}"
        return Finding(TELLTALE, "pass", "soft", claim, message)
    message += f"; with it mixed the number is {now:.4g} in place of {value:.4g}"
    hint = f"leave it out unless it is known before {label.column} is"
    return Finding(TELLTALE, "fail", "soft", claim, message, hint=hint)
