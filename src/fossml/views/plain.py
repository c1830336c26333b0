"""Text of others made harmless: a name or a program's output must not drive the terminal of who reads it."""

from __future__ import annotations

import re
import unicodedata

_SEQUENCE = re.compile(
    r"""\x1b(?: \[[0-?]*[ -/]*(?:[@-~]|\Z)              # CSI: colours, cursor
              | [\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|\Z)  # OSC and its like: titles, links, clipboard
              | [\x20-/]*(?:[0-~]|\Z) )                 # all others
      | \x9b[0-?]*[ -/]*(?:[@-~]|\Z)
      | [\a\b]""",
    re.VERBOSE,
)
_SPACES = ("Zs", "Zl", "Zp")
_NO_CELL = ("Mn", "Me")


def visible(text: str) -> str:
    r"""`text`, on one line, with what cannot be printed written out (`\x1b`, `\u202e`): no two names look alike.

    A byte that is no UTF-8 (a lone surrogate, as Python reads such file names) is `\xff`.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _written_out(c) for c in text)


def _written_out(char: str) -> str:
    code = ord(char)
    if unicodedata.category(char) in _SPACES:
        return " "
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def harmless(line: str) -> str:
    """A line of output without its escape sequences, tabs as spaces, other control characters written out."""
    return visible(_SEQUENCE.sub("", line).expandtabs())


def newest(line: str) -> str:
    """What a line of output shows at last: the segment behind its last carriage return that is not blank."""
    return next((text for segment in reversed(line.split("\r")) if (text := harmless(segment).rstrip())), "")


def last_line(output: str) -> str:
    """What the last line of `output` that is not blank shows, without indentation."""
    return next((text for line in reversed(output.split("\n")) if (text := newest(line).strip())), "")


def cells(text: str) -> int:
    """How many columns of a terminal printable `text` takes: 2 for a wide character, 0 for a combining one."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.category(char) in _NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int, *, middle: bool = False) -> str:
    """`text` in at most `width` columns: its end, or its `middle`, gives way to an ellipsis."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    tail = _head(text[::-1], (width - 1) // 2)[::-1] if middle else ""
    return f"{_head(text, width - 1 - cells(tail))}…{tail}"


def _head(text: str, width: int) -> str:
    """As much of the beginning as fits."""
    used = 0
    for index, char in enumerate(text):
        used += _cells(char)
        if used > width:
            return text[:index]
    return text
