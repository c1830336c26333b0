"""Verdicts as JSON, for programs: everything that the sentence says and what it rests on."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict
from typing import Any

from fossml.types import Claim, Estimate, Verdict
from fossml.views.digits import printed
from fossml.views.report import Told
from fossml.views.sentence import related, sentence

DEPENDS = "depends on the reading"


def claim_json(told: Told) -> dict[str, Any]:
    """A claim, what was measured in short (`value`, `low`, `high`), its verdict in each reading, and the scores."""
    judged = told.judged
    claim, first = judged.claim, judged.verdicts[0]
    names = {verdict.name for verdict in judged.verdicts}
    estimate = _estimate(first.estimate) or {}
    return {
        "id": claim.id,
        "verdict": first.name if len(names) == 1 else DEPENDS,
        "rung": first.rung,
        "runs": first.runs,
        "value": estimate.get("value", judged.scores[0] if judged.scores else None),
        "low": estimate.get("low"),
        "high": estimate.get("high"),
        "reason": "; ".join(dict.fromkeys(verdict.reason for verdict in judged.verdicts if verdict.reason)),
        "outcome": told.outcome,
        "hard": claim.hard,
        "metric": claim.metric,
        "statement": claim.statement,
        "where": claim.where,
        "line": claim.line,
        "reading": str(claim.reading) if claim.reading else None,
        "claimed": _claimed(claim),
        "sentence": sentence(judged),
        "verdicts": [verdict_json(verdict) for verdict in judged.verdicts],
        "beside": [verdict_json(verdict) for other in told.beside for verdict in other.verdicts],
        "scores": list(judged.scores),
        "median": statistics.median(judged.scores) if judged.scores else None,
        "best_of_about": judged.best_of,
        "soft_because": told.soft or None,
        "not_checked": list(first.not_checked),
    }


def _claimed(claim: Claim) -> dict[str, Any]:
    low, high = stated(claim)
    return {
        "text": claim.text or related(claim),
        "value": _finite(claim.value),
        "low": _finite(low),
        "high": _finite(high),
        "comparison": claim.comparison,
        "better_than": claim.better_than or None,
        "order": list(claim.order) or None,
        "table": claim.table or None,
        "spread": claim.spread,
        "spread_kind": claim.spread_kind,
        "margin": claim.margin,
    }


def stated(claim: Claim) -> tuple[float, float]:
    """All that the printed number may stand for: half a unit of its last digit to both sides."""
    try:
        slack = printed(claim.text).slack
    except ValueError:
        slack = 0.0
    return claim.value - slack, claim.value + slack


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


def _finite(value: float) -> float | None:
    """`value`, or None where it is no number: an order of methods has none, and JSON cannot carry it."""
    return value if math.isfinite(value) else None
