from __future__ import annotations

from pathlib import Path

from fossml.checks import ITEMS, RULES
from fossml.checks.manual import manual

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_manual_in_docs_is_that_of_the_rules() -> None:
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == manual((*RULES.values(), *ITEMS.values())), (
        "run docs/make_rules.py"
    )
