"""Bytes read within a budget: what a look at one file may cost, and a reader that keeps to it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO

PIECE = 2**20
LARGEST = 64 * PIECE
"""What is held in memory of one file at most."""
_LONGEST_LINE = 2**16


@dataclass(slots=True)
class Budget:
    """What may still be spent on one file: opcodes, bytes read or unpacked, members opened."""

    ops: int = 500_000
    bytes: int = 512 * 2**20
    members: int = 5_000

    def spend(self, size: int) -> None:
        """Take `size` bytes; OverBudgetError where so many are not left."""
        self.bytes -= size
        if self.bytes < 0:
            raise OverBudgetError("more bytes than are looked at")

    def step(self, count: int = 1) -> None:
        """Take as many opcodes."""
        self.ops -= count
        if self.ops < 0:
            raise OverBudgetError("more instructions than are looked at")

    def member(self) -> None:
        """Take one member of an archive."""
        self.members -= 1
        if self.members < 0:
            raise OverBudgetError("more members than are looked at")


class OverBudgetError(Exception):
    """The file is larger than what a look at it may cost."""


class BrokenError(Exception):
    """The bytes stop being a pickle here."""


class EndsError(BrokenError):
    """The bytes end within a pickle."""


class Source:
    """A seekable stream that is read forward within a Budget."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self.stream = stream
        self.budget = budget

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes, not more than LARGEST; BrokenError where the file ends before."""
        self.budget.spend(size)
        data = self.stream.read(size)
        if len(data) < size:
            raise EndsError("the file ends early")
        return data

    def peek(self) -> bytes:
        """The next two bytes, which stay."""
        head = self.stream.read(2)
        self.stream.seek(-len(head), io.SEEK_CUR)
        return head

    def line(self) -> bytes | None:
        """One line without its end; None for one that is longer than a name can be, which is passed over."""
        line = self.stream.readline(_LONGEST_LINE)
        self.budget.spend(len(line))
        if line.endswith(b"\n"):
            return line[:-1]
        while line and not line.endswith(b"\n"):
            line = self.stream.readline(PIECE)
            self.budget.spend(len(line))
        if not line:
            raise EndsError("the file ends early")
        return None

    def skip(self, size: int) -> None:
        """Move on; BrokenError where the file ends before. Nothing is read, so it costs nothing."""
        if size <= 0:
            return
        here = self.stream.tell()
        end = self.stream.seek(0, io.SEEK_END)
        if here + size > end:
            raise EndsError("the file ends in the middle of its data")
        self.stream.seek(here + size)

    def tell(self) -> int:
        """Where it stands."""
        return self.stream.tell()

    def seek(self, place: int) -> None:
        """Go to a place where it was before."""
        self.stream.seek(place)


class Window(io.RawIOBase):
    """The bytes of a stream from `start` to `end` as a stream of its own."""

    def __init__(self, stream: IO[bytes], start: int, end: int) -> None:
        self.stream = stream
        self.start = start
        self.end = max(start, end)
        self.place = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be sought in."""
        return True

    def tell(self) -> int:
        """Where it stands, from its own start."""
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """As of a file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.end - self.start}[whence]
        self.place = max(0, base + offset)
        return self.place

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        left = max(0, self.end - self.start - self.place)
        self.stream.seek(self.start + self.place)
        data = self.stream.read(left if size < 0 else min(size, left))
        self.place += len(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        """One line, of `size` bytes at most."""
        left = max(0, self.end - self.start - self.place)
        self.stream.seek(self.start + self.place)
        data = self.stream.readline(left if size is None or size < 0 else min(size, left))
        self.place += len(data)
        return data
