"""The members of zip and tar archives, those that a directory names and those that it hides."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from fossml.scan.source import PIECE, Budget, Window

LOCAL = b"PK\x03\x04"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x07"
_TAIL = 2**16 + 22
_LOCKED = 1
_ELSEWHERE = 2**32 - 1
"""The size that stands where a longer one is told elsewhere."""
_TAR_SUM = re.compile(rb"[ 0]*[0-7]{1,7}[ \0]")


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its bytes as they lie in the archive, and how they may be packed ("" is not at all)."""

    name: str
    packed: Window
    forms: tuple[str, ...]
    locked: bool = False
    unknown: str = ""


def has_directory(stream: IO[bytes]) -> bool:
    """Whether the file ends in the directory of a zip archive, whatever it begins with."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    return size >= 22 and _END in stream.read(_TAIL)


def zip_members(stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    """Every member that any reader of zip archives could find.

    Readers differ: some ignore check sums, the lock bit or the names in the directory, some take another directory. So
    what the directory leaves uncovered is searched for members, and all of it where the directory is damaged.
    """
    end = stream.seek(0, io.SEEK_END)
    covered: list[tuple[int, int]] = []
    for info in _directory(stream):
        budget.member()
        member, stop = _at(stream, info.header_offset, end, info)
        if member is not None:
            covered.append((info.header_offset, stop))
            yield member
    for start, stop in _gaps(covered, end):
        for place in _places(stream, start, stop, budget):
            budget.member()
            member, _ = _at(stream, place, end, None)
            if member is not None:
                yield member


def _directory(stream: IO[bytes]) -> list[zipfile.ZipInfo]:
    """What the directory names; nothing where it is damaged, or told in two ways."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _TAIL - 20))
    tail = stream.read(_TAIL + 20)
    place = tail.rfind(_END)
    if tail.find(_END64, max(0, place - 20)) >= 0 and b"\xff\xff\xff\xff" not in tail[place : place + 22]:
        return []
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            return [info for info in archive.infolist() if not (info.is_dir() and info.file_size == 0)]
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, EOFError, OverflowError):
        return []


def _at(stream: IO[bytes], place: int, end: int, info: zipfile.ZipInfo | None) -> tuple[Member | None, int]:
    """The member whose local header stands at `place`, and where it ends."""
    stream.seek(max(0, place))
    header = stream.read(30)
    if not header.startswith(LOCAL) or len(header) < 30:
        return None, place
    flags, method = int.from_bytes(header[6:8], "little"), int.from_bytes(header[8:10], "little")
    size = int.from_bytes(header[18:22], "little")
    size = 0 if size == _ELSEWHERE and info else size
    names = int.from_bytes(header[26:28], "little")
    start = place + 30 + names + int.from_bytes(header[28:30], "little")
    name = info.filename if info else stream.read(names).decode("utf-8", "replace")
    methods = {method, info.compress_type if info else method}
    stop = min(end, start + max(info.compress_size if info else 0, size)) if info or size else end
    forms = [_FORMS[one] for one in methods if one in _FORMS]
    unknown = "" if methods <= set(_FORMS) else f"{name} is packed by method {max(methods)}, which is not opened here"
    both = tuple(dict.fromkeys([*forms, "", "deflate"]))
    locked = bool((flags | (info.flag_bits if info else 0)) & _LOCKED)
    return Member(name, Window(stream, start, stop if info else end), both, locked, unknown), stop


_FORMS = {0: "", 8: "deflate", 12: "bz2"}


def _gaps(covered: list[tuple[int, int]], end: int) -> Iterator[tuple[int, int]]:
    """What lies between members and is long enough for another one."""
    place = 0
    for start, stop in sorted(covered):
        if start - place >= 30:
            yield place, start
        place = max(place, stop)
    if end - place >= 30:
        yield place, end


def _places(stream: IO[bytes], start: int, stop: int, budget: Budget) -> Iterator[int]:
    """Where local headers begin between two places."""
    while start < stop:
        stream.seek(start)
        piece = stream.read(min(PIECE, stop - start))
        if not piece:
            return
        budget.spend(len(piece))
        found = piece.find(LOCAL)
        while found >= 0:
            yield start + found
            found = piece.find(LOCAL, found + 1)
        start += max(1, len(piece) - 3) if len(piece) == PIECE else len(piece)


def is_tar(head: bytes) -> bool:
    """Whether bytes begin as a tar archive of any age does: with a header whose check sum is right."""
    if len(head) < 512 or not _TAR_SUM.match(head[148:156]):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "replace")
    except (tarfile.TarError, ValueError):
        return False
    return True


def tar_members(stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    """The files of a tar archive, as far as it can be read."""
    stream.seek(0)
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for info in archive:
                budget.member()
                if info.isreg():
                    yield Member(info.name, Window(stream, info.offset_data, info.offset_data + info.size), ("",))
    except (tarfile.TarError, OSError, ValueError, EOFError):
        return
