"""What no parameter file or pipeline holds unless it is damaged or means harm: refused before it costs much."""

from __future__ import annotations

import re
from typing import Any

from fossml.errors import FossmlError

DEEPEST = 100
MOST_VALUES = 1_000_000
"""An alias may stand for much; this many values are more than any pipeline has."""
MOST_MERGES = 200
# Python refuses to write a longer whole number.
MOST_BITS = 4300 * 3
_ALIAS = re.compile(r"(?:^|[\s\[,{:-])\*[^\s\[\]{},]", re.MULTILINE)
_LONG_NUMBER = re.compile(r"[0-9A-Fa-f_]{1000}")


def check_merges(text: str, file: str) -> None:
    """Refuse merge keys (`<<`) without end: each copies a mapping."""
    if text.count("<<") > MOST_MERGES:
        *_, last = (match.start() for _, match in zip(range(MOST_MERGES + 1), re.finditer("<<", text), strict=False))
        where = f"{file}:{text.count(chr(10), 0, last) + 1}"
        raise FossmlError(f"more than {MOST_MERGES} merge keys (<<)", where=where)


def check_value(value: Any, text: str, file: str) -> None:
    """Refuse what `text` means where it is nested too deeply or has numbers too long to write."""
    level, depth, seen = [value], 0, set[int]()
    while level:
        if depth > DEEPEST:
            raise too_deep(text, file)
        inner: list[Any] = []
        for each in level:
            if isinstance(each, int) and each.bit_length() > MOST_BITS:
                raise FossmlError("a number is too long", where=at_line(file, line_of_number(text)))
            if isinstance(each, dict | list | tuple | set) and id(each) not in seen:
                seen.add(id(each))
                inner += [*each.keys(), *each.values()] if isinstance(each, dict) else each
        level, depth = inner, depth + 1


def check_aliases(value: Any, text: str, file: str) -> None:
    """Refuse aliases that unfold without end, or to a value that is large or nested deeply; after `check_value`."""
    if (alias := _ALIAS.search(text)) is None:
        return
    size, height = _unfolded(value, {})
    if size > MOST_VALUES or height > DEEPEST:
        what = f"to more than {MOST_VALUES:,} values" if size > MOST_VALUES else f"to more than {DEEPEST} levels"
        raise FossmlError(f"its aliases unfold {what}", where=f"{file}:{text.count(chr(10), 0, alias.start()) + 1}")


def too_deep(text: str, file: str) -> FossmlError:
    """The error for a text that is nested too deeply, with the line where it is so by brackets, or by indentation."""
    balance, lines = 0, text.split("\n")
    for sign in re.finditer(r"[(\[{]|[)\]}]", text):
        balance += 1 if sign[0] in "([{" else -1
        if balance > DEEPEST:
            return FossmlError("is nested too deeply", where=f"{file}:{text.count(chr(10), 0, sign.start()) + 1}")
    deepest = max(range(len(lines)), key=lambda index: len(lines[index]) - len(lines[index].lstrip(" -?")))
    return FossmlError("is nested too deeply", where=f"{file}:{deepest + 1}")


def not_in_format(
    kind: str, problem: str, line: int | None, text: str, file: str, hint: str | None = None
) -> FossmlError:
    """The error for a `text` that is not YAML, JSON, TOML or Python; one with a merge conflict in it says so."""
    if conflict := re.search(r"^<{7}( |$)", text, re.MULTILINE):
        line, problem = text.count("\n", 0, conflict.start()) + 1, "a merge conflict of git is left in it"
    elif "integer string conversion" in problem:
        line, problem = line_of_number(text), "a number is too long"
    return FossmlError(f"is not {kind}: {problem}", where=at_line(file, line), hint=hint)


def line_of_number(text: str) -> int | None:
    """The line of the first number that is very long."""
    found = _LONG_NUMBER.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def at_line(file: str, line: int | None) -> str:
    """`file:line`, or the file alone."""
    return f"{file}:{line}" if line else file


def _unfolded(value: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many values `value` holds with its aliases unfolded, and on how many levels."""
    if not isinstance(value, dict | list):
        return 1, 1
    if id(value) not in known:
        known[id(value)] = MOST_VALUES + 1, 0  # what it counts for while it is inside itself
        below = (*value.keys(), *value.values()) if isinstance(value, dict) else value
        parts = [_unfolded(item, known) for item in below]
        known[id(value)] = 1 + sum(size for size, _ in parts), 1 + max((height for _, height in parts), default=0)
    return known[id(value)]
