"""Bytes: whether they are the same, and where the first one is that is not."""

from __future__ import annotations

import io
from typing import IO

from fossml.compare.model import Comparison, Part

_PIECE = 2**20


def same_bytes(left: IO[bytes], right: IO[bytes]) -> bool:
    """Whether two streams hold the same bytes."""
    return _first(left, right) is None


def compare_binary(left: IO[bytes], right: IO[bytes]) -> Comparison:
    """Two files of a form that is not known here, of which the bytes differ."""
    first = _first(left, right)
    sizes = left.seek(0, io.SEEK_END), right.seek(0, io.SEEK_END)
    parts = [Part("size", f"{sizes[0]} bytes", f"{sizes[1]} bytes")] if sizes[0] != sizes[1] else []
    if first is not None and first < min(sizes):
        parts.append(Part(f"byte {first}", _byte(left, first), _byte(right, first)))
    return Comparison("different", "bytes", parts=tuple(parts), count=len(parts))


def _byte(stream: IO[bytes], place: int) -> str:
    stream.seek(place)
    return stream.read(4).hex(" ")


def _first(left: IO[bytes], right: IO[bytes]) -> int | None:
    """Where the first byte is that differs; None where all are the same."""
    left.seek(0)
    right.seek(0)
    place = 0
    while True:
        a, b = left.read(_PIECE), right.read(_PIECE)
        if a != b:
            return place + next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        if not a:
            return None
        place += len(a)
