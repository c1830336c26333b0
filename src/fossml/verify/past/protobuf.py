"""Protocol buffers without a schema: numbered fields, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

Field = int | bytes


def fields(data: bytes) -> Iterator[tuple[int, Field]]:
    """Number and content of each field: a whole number, or bytes (those of a fixed number too).

    ValueError or IndexError for what is no protocol buffer.
    """
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(data, at)
            yield tag >> 3, value
            continue
        if wire == 2:
            length, at = varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError("not a protocol buffer that is read here")
        yield tag >> 3, data[at : at + length]
        at += length


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The whole number that begins at `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number of too many bytes")


def held(data: bytes, number: int) -> Iterator[bytes]:
    """The fields of this number that hold bytes: texts, and messages in the message."""
    for found, content in fields(data):
        if found == number and isinstance(content, bytes):
            yield content


def text(data: bytes, number: int) -> str:
    """The last text of this number, "" where there is none."""
    found = ""
    for content in held(data, number):
        found = content.decode("utf-8", "replace")
    return found
