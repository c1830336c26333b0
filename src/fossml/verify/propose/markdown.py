"""Tables of a Markdown text: with pipes as GitHub reads them, and in HTML, as many READMEs have them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from fossml.verify.propose.grid import MOST_CELLS, MOST_SPAN, Cell, Table, squared
from fossml.verify.propose.latex import clean as clean_latex

_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_MATH = re.compile(r"\$([^$\n]{1,200})\$")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)|!?\[([^\]\n]{0,300})\]\[[^\]\n]{0,100}\]")
_TAG = re.compile(r"<[^<>\n]{0,300}>")
_ENTITY = re.compile(r"\\([|*_`~#\[\]()%\\])")


def tables(text: str) -> Iterator[Table]:
    """Every table, in the order in which they stand, named by its place."""
    lines = text.split("\n")
    found = sorted([*_piped(lines), *_tagged(text, lines)], key=lambda one: one[0])
    for number, (_, caption, rows, head) in enumerate(found, 1):
        yield Table(f"table {number}", caption, squared(rows), head)


def _piped(lines: Sequence[str]) -> Iterator[tuple[int, str, list[list[Cell]], int]]:
    at, fenced = 0, False
    while at + 1 < len(lines):
        fenced ^= lines[at].lstrip().startswith(("```", "~~~"))
        here, below = lines[at], lines[at + 1]
        if fenced or "|" not in here or len(below) > 5000 or "-" not in below or not _RULE.fullmatch(below):
            at += 1
            continue
        end = at + 2
        while end < len(lines) and "|" in lines[end] and lines[end].strip():
            end += 1
        body = [(at, here), *((place, lines[place]) for place in range(at + 2, end))]
        yield at, _caption(lines, at, end), [_cells(line, place + 1) for place, line in body], 1
        at = end


def _cells(line: str, number: int) -> list[Cell]:
    bare = line.strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return [Cell(clean(part), number) for part in re.split(r"(?<!\\)\|", bare)[:MOST_CELLS]]


def _caption(lines: Sequence[str], first: int, end: int) -> str:
    """The lines above, up to the heading, and one below that calls itself a table: there captions stand."""
    above: list[str] = []
    for line in reversed(lines[max(0, first - 8) : first]):
        if "|" in line:
            break
        if line.strip():
            above.insert(0, clean(line.lstrip("# ")))
        if line.startswith("#"):
            break
    below = next((line for line in lines[end : end + 2] if line.strip()), "")
    said = [*above, clean(below)] if re.match(r"\W*table\b", below, re.IGNORECASE) else above
    return " ".join(said)[:1000]


def clean(text: str) -> str:
    """What a reader sees of a cell, without markup."""
    text = _MATH.sub(lambda match: clean_latex(match[1]), text[:5000])
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    text = _LINK.sub(lambda match: "" if match[0].startswith("!") else match[1] or match[2] or "", text)
    text = html.unescape(_TAG.sub("", text))
    text = _ENTITY.sub(r"\1", re.sub(r"(?<!\\)(\*\*|__|~~|`)", "", text))
    text = re.sub(r"(?<![\w*])[*_]([^*_]+)[*_](?![\w*])", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


class _Reader(HTMLParser):
    """Rows of `<table>`; a table inside a cell counts as its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str, list[list[Cell]], int]] = []
        self._depth = 0
        self._start = 0
        self._rows: list[list[Cell]] = []
        self._head = 0
        self._below: dict[int, tuple[int, Cell]] = {}
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._line = 0
        self._in_head = False
        self._header_cells = 0
        self._caption: list[str] | None = None
        self._said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what the tag begins."""
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._start, self._rows, self._head, self._below, self._said = self.getpos()[0], [], 0, {}, ""
        elif self._depth == 1:
            self._within(tag, dict(attrs))

    def _within(self, tag: str, attrs: dict[str, str | None]) -> None:
        if tag == "thead":
            self._in_head = True
        elif tag == "caption":
            self._caption = []
        elif tag == "tr":
            self._close_cell()
            self._rows.append([])
            self._header_cells = 0
        elif tag in ("td", "th") and len(self._rows) < MOST_CELLS:
            self._close_cell()
            if not self._rows:
                self._rows.append([])
            self._header_cells += tag == "th"
            self._cell, self._line = [], self.getpos()[0]
            self._span = _whole(attrs.get("colspan")), _whole(attrs.get("rowspan"))
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag == "table" and self._depth:
            if self._depth == 1:
                self._close_cell()
                self.found.append((self._start, self._said, [row for row in self._rows if row], max(1, self._head)))
            self._depth -= 1
        elif self._depth == 1 and tag in ("td", "th"):
            self._close_cell()
        elif self._depth == 1 and tag == "tr":
            self._close_cell()
            if self._rows and (self._in_head or (self._header_cells > 1 and self._head == len(self._rows) - 1)):
                self._head = len(self._rows)
        elif tag == "thead":
            self._in_head = False
        elif tag == "caption" and self._caption is not None:
            self._said, self._caption = clean("".join(self._caption)), None

    def handle_data(self, data: str) -> None:
        """Text of the cell or the caption."""
        if self._caption is not None:
            self._caption.append(data)
        elif self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is None or not self._rows:
            return
        row, cell = self._rows[-1], Cell(clean("".join(self._cell)), self._line)
        self._cell = None
        self._fill(row)
        for _ in range(self._span[0]):
            if self._span[1] > 1:
                self._below[len(row)] = (self._span[1] - 1, cell)
            row.append(cell)

    def _fill(self, row: list[Cell]) -> None:
        """Cells from rows above that reach down to here."""
        while len(row) in self._below and len(row) < MOST_CELLS:
            left, cell = self._below.pop(len(row))
            if left > 1:
                self._below[len(row)] = (left - 1, cell)
            row.append(Cell(cell.text, self._line))


def _whole(text: str | None) -> int:
    return max(1, min(MOST_SPAN, int(text))) if text and text.isdecimal() and len(text) < 5 else 1


def _tagged(text: str, lines: Sequence[str]) -> Iterator[tuple[int, str, list[list[Cell]], int]]:
    if "<table" not in text.lower():
        return
    reader = _Reader()
    reader.feed(text)
    reader.close()
    for line, said, rows, head in reader.found:
        yield line, said or _caption(lines, line - 1, line - 1), rows, head
