"""Write docs/standards.md from the profiles that ship."""

from __future__ import annotations

from pathlib import Path

from fossml.checks import ITEMS, RULES
from fossml.standards import named
from fossml.standards.manual import manual


def standards() -> str:
    """The manual of the profiles, the default one first."""
    titles = {code: one.title for code, one in RULES.items()} | {code: one.title for code, one in ITEMS.items()}
    return manual([named("pineau"), named("neurips")], titles)


if __name__ == "__main__":
    (Path(__file__).parent / "standards.md").write_text(standards(), encoding="utf-8")
