"""Files that run code when they are loaded, found by content: pickles in every wrapping, judged by what they import."""

from __future__ import annotations

import ast
import bz2
import contextlib
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from fossml.scan.model import PickleScan
from fossml.scan.pickle_machine import BrokenError, Budget, Machine, OverBudgetError

_HEAD = 512
_PIECE = 2**20
_DEEPEST = 4
_LONGEST_LINE = 2**16
_MAGIC = re.compile(rb"\x80[\x02-\x05]")
_OLD_START = re.compile(rb"[(\]\})lIFSVLcNiPd]")
_UNREADABLE = {b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf\x27\x1c": "7z"}
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt")
_ZLIB_STARTS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


class _Skipped:
    """Stands for bytes that were passed over: only their number is known."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size


class Bounded:
    """A stream that reads within a Budget and never holds more than a piece of it in memory."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self.stream = stream
        self.budget = budget

    def read(self, size: int, /) -> Any:
        """Up to `size` bytes; what is longer than a piece is passed over."""
        if size > _PIECE:
            self.skip(size)
            return _Skipped(size)
        self._spend(size)
        return self.stream.read(size)

    def readline(self) -> bytes:
        """One line; raises BrokenError where it is longer than a name can be."""
        line = self.stream.readline(_LONGEST_LINE)
        self._spend(len(line))
        if len(line) == _LONGEST_LINE:
            raise BrokenError("a line without end")
        return line

    def skip(self, size: int) -> None:
        """Move on; raises BrokenError where the file ends before."""
        while size > 0:
            piece = self.stream.read(min(size, _PIECE))
            self._spend(len(piece))
            if not piece:
                raise BrokenError("the file ends in the middle of an array")
            size -= len(piece)

    def _spend(self, size: int) -> None:
        self.budget.bytes -= size
        if self.budget.bytes < 0:
            raise OverBudgetError("more bytes than are looked at")


def scan_pickle(path: str, stream: IO[bytes], budget: Budget | None = None) -> PickleScan | None:
    """What loading the file would import, or None where nothing in it is a pickle. Nothing is loaded."""
    try:
        return _open(path, stream, budget or Budget(), 0)
    except OverBudgetError as error:
        return PickleScan("unknown", (), reason=str(error))


def _open(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    head = stream.read(_HEAD)
    stream.seek(0)
    if depth > _DEEPEST:
        return PickleScan("unknown", (), reason="archives within archives, deeper than is looked at")
    if head.startswith(b"\x93NUMPY"):
        return _numpy(stream, budget)
    if _MAGIC.match(head):
        return _pickle(stream, budget)
    if (old := _old_pickle(head, stream, budget)) is not None:
        return old
    stream.seek(0)
    unpack = _unpacker(head)
    if unpack is not None:
        return unpack(name, stream, budget, depth)
    if (form := _UNREADABLE.get(head[: 6 if head.startswith(b"7z") else 4])) and name.lower().endswith(_PICKLE_NAMES):
        return PickleScan("unknown", (form,), reason=f"packed with {form}, which is not opened here")
    return _tail_zip(name, stream, budget, depth)


def _unpacker(head: bytes) -> Callable[[str, IO[bytes], Budget, int], PickleScan | None] | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip
    if head[257:262] == b"ustar":
        return _tar
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x5d\x00\x00", *_ZLIB_STARTS)):
        return _compressed
    return None


def _pickle(stream: IO[bytes], budget: Budget) -> PickleScan:
    """Read pickle after pickle, as loaders of many do; raw bytes behind the last are no pickle."""
    bounded, imports, whole = Bounded(stream, budget), set[str](), False
    try:
        while _MAGIC.match(_peek(stream)):
            Machine(bounded, budget, imports).run()
            whole = True
    except OverBudgetError as error:
        return _judged(imports, ("pickle",), str(error))
    except BrokenError as error:
        return _judged(imports, ("pickle",), "" if whole else f"not a whole pickle: {error}")
    return _judged(imports, ("pickle",), "")


def _old_pickle(head: bytes, stream: IO[bytes], budget: Budget) -> PickleScan | None:
    """Protocols 0 and 1 have no magic: a pickle is what reads as one and calls something."""
    if not _OLD_START.match(head):
        return None
    stream.seek(0)
    machine = Machine(Bounded(stream, budget), budget)
    try:
        machine.run()
    except (BrokenError, OverBudgetError) as error:
        named = all(" " not in name.strip().partition(" ")[2] for name in machine.imports)
        if not (machine.imports and machine.calls and named):
            return None
        return _judged(machine.imports, ("pickle",), f"not a whole pickle: {error}")
    return _judged(machine.imports, ("pickle",), "") if machine.calls or machine.imports else None


def _peek(stream: IO[bytes]) -> bytes:
    head = stream.read(2)
    stream.seek(-len(head), io.SEEK_CUR)
    return head


def _judged(imports: set[str], forms: tuple[str, ...], reason: str) -> PickleScan:
    found = tuple(sorted(imports))
    return PickleScan("unsafe" if found else "unknown" if reason else "safe", forms, found, reason)


def _numpy(stream: IO[bytes], budget: Budget) -> PickleScan | None:
    """An array file: only one whose type holds objects carries a pickle, behind its header."""
    prefix = stream.read(10)
    wide = prefix[6:7] in {b"\x02", b"\x03"}
    size = int.from_bytes(prefix[8:10] + (stream.read(2) if wide else b""), "little")
    if size > _LONGEST_LINE:
        return PickleScan("unknown", ("npy",), reason="a header longer than is looked at")
    try:
        header = ast.literal_eval(stream.read(size).decode("latin-1").strip())
        objects = "O" in re.sub(r"'[^']*'\s*,\s*(?=')", "", str(header["descr"]))
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        return PickleScan("unknown", ("npy",), reason="its header cannot be read")
    if not objects:
        return None
    return _within("npy", _pickle(stream, budget))


def _within(form: str, inner: PickleScan | None) -> PickleScan | None:
    if inner is None:
        return None
    return PickleScan(inner.verdict, (form, *inner.forms), inner.imports, inner.reason)


def _compressed(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    """One compressed stream. What is inside is unpacked piece by piece, within the budget."""
    form, opened = _decompressor(stream)
    try:
        head = opened.read(_HEAD)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        head = b""
    if head and not _may_hold_one(head):
        return None
    spool = _unpacked(opened, budget, head) if head else None
    if spool is None:
        broken = name.lower().endswith(_PICKLE_NAMES)
        return PickleScan("unknown", (form,), reason=f"broken {form} data") if broken else None
    return _within(form, _open(re.sub(r"\.(gz|bz2|xz|z|zlib)$", "", name.lower()), spool, budget, depth + 1))


def _decompressor(stream: IO[bytes]) -> tuple[str, IO[bytes]]:
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return "gzip", gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]
    if head.startswith(b"BZh"):
        return "bz2", bz2.BZ2File(stream)
    if head.startswith((b"\xfd7zXZ\x00", b"\x5d\x00\x00")):
        return "lzma", lzma.LZMAFile(stream)
    return "zlib", _Inflated(stream)  # type: ignore[return-value]


class _Inflated(io.RawIOBase):
    """A zlib stream, read forward."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.inflate = zlib.decompressobj()

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        while not self.inflate.eof:
            packed = self.inflate.unconsumed_tail or self.stream.read(_HEAD * 16)
            data = self.inflate.decompress(packed, max(size, 1))
            if data:
                return data
            if not packed:
                raise EOFError("the zlib stream ends early")
        return b""


def _unpacked(opened: IO[bytes], budget: Budget, head: bytes) -> io.BytesIO:
    """The unpacked bytes behind `head`, as far as they can be unpacked. OverBudgetError above 64 MiB."""
    spool, limit = io.BytesIO(), min(64 * _PIECE, budget.bytes)
    spool.write(head)
    with contextlib.suppress(OSError, EOFError, zlib.error, lzma.LZMAError):
        while spool.tell() < limit and (piece := opened.read(_PIECE)):
            spool.write(piece)
    if spool.tell() >= limit:
        raise OverBudgetError("more bytes than are unpacked")
    budget.bytes -= spool.tell()
    spool.seek(0)
    return spool


def _zip(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    try:
        with zipfile.ZipFile(stream) as archive:
            return _members(
                "zip",
                ((m.filename, lambda m=m: archive.open(m)) for m in archive.infolist() if not m.is_dir()),
                budget,
                depth,
            )
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, EOFError):
        broken = name.lower().endswith(_PICKLE_NAMES)
        return PickleScan("unknown", ("zip",), reason="a broken archive") if broken else None


def _tar(_name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            return _members(
                "tar",
                ((m.name, lambda m=m: archive.extractfile(m)) for m in archive if m.isfile()),
                budget,
                depth,
            )
    except (tarfile.TarError, OSError, ValueError, EOFError):
        return None


def _tail_zip(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    """A zip archive behind other bytes: loaders that look from the end find it."""
    if not name.lower().endswith((*_PICKLE_NAMES, ".zip", ".npz", ".bin", ".mar")):
        return None
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 2**16 - 22))
    if b"PK\x05\x06" not in stream.read(2**16 + 22):
        return None
    stream.seek(0)
    return _zip(name, stream, budget, depth)


def _members(form: str, members: Any, budget: Budget, depth: int) -> PickleScan | None:
    """The worst of an archive's members: unsafe, then unknown, then safe."""
    worst: PickleScan | None = None
    for member, opener in members:
        budget.members -= 1
        if budget.members < 0:
            raise OverBudgetError("more members than are looked at")
        scan = _member(member, opener, budget, depth)
        if scan is not None and (worst is None or _RANK[scan.verdict] > _RANK[worst.verdict]):
            worst = _within(f"{form}:{member}", scan)
        if worst is not None and worst.verdict == "unsafe":
            break
    return worst


_RANK = {"safe": 0, "unknown": 1, "unsafe": 2}


def _member(name: str, opener: Callable[[], IO[bytes]], budget: Budget, depth: int) -> PickleScan | None:
    try:
        with opener() as opened:
            head = opened.read(_HEAD)
            spool = _unpacked(opened, budget, head) if _may_hold_one(head) else None
    except RuntimeError:
        return PickleScan("unknown", (), reason=f"{name} is locked with a password")
    return None if spool is None else _open(name, spool, budget, depth + 1)


def _may_hold_one(head: bytes) -> bool:
    starts = _MAGIC.match(head) or _OLD_START.match(head) or head.startswith(b"\x93NUMPY")
    return bool(starts or _unpacker(head))
