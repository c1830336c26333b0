"""One line of strace's output as a call: its name, paths, flags and result. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_STRING = r'"(?:[^"\\]|\\.)*+"'
_BODY = rf'(?:{_STRING}|<[^<>]*+>|=>|[^"<)]|\)(?! += ))*+'
_LINE = re.compile(
    rf"(\d+)\.(\d{{9}}) (\w+)\(({_BODY})\) += (-?\d+|\?)(?:<([^<>]*)>)?(?: (E[A-Z0-9]+))?", re.ASCII | re.DOTALL
)
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"\d+\.\d{9} <\.\.\. \w+ resumed>")
_PATH = re.compile(rf"(?:(?:AT_FDCWD|\d+)<([^<>]*)>, )?({_STRING})(\.\.\.)?")
_AT = re.compile(r"AT_FDCWD<([^<>]*)>")
_FD = re.compile(r"(\d+)<([^<>]*)>")
_FLAG = re.compile(r"\b(?:O|CLONE)_[A-Z_]+\b")
_SIZE = re.compile(r"\bst_size=(\d+)")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"f": b"\f", b"v": b"\v", b"a": b"\a", b"b": b"\b"}


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that is over. `time` is when it began, in ns; `error` the name of its errno, "" where it went well.

    `strings` are its string arguments, each with the folder it is relative to where the call says it: a descriptor's,
    or for AT_FDCWD that of the process. `cwd` is the latter, `fd` the path of the descriptor that is the first
    argument, `opened` of the one that is the result. `size` is that of a file whose state was asked, in bytes.
    """

    time: int
    name: str
    strings: tuple[tuple[str | None, str], ...]
    flags: frozenset[str]
    result: str
    error: str
    cwd: str | None = None
    fd: str | None = None
    size: int | None = None
    opened: str | None = None


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """The calls of one thread, in the order in which they began. What is no call, or is cut off, is left out."""
    began = ""
    for line in lines:
        if line.endswith(_UNFINISHED):
            began = line[: -len(_UNFINISHED)]
            continue
        resumed = _RESUMED.match(line)
        call = _call(began + line[resumed.end() :] if resumed else line)
        if call is not None:
            yield call


def _call(line: str) -> Call | None:
    found = _LINE.match(line)
    if found is None:
        return None
    seconds, nanoseconds, name, body, result, opened, error = found.groups()
    at, fd, size = _AT.search(body), _FD.match(body), _SIZE.search(body)
    bare = re.sub(_STRING, "", body)
    return Call(
        time=int(seconds) * 1_000_000_000 + int(nanoseconds),
        name=name,
        strings=tuple(
            (None if base is None else unescaped(base), unescaped(text[1:-1]))
            for base, text, cut in _PATH.findall(body)
            if not cut
            for base in ((base or None),)
        ),
        flags=frozenset(_FLAG.findall(bare)),
        result=result,
        error=error or ("" if result != "?" else "?"),
        cwd=unescaped(at[1]) if at else None,
        fd=unescaped(fd[2]) if fd else None,
        size=int(size[1]) if size else None,
        opened=unescaped(opened) if opened else None,
    )


def unescaped(text: str) -> str:
    """A string as it was before strace wrote it as one of C, undecodable bytes as `os.fsdecode` gives them."""
    return os.fsdecode(_ESCAPE.sub(_byte, text.encode("latin-1")))


def _byte(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code[:1].isdigit():
        return bytes([int(code, 8) & 255])
    if code[:1] == b"x" and len(code) == 3:
        return bytes([int(code[1:], 16)])
    return _LETTERS.get(code, code)
