"""Compressed bytes unpacked piece by piece: without a look at check sums, as far as they go, within a budget."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from fossml.scan.source import LARGEST, Budget, OverBudgetError

_PIECE = 2**16
_FIRST = 256
"""Bytes unpacked at a time at first: where a stream breaks, what came before is not lost."""
_LONGEST_HEADER = 2**18
_ZFILE = re.compile(rb"ZF0x[0-9a-fA-F]+L?\s*(?=.)", re.S)
UNREADABLE = {b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
"""Magic -> a form that nothing in Python's standard library opens."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def form_of(head: bytes) -> str | None:
    """The name of the compression that bytes begin with, None for none."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh"):
        return "bz2"
    if head.startswith((b"\xfd7zXZ\x00", b"\x5d\x00")):
        return "lzma"
    if _ZFILE.match(head):
        return "zfile"
    if len(head) > 2 and head[0] & 15 == 8 and head[0] >> 4 < 8 and (head[0] * 256 + head[1]) % 31 == 0:
        return "zlib"
    return None


def begins(form: str, stream: IO[bytes], size: int) -> bytes:
    """The first `size` unpacked bytes, or as many as there are."""
    data = b""
    for piece in _pieces(form, stream):
        data += piece
        if len(data) >= size:
            break
    return data[:size]


def unpacked(form: str, stream: IO[bytes], budget: Budget) -> io.BytesIO:
    """All unpacked bytes, as far as they can be unpacked. OverBudgetError where they are too many to hold."""
    spool = io.BytesIO()
    for piece in _pieces(form, stream):
        spool.write(piece)
        budget.spend(len(piece))
        if spool.tell() > LARGEST:
            raise OverBudgetError("more bytes than are unpacked")
    spool.seek(0)
    return spool


def _pieces(form: str, stream: IO[bytes]) -> Iterator[bytes]:
    """What comes out, of each stream that follows another."""
    make = _MAKERS[form]
    waiting, out = stream.read(_FIRST), 0
    while waiting:
        if form == "gzip" and len(waiting) > 3 and waiting[3]:
            waiting += stream.read(_LONGEST_HEADER)
        waiting = _behind_header(form, waiting) or stream.read(_FIRST)
        one = make()
        try:
            while not one.eof:
                if data := one.decompress(waiting, _PIECE):
                    yield data
                    out += len(data)
                waiting = getattr(one, "unconsumed_tail", b"")
                if not waiting and not one.eof and (data == b"" or getattr(one, "needs_input", True)):
                    waiting = stream.read(_FIRST if out < _PIECE else _PIECE)
                    if not waiting:
                        return
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            return
        rest = one.unused_data + stream.read(_FIRST)
        waiting = rest[_SUMS.get(form, 0) :]


def _behind_header(form: str, data: bytes) -> bytes:
    """What follows the header of deflated data, which is unpacked bare: a wrong check sum must not stop it."""
    if form == "zfile":
        match = _ZFILE.match(data)
        return data[match.end() + 2 :] if match else b""
    if form == "zlib":
        return data[2:]
    if form != "gzip":
        return data
    flags, place = data[3] if len(data) > 3 else 0, 10
    if flags & 4:
        place += 2 + int.from_bytes(data[place : place + 2], "little")
    for flag in (8, 16):  # a name, a comment
        if flags & flag:
            place = data.find(b"\0", place) + 1 or len(data)
    return data[place + (2 if flags & 2 else 0) :]


_SUMS = {"gzip": 8, "zlib": 4, "zfile": 4}
_MAKERS: dict[str, Callable[[], _Decompressor]] = {
    "gzip": lambda: zlib.decompressobj(-15),
    "zlib": lambda: zlib.decompressobj(-15),
    "zfile": lambda: zlib.decompressobj(-15),
    "deflate": lambda: zlib.decompressobj(-15),
    "bz2": bz2.BZ2Decompressor,
    "lzma": lzma.LZMADecompressor,
}
