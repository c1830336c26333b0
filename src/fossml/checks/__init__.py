"""The rules: each one a pure function `Facts -> Iterator[Finding]`, one file per family."""

from __future__ import annotations

from fossml.checks import (
    data,
    dependencies,
    documents,
    downloads,
    entry,
    notebooks,
    paths,
    pickles,
    pipeline,
    runs,
    secrets,
    seeds,
    sources,
)
from fossml.checks.rule import RULES, Rule, judge

__all__ = [
    "RULES",
    "Rule",
    "data",
    "dependencies",
    "documents",
    "downloads",
    "entry",
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
