from __future__ import annotations

from pathlib import Path

from fossml.checks import ITEMS, RULES
from fossml.standards import named
from fossml.standards.manual import manual

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_manual_in_docs_is_that_of_the_profiles() -> None:
    titles = {code: one.title for code, one in RULES.items()} | {code: one.title for code, one in ITEMS.items()}
    text = manual([named("pineau"), named("neurips")], titles)
    assert (DOCS / "standards.md").read_text(encoding="utf-8") == text, "run docs/make_standards.py"
