"""What every page is made of: the document around it, its sections, the shapes that tell an outcome."""

from __future__ import annotations

from pathlib import Path

from fossml.views.forest import harmless
from fossml.views.report import Outcome

_CSS = Path(__file__).with_name("page.css")

_SIGNS: dict[Outcome, str] = {
    "holds": '<path d="M3.5 8.5 L6.8 11.8 L12.5 4.6"/>',
    "fails": '<path d="M4 4 L12 12 M12 4 L4 12"/>',
    "unknown": '<path d="M5.2 5.6 C5.2 2.6 10.8 2.6 10.8 5.8 C10.8 8 8 7.8 8 10"/><circle cx="8" cy="13" r="1.5"/>',
}
"""A shape for each outcome, so that nothing is told by colour alone."""


def document(title: str, body: str) -> str:
    """A whole HTML document around `body`: its style in it, and a policy that lets it fetch and run nothing."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{harmless(title)}</title>\n"
        f'<style>\n{_CSS.read_text(encoding="utf-8")}</style>\n</head>\n<body>\n<div class="page">\n{body}\n</div>\n'
        "</body>\n</html>\n"
    )


def section(title: str, content: str) -> str:
    """A section with its heading; nothing where there is no content."""
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>\n" if content else ""


def sign(outcome: Outcome, kind: str = "") -> str:
    """A shape that tells the outcome without colour."""
    return f'<svg class="{kind}" viewBox="0 0 16 16" aria-hidden="true">{_SIGNS[outcome]}</svg>'


def badge(outcome: Outcome, text: str) -> str:
    """A word with the shape of an outcome."""
    return f'<span class="badge {outcome}">{sign(outcome)}{harmless(text)}</span>'
