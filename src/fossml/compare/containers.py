"""Archives and compressed files: member by member, whatever order, times and owners they record."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, TypeAlias, cast

from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally

Inner: TypeAlias = Callable[[str, IO[bytes], IO[bytes], Budget], Comparison]
_PIECE = 2**20


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: how to open it, and what else the archive says of it that counts."""

    size: int
    open: Callable[[], IO[bytes]]
    about: str = ""


class Counted(io.RawIOBase):
    """A stream out of compressed bytes: what it gives is counted."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always; backwards it unpacks again."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack some."""
        data = self._stream.read(len(buffer))
        self._budget.unpack(len(data))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; what is passed over is unpacked, and counted."""
        before = self._stream.tell()
        if whence == io.SEEK_END:
            while piece := self._stream.read(_PIECE):
                self._budget.unpack(len(piece))
            return self._stream.seek(self._stream.tell() + offset)
        target = offset if whence == io.SEEK_SET else before + offset
        self._budget.unpack(max(0, target - before if target >= before else target))
        return self._stream.seek(target)

    def tell(self) -> int:
        """Where it is."""
        return self._stream.tell()


def unpacked(stream: IO[bytes], budget: Budget) -> IO[bytes]:
    """A stream out of compressed bytes, in memory if it is small."""
    counted = cast("IO[bytes]", io.BufferedReader(Counted(stream, budget), _PIECE))
    data = counted.read(16 * _PIECE)
    if len(data) < 16 * _PIECE:
        return io.BytesIO(data)
    counted.seek(0)
    return counted


def compare_members(
    tally: Tally, left: Mapping[str, Member], right: Mapping[str, Member], budget: Budget, inner: Inner, what: str
) -> None:
    """Compare archives by the names of their members."""
    common = [name for name in left if name in right]
    if common != [name for name in right if name in left]:
        tally.note(f"order of {what}s")
    for name in left:
        if name not in right:
            tally.differ(Part(f"{what} {name}", f"{left[name].size} bytes", None))
    for name in right:
        if name not in left:
            tally.differ(Part(f"{what} {name}", None, f"{right[name].size} bytes"))
    for name in common:
        a, b = left[name], right[name]
        if a.about != b.about:
            tally.differ(Part(f"{what} {name}", a.about, b.about))
        with closing(a.open()) as x, closing(b.open()) as y:
            found = inner(name, unpacked(x, budget), unpacked(y, budget), budget)
        if found.level != "bytes":
            tally.add(found, name)


def zip_members(stream: IO[bytes], budget: Budget) -> dict[str, Member]:
    """The files of a zip archive by name."""
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise CannotCompareError(f"not a whole zip archive: {error}") from error
    found: dict[str, Member] = {}
    for info in archive.infolist():
        if info.flag_bits & 1:
            raise CannotCompareError(f"{info.filename} is encrypted")
        if not info.is_dir():
            found[_once(info.filename, found)] = Member(info.file_size, _opener(archive, info))
    budget.members -= len(found)
    if budget.members < 0:
        raise CannotCompareError("an archive of more members than are looked at")
    return found


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(info)


def _once(name: str, taken: Mapping[str, Any]) -> str:
    """A name of its own for a member that has the name of another one."""
    return name if name not in taken else f"{name} (again, {len(taken)})"


def compare_zip(
    left: IO[bytes], right: IO[bytes], budget: Budget, inner: Inner, form: str = "zip archive", what: str = "member"
) -> Comparison:
    """Compare two zip archives; times, compression and the order of members do not count."""
    tally = Tally.of_form(form)
    compare_members(tally, zip_members(left, budget), zip_members(right, budget), budget, inner, what)
    if not tally.count and not tally.normalised:
        tally.note("times or compression of members")
    return tally.result()


def compare_tar(left: IO[bytes], right: IO[bytes], budget: Budget, inner: Inner) -> Comparison:
    """Compare two tar archives; times, owners and the order of members do not count, links and modes do."""
    tally = Tally.of_form("tar archive")
    compare_members(tally, _tar_members(left, budget), _tar_members(right, budget), budget, inner, "member")
    if not tally.count and not tally.normalised:
        tally.note("times or owners of members")
    return tally.result()


def _tar_members(stream: IO[bytes], budget: Budget) -> dict[str, Member]:
    found: dict[str, Member] = {}
    try:
        archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 - its members are read later
        for info in archive:
            budget.members -= 1
            if budget.members < 0:
                raise CannotCompareError("an archive of more members than are looked at")
            if not info.isdir():
                found[_once(info.name, found)] = Member(info.size, _tar_opener(archive, info), _about(info))
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise CannotCompareError(f"not a whole tar archive: {error}") from error
    return found


def _tar_opener(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    # A link is what it says; its target is not followed.
    return lambda: (archive.extractfile(info) if info.isreg() else None) or io.BytesIO()


def _about(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return f"a link to {info.linkname}"
    kind = "a file" if info.isreg() else "no file"
    return f"{kind}, executable" if info.mode & stat.S_IXUSR else kind


_OPENERS: Mapping[str, Callable[[IO[bytes]], IO[bytes]]] = {
    "gzip": lambda stream: cast("IO[bytes]", gzip.GzipFile(fileobj=stream)),
    "bzip2": lambda stream: cast("IO[bytes]", bz2.BZ2File(stream)),
    "xz": lambda stream: cast("IO[bytes]", lzma.LZMAFile(stream)),  # noqa: SIM115 - it is read by the caller
}


def compare_compressed(
    left: IO[bytes], right: IO[bytes], budget: Budget, inner: Inner, form: str, name: str = ""
) -> Comparison:
    """Compare what two compressed files hold; the time and the name in their heads do not count."""
    tally = Tally.of_form(form)
    try:
        found = inner(name, unpacked(_OPENERS[form](left), budget), unpacked(_OPENERS[form](right), budget), budget)
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise CannotCompareError(f"not a whole {form} file: {error}") from error
    if found.level == "bytes":
        tally.note("time, name or level of the compression")
    else:
        tally.add(found, "")
        tally.form = f"{found.form} in {form}" if found.form else form
    return tally.result()


def compare_zlib(left: IO[bytes], right: IO[bytes], budget: Budget, inner: Inner) -> Comparison:
    """Compare what two zlib streams hold (joblib writes these)."""
    found = inner("", _inflated(left, budget), _inflated(right, budget), budget)
    tally = Tally.of_form(f"{found.form} in zlib" if found.form else "zlib")
    if found.level == "bytes":
        tally.note("level of the compression")
    else:
        tally.add(found, "")
    return tally.result()


def _inflated(stream: IO[bytes], budget: Budget) -> IO[bytes]:
    machine, whole = zlib.decompressobj(), io.BytesIO()
    for piece in _chunks(stream):
        data = piece
        while data and not machine.eof:
            out = machine.decompress(data, _PIECE)
            budget.unpack(len(out))
            whole.write(out)
            budget.loads(whole.tell())
            data = machine.unconsumed_tail
    if not machine.eof:
        raise CannotCompareError("not a whole zlib stream")
    whole.seek(0)
    return whole


def _chunks(stream: IO[bytes]) -> Iterable[bytes]:
    while piece := stream.read(_PIECE):
        yield piece
