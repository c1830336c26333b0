"""Write docs/rules.md from the docstrings of the rules and items."""

from __future__ import annotations

from pathlib import Path

from fossml.checks import ITEMS, RULES
from fossml.checks.manual import manual

if __name__ == "__main__":
    (Path(__file__).parent / "rules.md").write_text(manual((*RULES.values(), *ITEMS.values())), encoding="utf-8")
