"""The rules, each a pure function `Facts -> Iterator[Finding]`, one file a family, and the 21 items of a checklist."""

from __future__ import annotations

from fossml.checks import (
    data,
    dependencies,
    documents,
    downloads,
    entry,
    items,
    notebooks,
    paths,
    pickles,
    pipeline,
    runs,
    secrets,
    seeds,
    sources,
)
from fossml.checks.items import ITEMS
from fossml.checks.judging import Question, judge
from fossml.checks.rule import RULES, Rule

__all__ = [
    "ITEMS",
    "RULES",
    "Question",
    "Rule",
    "data",
    "dependencies",
    "documents",
    "downloads",
    "entry",
    "items",
    "judge",
    "notebooks",
    "paths",
    "pickles",
    "pipeline",
    "runs",
    "secrets",
    "seeds",
    "sources",
]
