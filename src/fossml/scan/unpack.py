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
_ZFILE = re.compile(rb"ZF0x[0-9a-fA-F]+L?\s*")
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
    if form == "zfile":
        match = _ZFILE.match(stream.read(64))
        stream.seek(match.end() if match else 0)
    waiting = stream.read(_FIRST)
    while waiting:
        one = make()
        out = 0
        try:
            while not one.eof:
                if data := one.decompress(waiting, _PIECE):
                    yield data
                    out += len(data)
                waiting = getattr(one, "unconsumed_tail", b"")
                if not waiting and (data == b"" or getattr(one, "needs_input", True)):
                    waiting = stream.read(_FIRST if out < _PIECE else _PIECE)
                    if not waiting:
                        return
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            return
        waiting = one.unused_data or stream.read(_PIECE)


_MAKERS: dict[str, Callable[[], _Decompressor]] = {
    "gzip": lambda: zlib.decompressobj(31),
    "zlib": lambda: zlib.decompressobj(15),
    "zfile": lambda: zlib.decompressobj(15),
    "deflate": lambda: zlib.decompressobj(-15),
    "bz2": bz2.BZ2Decompressor,
    "lzma": lzma.LZMADecompressor,
}
