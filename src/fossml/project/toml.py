"""A TOML text with its lines, so that every message about a table or a key can say file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fossml.errors import FossmlError


@dataclass(frozen=True, slots=True)
class Where:
    """The text that a message points into; the tables stand below `prefix`."""

    file: str
    text: str
    prefix: tuple[str, ...]

    def line(self, table: str, key: str | None = None, index: int = 0) -> int | None:
        """The line of the `index`-th `[table]`, or of `key` in it; None where it is not written that way."""
        lines = self.text.splitlines()
        full = r"\s*\.\s*".join(_name(part) for part in (*self.prefix, *table.split("\0")))
        heads = [i for i, line in enumerate(lines) if re.match(rf"\s*\[+\s*{full}\s*(\]|\.)", line)]
        parent, _, child = table.rpartition("\0")
        if not heads and parent:
            return self.line(parent, child)
        if index >= len(heads):
            inline = [
                i for i, line in enumerate(lines) if re.match(rf"\s*{_name(table.split(chr(0))[0])}\s*[.=]", line)
            ]
            return inline[0] + 1 if inline else None
        if key is None:
            return heads[index] + 1
        for i in range(heads[index] + 1, len(lines)):
            if re.match(r"\s*\[", lines[i]):
                break
            if re.match(rf"\s*{_name(key)}\s*[.=]", lines[i]):
                return i + 1
        return heads[index] + 1

    def heads(self, table: str) -> list[int]:
        """The lines of all `[table]` and `[[table]]`, in one look at the text however many there are."""
        full = r"\s*\.\s*".join(_name(part) for part in (*self.prefix, *table.split("\0")))
        head = re.compile(rf"\s*\[+\s*{full}\s*\]")
        return [number for number, line in enumerate(self.text.splitlines(), 1) if head.match(line)]

    def keys(self, table: str) -> dict[str, int]:
        """The line of each bare key of `[table]`, likewise."""
        found: dict[str, int] = {}
        start = next(iter(self.heads(table)), None)
        if start is None:
            return found
        for number, line in enumerate(self.text.splitlines()[start:], start + 1):
            if re.match(r"\s*\[", line):
                break
            if key := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]", line):
                found.setdefault(key[1], number)
        return found

    def at(self, table: str, key: str | None = None, index: int = 0) -> str:
        """`file:line`, or the file alone. The parts of a name such as `stage."a"` are separated by a NUL."""
        line = self.line(table, key, index)
        return f"{self.file}:{line}" if line else self.file


def _name(part: str) -> str:
    """A pattern for a key as TOML may write it: bare or quoted."""
    return rf"[\"']?{re.escape(part)}[\"']?"


def load(text: str, file: str) -> Mapping[str, Any]:
    """The tables of `text`. FossmlError with the line where it is not TOML."""
    import tomllib  # most repositories have no TOML to read

    try:
        return tomllib.loads(text)
    except ValueError as error:  # a number of very many digits is no TOMLDecodeError
        found = re.search(r"line (\d+)", str(error))
        hint = "claims are written [[claim]], with two brackets" if "'claim'" in str(error) else None
        raise FossmlError(f"is not TOML: {error}", where=f"{file}:{found[1]}" if found else file, hint=hint) from error
    except RecursionError as error:
        raise FossmlError("is nested too deeply", where=f"{file}:{_deepest(text)}") from error


def _deepest(text: str) -> int:
    """The number of the line on which most brackets are open; those in strings count too, a guess is enough."""
    depth, deepest = 0, (0, 1)
    for number, line in enumerate(text.split("\n"), start=1):
        for sign in line:
            depth += (sign in "[{") - (sign in "]}")
            deepest = max(deepest, (depth, -number))
    return abs(deepest[1])
