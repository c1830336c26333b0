"""A fast reader for the YAML that machines and careful people write: block style, one-line scalars.

It knows a subset of YAML 1.2 and reads that exactly as ruamel.yaml does, some thirty times as fast. Anything else
(anchors, tags, block scalars, escapes, dates, duplicate keys, errors) raises `Unsure`: another reader must decide.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_CALM = re.compile("[\n\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*+")
_KEY = re.compile(r"""('(?:[^']|'')*+'|[A-Za-z0-9_./][A-Za-z0-9_./@+=~$-]*+):(?: ++|$)""")
_PLAIN = re.compile(r"[A-Za-z0-9_./$(+~]|-[^ ]")
_SIMPLE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+=@-]*+")
_SINGLE = re.compile(r"'((?:[^']|'')*+)'(?: +#.*)?")
_DOUBLE = re.compile(r'"([^"\\]*+)"(?: +#.*)?')
_FLOW = re.compile(r"\[ *+((?:[A-Za-z0-9_./+-]++(?:, *+[A-Za-z0-9_./+-]++)*+)?) *\]")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_WORD = re.compile(r"(?:[A-Za-z_/$(]|\.\.?/).*")
_MARKER = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)
_HEX = re.compile(r"(?!0b[01]*+$)(?=[0-9e]*+[a-df])[0-9a-f]{32}(?:\.dir)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("~", "null", "Null", "NULL")),
}
# A recursion a level: below Python's own limit, above what anyone writes.
_DEEPEST = 60


class Unsure(Exception):  # noqa: N818  # not an error: the text may well be good YAML
    """This text is outside of what the fast reader knows."""


@lru_cache(maxsize=4096)
def scalar(text: str) -> Any:
    """The value of a plain scalar by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _WORD.fullmatch(text) or _HEX.fullmatch(text):
        return text
    if _INT.fullmatch(text) and len(text) < 19:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    raise Unsure


def parse(text: str) -> Any:
    """The value that `text` means; Unsure where this reader cannot tell."""
    if not _CALM.fullmatch(text):
        raise Unsure
    reader = _Reader(text)
    if not reader.numbers:
        return None
    value = reader.node(reader.indents[0], 0)
    if reader.at < len(reader.numbers):
        raise Unsure
    return value


class _Reader:
    """The lines that say something, and how far they are read."""

    def __init__(self, text: str) -> None:
        self.indents: list[int] = []
        self.bodies: list[str] = []
        self.numbers: list[int] = []
        self.at = 0
        for number, line in enumerate(text.split("\n")):
            body = line.lstrip(" ")
            if body and body[0] != "#":
                self.indents.append(len(line) - len(body))
                self.bodies.append(body.rstrip(" "))
                self.numbers.append(number)
        if _MARKER.search(text):
            raise Unsure
        # What lies beyond the last line is no deeper than any line and not at the level of any.
        self.indents.append(-1)
        self.bodies.append("")

    def node(self, indent: int, depth: int) -> Any:
        """The block that starts at the next line."""
        if depth > _DEEPEST:
            raise Unsure
        body = self.bodies[self.at]
        if body == "-" or body.startswith("- "):
            return self._sequence(indent, depth)
        if _KEY.match(body):
            return self._mapping(indent, depth)
        raise Unsure

    def _next_is(self, indent: int) -> bool:
        return self.indents[self.at] == indent

    def _next_is_deeper(self, indent: int) -> bool:
        return self.indents[self.at] > indent

    def _mapping(self, indent: int, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        indents, bodies = self.indents, self.bodies
        while indents[self.at] == indent:
            body = bodies[self.at]
            match = _KEY.match(body)
            if match is None:
                break
            name = match[1]
            key = name[1:-1].replace("''", "'") if name[0] == "'" else scalar(name)
            if key in found:
                raise Unsure
            found[key] = self._value(body[match.end() :], indent, depth)
        if indents[self.at] > indent:
            raise Unsure
        return found

    def _sequence(self, indent: int, depth: int) -> list[Any]:
        found: list[Any] = []
        while self._next_is(indent):
            body = self.bodies[self.at]
            if body != "-" and not body.startswith("- "):
                break
            found.append(self._item(body, indent, depth))
        if self._next_is_deeper(indent):
            raise Unsure
        return found

    def _item(self, body: str, indent: int, depth: int) -> Any:
        rest = body[1:].lstrip(" ")
        if rest.startswith("- ") or rest == "-" or _KEY.match(rest):
            # `- key: value` opens a block at the column where the key stands.
            inner = indent + len(body) - len(rest)
            self.indents[self.at], self.bodies[self.at] = inner, rest
            return self.node(inner, depth + 1)
        return self._value(rest, indent, depth, in_sequence=True)

    def _value(self, rest: str, indent: int, depth: int, *, in_sequence: bool = False) -> Any:
        """What follows `key:` or `-`, on its line or below."""
        number = self.numbers[self.at]
        self.at += 1
        if self.indents[self.at] <= indent and _SIMPLE.fullmatch(rest):
            return scalar(rest)
        if rest and rest[0] != "#":
            return self._inline(rest, number, indent)
        if self._next_is_deeper(indent):
            inner = self.indents[self.at]
            if rest or _opens_block(self.bodies[self.at]):
                return self.node(inner, depth + 1)
            number, rest = self.numbers[self.at], self.bodies[self.at]
            self.at += 1
            return self._inline(rest, number, indent)
        if not in_sequence and self._next_is(indent) and _opens_sequence(self.bodies[self.at]):
            return self._sequence(indent, depth + 1)
        return None

    def _inline(self, rest: str, number: int, indent: int) -> Any:
        if rest[0] not in "'\"[{":
            return self._plain(rest, number, indent)
        if self._next_is_deeper(indent):
            raise Unsure
        return _quoted_or_flow(rest)

    def _plain(self, rest: str, number: int, indent: int) -> Any:
        if not _PLAIN.match(rest) or ": " in rest or rest[-1] == ":":
            raise Unsure
        cut = rest.find(" #")
        parts = [rest if cut < 0 else rest[:cut].rstrip(" ")]
        while self._next_is_deeper(indent):
            body = self.bodies[self.at]
            number += 1
            if cut >= 0 or self.numbers[self.at] != number or ": " in body or body[-1] == ":" or " #" in body:
                raise Unsure
            parts.append(body)
            self.at += 1
        return scalar(" ".join(parts))


def _opens_sequence(body: str) -> bool:
    return body == "-" or body.startswith("- ")


def _opens_block(body: str) -> bool:
    return _opens_sequence(body) or _KEY.match(body) is not None


def _quoted_or_flow(rest: str) -> Any:
    if match := _SINGLE.fullmatch(rest):
        return match[1].replace("''", "'")
    if match := _DOUBLE.fullmatch(rest):
        return match[1]
    if rest == "{}":
        return {}
    if match := _FLOW.fullmatch(rest):
        return [scalar(word.strip(" ")) for word in match[1].split(",")] if match[1] else []
    raise Unsure
