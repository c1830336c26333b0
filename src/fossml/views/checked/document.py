"""A check as JSON: every finding in full."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from fossml.views.checked.model import Checked


def text(checked: Checked) -> str:
    """`{"findings": [...]}` with what was found; beside it the standard, the waivers, the steps and the verdict."""
    found: dict[str, Any] = {"findings": [asdict(one) for one in checked.all]}
    if checked.all or checked.known:
        found |= {
            "known": [asdict(one) for one in checked.known],
            "standard": checked.standard,
            "waived": [asdict(one) for one in checked.waived],
            "levels": list(checked.levels),
            "next": list(checked.steps),
            "openness": checked.openness,
            "verdict": checked.verdict,
            "exit_code": checked.exit_code,
        }
    return json.dumps(found, indent=2, ensure_ascii=False)
