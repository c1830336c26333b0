"""Verdicts as JSON, for programs: everything that the sentence says and what it rests on."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict
from typing import Any

from fossml.types import Estimate, Verdict
from fossml.views.sentence import Judged, related, sentence


def claim_json(judged: Judged, outcome: str) -> dict[str, Any]:
    """A claim, its verdicts, and the scores; `outcome` is what the verdicts add up to."""
    claim = judged.claim
    return {
        "id": claim.id,
        "metric": claim.metric,
        "claim": claim.text or related(claim),
        "value": claim.value if math.isfinite(claim.value) else None,
        "comparison": claim.comparison,
        "reading": str(claim.reading) if claim.reading else None,
        "hard": claim.hard,
        "better_than": claim.better_than or None,
        "order": list(claim.order) or None,
        "table": claim.table or None,
        "outcome": outcome,
        "sentence": sentence(judged),
        "verdicts": [verdict_json(verdict) for verdict in judged.verdicts],
        "scores": list(judged.scores),
        "median": statistics.median(judged.scores) if judged.scores else None,
        "best_of_about": judged.best_of,
        "not_checked": list(judged.verdicts[0].not_checked),
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict without its claim."""
    return {
        "verdict": verdict.name,
        "reading": str(verdict.reading) if verdict.reading else None,
        "rung": verdict.rung,
        "runs": verdict.runs,
        "reason": verdict.reason,
        "estimate": _estimate(verdict.estimate),
        "margin": verdict.margin,
        "seconds": verdict.seconds,
    }


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    """An estimate with null for what is no number, which JSON cannot carry."""
    if estimate is None:
        return None
    return {name: None if isinstance(x, float) and not math.isfinite(x) else x for name, x in asdict(estimate).items()}
