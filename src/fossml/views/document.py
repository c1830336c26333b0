"""A Report as JSON, of the form that `verify.schema.json` beside this file describes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fossml.views.compared import comparison_json
from fossml.views.report import Made, Outputs, Performed, Report, Source
from fossml.views.table import answer
from fossml.views.verdicts import claim_json

VERSION = 2
"""Raised when a field changes its meaning or goes; more fields do not raise it."""

SCHEMA = Path(__file__).with_name("verify.schema.json")


def document(report: Report) -> dict[str, Any]:
    """Everything that the report says, in plain values that JSON can carry."""
    return {
        "version": VERSION,
        "made_by": report.made_by,
        "when": report.when,
        "title": report.title,
        "headline": answer(report),
        "exit_code": report.exit_code,
        "source": _source(report.source),
        "commit": report.source.commit,
        "dirty": report.source.dirty,
        "digests": {name: dict(files) for name, files in report.source.digests.items()},
        "command": report.command or None,
        "python": report.python or None,
        "environment": asdict(report.environment) if report.environment else None,
        "made": _made(report.made),
        "claims": [claim_json(told) for told in report.claims],
        "findings": [asdict(one) for one in report.findings],
        "outputs": _outputs(report.outputs),
        "runs": [_run(run) for run in report.runs],
        "seeds": list(report.seeds),
        "seconds": round(report.seconds, 3),
        "seconds_now": round(report.seconds_now, 3),
        "budget": report.budget,
        "plan": [asdict(step) for step in report.plan],
        "stopped": report.stopped or None,
        "failed": dict(report.failed),
        "accepted": list(report.accepted),
        "hints": list(report.hints),
        "not_checked": list(report.not_checked),
        "repeat": report.repeat,
        "records": report.records or None,
    }


def text(report: Report) -> str:
    """The document as it is printed and kept; with escapes where a name in it is no UTF-8."""
    said = document(report)
    plain = json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        plain.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(said, indent=2, allow_nan=False)
    return plain


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "url": source.url,
        "kind": source.kind,
        "rev": source.rev,
        "date": source.date or None,
        "uncommitted": list(source.uncommitted),
    }


def _made(made: Made | None) -> dict[str, Any] | None:
    if made is None:
        return None
    return {
        "kind": made.kind,
        "files": list(made.files),
        "digest": made.digest or None,
        "date": made.date or None,
        "failed": made.failed or None,
    }


def _outputs(outputs: Outputs | None) -> dict[str, Any] | None:
    if outputs is None:
        return None
    names = ("same", "different", "unrecorded", "left_out")
    return {
        **{name: list(getattr(outputs, name)) for name in names},
        "how": dict(outputs.how),
        "compared": {path: comparison_json(one) for path, one in outputs.compared.items()},
    }


def _run(run: Performed) -> dict[str, Any]:
    return {
        "what": run.what,
        "seed": run.seed,
        "seconds": round(run.seconds, 3),
        "recorded": run.recorded,
        "failure": run.failure or None,
        "values": [None if values is None else _finite(values) or None for values in run.values],
        "missing": [said or None for said in run.missing],
    }


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
