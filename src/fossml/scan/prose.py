"""What people wrote, as lines that know what they are: headings, text, tables, code; Markdown, rst, org and plain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from fossml.scan.text import shown
from fossml.types import Evidence

Kind: TypeAlias = Literal["heading", "text", "table", "code", "blank"]

_FENCE = re.compile(r"\s*(?:[>*-]\s+)?(```+|~~~+|#\+(?:BEGIN|END)_(?:SRC|EXAMPLE))", re.I)
_ATX = re.compile(r" {0,3}(#{1,6}|\*{1,4}(?= \S))\s*(\S.*)$")
_TAGGED = re.compile(r"\s*<h([1-6])[^>]*>(.*?)(?:</h|$)", re.I)
_BOLD = re.compile(r"\s*(?:\*\*|__)([^*_]{2,80})(?:\*\*|__):?\s*$")
_UNDER = re.compile(r"([=\-~^\"'`#*+])\1{2,}\s*$")
_RULE = re.compile(r"\|?:?-{2,}:?(\|:?-+:?)*\|?$")
_GRID = re.compile(r"\s*(\+[-=+]{3,}\+|={2,}( +={2,})+)\s*$")
_URL = re.compile(r"(?:https?|gs)://[^\s)\"'<>\]]+", re.I)
_REFERENCE = re.compile(r"^ {0,3}\[([^\]\n]{1,100})\]:\s*<?(\S+?)>?(?:\s|$)", re.M)
_BY_REFERENCE = re.compile(r"\[([^\]\n]{1,200})\]\[([^\]\n]{0,100})\]")
_WIDEST = 1000
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its kind, and the headings that it stands under, outermost first, joined by ` / `."""

    number: int
    text: str
    kind: Kind
    section: str


class Prose:
    """One text, up to 20,000 lines of 1,000 signs, read once; `find` looks in all of it or in lines of some kinds."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = "\n".join(line[:_WIDEST] for line in text.split("\n", _MOST)[:_MOST])

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines."""
        return tuple(_lines(self.text.split("\n"), self.path.endswith(".org")))

    @cached_property
    def references(self) -> dict[str, str]:
        """What `[text][name]` leads to: the addresses that stand as `[name]: address`."""
        return {match[1].lower(): match[2] for match in _REFERENCE.finditer(self.text)}

    def links(self, line: Line) -> list[str]:
        """The addresses that a line leads to, those by reference too."""
        names = _BY_REFERENCE.findall(line.text)
        named = [self.references[name] for one in names if (name := (one[1] or one[0]).lower()) in self.references]
        return [*_URL.findall(line.text), *named]

    def find(self, pattern: re.Pattern[str], *kinds: Kind) -> Iterator[Evidence]:
        """The lines on which the pattern is found, each once, in order: line by line, so that no text costs more."""
        for line in self.lines:
            if (not kinds or line.kind in kinds) and pattern.search(line.text):
                yield Evidence(self.path, line.number, shown(line.text))

    def under(self, heading: re.Pattern[str]) -> Iterator[Line]:
        """The lines below a heading that the pattern is found in, those of its sub-sections too."""
        return (line for line in self.lines if line.kind != "heading" and heading.search(line.section))


def _lines(lines: Sequence[str], org: bool) -> Iterator[Line]:
    sections: list[tuple[int, str]] = []
    fenced, table = False, ""
    for index, text in enumerate(lines):
        kind: Kind = "text"
        if _FENCE.match(text):
            fenced, kind = _toggled(text, fenced), "code"
        elif fenced:
            kind = "code"
        elif table := _table(lines, index, table):
            kind = "table"
        elif not text.strip():
            kind = "blank"
        elif title := _heading(lines, index, org):
            kind = "heading"
            while sections and sections[-1][0] >= title[0]:
                sections.pop()
            sections.append(title)
        elif _indented(text):
            kind = "code"
        yield Line(index + 1, text, kind, " / ".join(name for _, name in sections))


def _toggled(text: str, fenced: bool) -> bool:
    """A fence that opens and closes on one line changes nothing."""
    return fenced if len(re.findall(r"```", text)) == 2 else not fenced


def _heading(lines: Sequence[str], index: int, org: bool) -> tuple[int, str] | None:
    """The level and title of a line that is a heading."""
    text = lines[index]
    if (match := _ATX.match(text)) and (match[1][0] == "#" or org):
        return len(match[1]), match[2].rstrip().rstrip("#").rstrip() or match[2]
    if match := _TAGGED.match(text):
        return int(match[1]), re.sub(r"<[^<>]*>", "", match[2]).strip() or "?"
    below = lines[index + 1] if index + 1 < len(lines) else ""
    plain = "|" not in text and not text.startswith((" ", "\t", "-", "=", "*")) and len(text) < 100
    if plain and _UNDER.match(below):
        return {"=": 1, "-": 2}.get(below[0], 3), text.strip()
    if match := _BOLD.match(text):
        return 7, match[1].strip()
    return None


def _table(lines: Sequence[str], index: int, inside: str) -> str:
    """The kind of table that a line belongs to (`html`, `pipes`, `grid`), "" for none."""
    text = lines[index]
    if inside == "html":
        return "" if index and "</table" in lines[index - 1].lower() else "html"
    if "<table" in text.lower():
        return "html"
    if inside == "pipes" and "|" in text and text.strip():
        return "pipes"
    below = lines[index + 1] if index + 1 < len(lines) else ""
    if "|" in text and "-" in below and _RULE.match("|".join(cell.strip() for cell in below.split("|"))):
        return "pipes"
    if _GRID.match(text) or (inside == "grid" and text.strip()):
        return "grid"
    return ""


def _indented(text: str) -> bool:
    """Code by its indent: four spaces or a tab, and no item of a list."""
    return text.startswith(("    ", "\t", "$ ", ">>> ")) and re.match(r"\s*([-*+]|\d+\.)\s", text) is None
