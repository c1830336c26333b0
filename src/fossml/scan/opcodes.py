"""The instructions of pickles of every protocol: how long each one's argument is, and what of it can be known.

Lenient where the standard reader is not: an argument that cannot be understood is OPAQUE and the next instruction is
read, as a loader would do.
"""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from fossml.scan.source import LARGEST, Source

_LONGEST_WORD = 1000
_HEAD = 512
_BYTES_AS_TEXT = (b"\xc2\x80", b"\x80", b"\xc2\x93NUMPY", b"\x93NUMPY", b"PK")


class Opaque:
    """A value of which nothing is known."""


OPAQUE = Opaque()


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes (or the text that stands for them) that are worth a look of their own, as they would be loaded."""

    data: bytes


_Reader = Callable[[Source], object]


def _nothing(_: Source) -> object:
    return None


def _number(size: int, signed: bool = False) -> _Reader:
    return lambda source: int.from_bytes(source.take(size), "little", signed=signed)


def _passed(size: int) -> _Reader:
    def read(source: Source) -> object:
        source.take(size)
        return OPAQUE

    return read


def _counted(width: int, text: bool, signed: bool = False) -> _Reader:
    def read(source: Source) -> object:
        size = int.from_bytes(source.take(width), "little", signed=signed)
        if size < 0 or size > LARGEST:
            if size < 0:
                return OPAQUE
            start = source.take(_HEAD)
            source.skip(size - _HEAD)
            return Payload(start)
        data = source.take(size)
        return _text(data) if text else _bytes(data)

    return read


def _bytes(data: bytes) -> object:
    return Payload(data) if len(data) > 8 else data


def _text(data: bytes) -> object:
    """Text as it is; text that stands for bytes, as older protocols write them, as those bytes."""
    if data.startswith(_BYTES_AS_TEXT):
        try:
            return Payload(data.decode("utf-8", "surrogatepass").encode("latin-1"))
        except ValueError:
            return Payload(data)
    try:
        text = data.decode("utf-8", "surrogatepass")
        return text if len(text) <= _LONGEST_WORD else Payload(text.encode("latin-1"))
    except ValueError:
        return OPAQUE


def _long(width: int) -> _Reader:
    def read(source: Source) -> object:
        size = int.from_bytes(source.take(width), "little", signed=width == 4)
        if size > 8:
            source.skip(size)
            return OPAQUE
        return int.from_bytes(source.take(max(size, 0)), "little", signed=True)

    return read


def _digits(source: Source) -> object:
    line = source.line()
    try:
        return OPAQUE if line is None or len(line) > 5000 else int(line.rstrip(b"L"))
    except ValueError:
        return OPAQUE


def _float(source: Source) -> object:
    source.line()
    return OPAQUE


def _quoted(source: Source) -> object:
    """A text in quotes, its escapes read as a loader reads them."""
    line = (source.line() or b"").strip()
    if len(line) < 2:
        return OPAQUE
    if b"\\" not in line:
        return _text(line[1:-1])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _text(codecs.escape_decode(line[1:-1])[0])
    except ValueError:
        return OPAQUE


def _escaped(source: Source) -> object:
    line = source.line()
    try:
        return OPAQUE if line is None else _text(line.decode("raw-unicode-escape").encode("utf-8", "surrogatepass"))
    except ValueError:
        return OPAQUE


def _name(source: Source) -> object:
    """A line as a loader reads it; `?` for one too long to be a name."""
    line = source.line()
    return "?" if line is None else line.decode("utf-8", "replace")


def _two_names(source: Source) -> object:
    return _name(source), _name(source)


_ARGUMENTS: dict[str, tuple[_Reader, str]] = {
    "PROTO": (_number(1), "\x80"),
    "FRAME": (_number(8), "\x95"),
    "STOP": (_nothing, "."),
    "INT": (_digits, "I"),
    "LONG": (_digits, "L"),
    "FLOAT": (_float, "F"),
    "BININT": (_number(4, signed=True), "J"),
    "BININT1": (_number(1), "K"),
    "BININT2": (_number(2), "M"),
    "LONG1": (_long(1), "\x8a"),
    "LONG4": (_long(4), "\x8b"),
    "BINFLOAT": (_passed(8), "G"),
    "STRING": (_quoted, "S"),
    "BINSTRING": (_counted(4, text=True, signed=True), "T"),
    "SHORT_BINSTRING": (_counted(1, text=True), "U"),
    "UNICODE": (_escaped, "V"),
    "BINUNICODE": (_counted(4, text=True), "X"),
    "SHORT_BINUNICODE": (_counted(1, text=True), "\x8c"),
    "BINUNICODE8": (_counted(8, text=True), "\x8d"),
    "BINBYTES": (_counted(4, text=False), "B"),
    "SHORT_BINBYTES": (_counted(1, text=False), "C"),
    "BINBYTES8": (_counted(8, text=False), "\x8e"),
    "BYTEARRAY8": (_counted(8, text=False), "\x96"),
    "PERSID": (_name, "P"),
    "GLOBAL": (_two_names, "c"),
    "INST": (_two_names, "i"),
    "EXT1": (_number(1), "\x82"),
    "EXT2": (_number(2), "\x83"),
    "EXT4": (_number(4, signed=True), "\x84"),
    "PUT": (_digits, "p"),
    "BINPUT": (_number(1), "q"),
    "LONG_BINPUT": (_number(4), "r"),
    "GET": (_digits, "g"),
    "BINGET": (_number(1), "h"),
    "LONG_BINGET": (_number(4), "j"),
}
_ALONE = {
    "NONE": "N",
    "NEWTRUE": "\x88",
    "NEWFALSE": "\x89",
    "MARK": "(",
    "POP": "0",
    "POP_MARK": "1",
    "DUP": "2",
    "EMPTY_LIST": "]",
    "EMPTY_TUPLE": ")",
    "EMPTY_DICT": "}",
    "EMPTY_SET": "\x8f",
    "LIST": "l",
    "TUPLE": "t",
    "TUPLE1": "\x85",
    "TUPLE2": "\x86",
    "TUPLE3": "\x87",
    "DICT": "d",
    "FROZENSET": "\x91",
    "APPEND": "a",
    "APPENDS": "e",
    "SETITEM": "s",
    "SETITEMS": "u",
    "ADDITEMS": "\x90",
    "MEMOIZE": "\x94",
    "STACK_GLOBAL": "\x93",
    "REDUCE": "R",
    "NEWOBJ": "\x81",
    "NEWOBJ_EX": "\x92",
    "OBJ": "o",
    "BUILD": "b",
    "BINPERSID": "Q",
    "NEXT_BUFFER": "\x97",
    "READONLY_BUFFER": "\x98",
}
READERS: dict[int, tuple[str, _Reader]] = {
    **{ord(code): (name, read) for name, (read, code) in _ARGUMENTS.items()},
    **{ord(code): (name, _nothing) for name, code in _ALONE.items()},
}
"""Byte -> the instruction's name and what reads its argument."""
