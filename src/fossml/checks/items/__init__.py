"""The 21 items of the ML Reproducibility Checklist v2.0 (Pineau, 2020), each answered once for any repository."""

from __future__ import annotations

from collections.abc import Sequence

from fossml.checks.items import algorithms, datasets, dependencies, experiments, models, results, training
from fossml.checks.items.item import ITEMS, Item, Seen
from fossml.facts import Facts
from fossml.types import Finding

__all__ = [
    "ITEMS",
    "Item",
    "Seen",
    "algorithms",
    "datasets",
    "dependencies",
    "experiments",
    "items",
    "models",
    "results",
    "training",
]


def items(facts: Facts, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Exactly one Finding for each item, A1 to E6; `findings` is what the rules say of the same facts."""
    seen = Seen(facts, findings)
    return tuple(ITEMS[code].find(seen) for code in sorted(ITEMS))
