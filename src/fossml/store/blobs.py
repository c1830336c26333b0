"""Single objects by digest in DVC's cache layout: written once, read-only, checked before they are used."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.store import durable, links, manifest, reading
from fossml.store.abreast import abreast
from fossml.store.digest import Digests, digests, settled
from fossml.store.links import Copied
from fossml.store.paths import check_digest, shown
from fossml.store.statcache import StatCache, is_protected, signature


@dataclass(frozen=True, slots=True)
class Blob:
    """An object that is there: its name, its path, and what the system says of it."""

    digest: str
    path: str
    stat: os.stat_result


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes in the cache under the temporary name `temp`, brought by `kind`: a kind of link, or a copy."""

    temp: str
    digests: Digests
    kind: str


class Blobs:
    """The objects below `folder`/files/md5, each one file. `stats` saves reading those it knows.

    Sync policy: `publish` returns when the bytes and then the names are on disk, so that a record written afterwards
    never names an object that a power cut took. Staged files have temporary names in `folder`/tmp; what a killed
    process left there is removed after a day. Names are strings here: Path objects would take longer than the work.
    """

    def __init__(self, folder: Path, stats: StatCache) -> None:
        self._objects = os.fspath(folder.absolute() / "files" / "md5")
        self._tmp = os.fspath(folder.absolute() / "tmp")
        self._stats = stats
        self._linker = links.Linker()
        self._ready = False
        self._manifest: tuple[str, dict[str, str]] | None = None

    def path(self, digest: str) -> str:
        """Where the object is or would be."""
        return self._at(check_digest(digest))

    def _at(self, digest: str) -> str:
        """As `path`, of a digest that we computed or that was checked with others."""
        return f"{self._objects}{os.sep}{digest[:2]}{os.sep}{digest[2:]}"

    def has(self, digest: str, size: int | None = None) -> bool:
        """Whether a sound object is there, as far as can be known without reading one that looks untouched.

        `size` in bytes where it is known. Like DVC this trusts the mode 0444 of an object it has never read.
        """
        return self._looks_sound(digest, _stat(self.path(digest)), size)

    def has_all(self, some: Iterable[str]) -> bool:
        """Whether `has` is true of each, at the price of one question to the stat cache."""
        found = self._stats_of(some)
        return all(self._looks_sound(digest, st, None) for digest, st in found.items())

    def lacking(self, some: Mapping[str, int]) -> list[str]:
        """Which of these objects, with their sizes in bytes, are not there or not sound."""
        found = self._stats_of(some)
        return [digest for digest, size in some.items() if not self._looks_sound(digest, found[digest], size)]

    def find(self, some: Iterable[str]) -> list[Blob]:
        """What the system says of each of these objects; FossmlError where one is missing."""
        found = []
        for digest, st in self._stats_of(some).items():
            if st is None:
                raise self.missing(digest)
            found.append(Blob(digest, self._at(digest), st))
        return found

    def check(self, blob: Blob) -> Digests:
        """What the object hashes to, if that is its name; FossmlError where it is damaged."""
        known = digests(blob.path, blob.stat, self._stats)
        if known.md5 != _hex(blob.digest):
            raise self.damaged(blob.digest)
        return known

    def copy(self, blob: Blob, target: str, *, executable: bool) -> Copied:
        """Copy the object to the new file `target`, checking its bytes in the same read."""
        known = self._stats.known(blob.stat)
        if known is not None and known.md5 != _hex(blob.digest):
            raise self.damaged(blob.digest)
        mode = 0o777 if executable else 0o666
        copied = links.copy(blob.path, target, blob.stat.st_size, mode=mode, known=known)
        if copied is None or copied.digests.md5 != _hex(blob.digest):
            raise self.damaged(blob.digest)
        return copied

    def manifest(self, digest: str) -> dict[str, str]:
        """The files of the folder `digest`: relative POSIX path -> MD5."""
        path = self.path(digest)
        if _stat(path) is None:
            raise self.missing(digest)
        text = Path(path).read_bytes()
        if manifest.digest(text) != digest:
            raise self.damaged(digest)
        if self._manifest is None or self._manifest[0] != digest:
            self._manifest = digest, manifest.load(text, digest)
        return self._manifest[1]

    def missing(self, digest: str) -> FossmlError:
        """The error to raise where there is no such object."""
        hint = "`dvc fetch` gets it from the remote, a build makes it again"
        return FossmlError(f"the object {digest} is not in the cache", where=shown(self.path(digest)), hint=hint)

    def damaged(self, digest: str) -> FossmlError:
        """The error to raise for an object with the wrong bytes, which is unprotected: so `has` and dvc see it too."""
        with contextlib.suppress(OSError):
            Path(self.path(digest)).chmod(0o644)
        hint = "remove it; then `dvc fetch` gets it from the remote, a build makes it again"
        return FossmlError(f"the cached object {digest} is damaged", where=shown(self.path(digest)), hint=hint)

    def stage(self, source: str, size: int, expected: Digests, kinds: Sequence[str]) -> Staged:
        """Bring the bytes of `source`, about `size`, in under a temporary name, by the first of `kinds` that works."""
        temp = self._temporary()
        try:
            staged = self._bring(source, temp, size, expected, kinds)
            if staged is None or staged.digests.md5 != expected.md5:
                raise FossmlError("this changed while it was being stored", where=shown(source), hint="try again")
        except BaseException:
            durable.remove(Path(temp))
            raise
        return staged

    def take(self, source: str, st: os.stat_result) -> None:
        """Copy a file that was never read into the cache in its first read; all is on disk on return.

        Nothing is done where there are reflinks, or where the file changes meanwhile.
        """
        read_ns = settled(st, self._stats)
        temp = self._temporary()
        try:
            if self._linker.link("reflink", source, temp):
                return
            copied = links.copy(source, temp, st.st_size, protect=True)
            if copied is None or signature(os.lstat(source)) != signature(st):
                return
            self._stats.put(st, copied.digests, read_ns)
            if not self.has(copied.digests.md5, st.st_size):
                self.publish({copied.digests.md5: Staged(temp, copied.digests, "copy")})
        finally:
            durable.remove(Path(temp))

    def stage_small(self, source: str, st: os.stat_result) -> tuple[Digests, Staged | None]:
        """Read a small file, once; its bytes under a temporary name where there is no such object yet."""
        known = self._stats.known(st)
        if known is not None:
            return known, None
        read_ns = self._stats.clock()
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = reading.slurp(fd, st.st_size)
            after = os.fstat(fd)
        finally:
            os.close(fd)
        found = reading.of_bytes(data)
        if signature(after) == signature(st):
            self._stats.put(st, found, read_ns)
        return found, None if self.has(found.md5, len(data)) else self._staged(data, found)

    def reflinks(self, source: str) -> bool:
        """Whether the cache may share the blocks of `source`: then nothing is gained by reading it early."""
        temp = self._temporary()
        try:
            return self._linker.link("reflink", source, temp)
        finally:
            durable.remove(Path(temp))

    def stage_bytes(self, data: bytes) -> Staged:
        """Write `data` into the cache under a temporary name."""
        return self._staged(data, reading.of_bytes(data))

    def _staged(self, data: bytes, digests: Digests) -> Staged:
        temp = self._temporary()
        try:
            links.write_protected(temp, data)
        except BaseException:
            durable.remove(Path(temp))
            raise
        return Staged(temp, digests, "copy")

    def publish(self, staged: Mapping[str, Staged]) -> None:
        """Give staged files their names, folders last, and return when all is on disk."""
        if not staged:
            return
        durable.sync([each.temp for each in staged.values()])
        read_ns = self._stats.clock()
        folders = sorted({self.path(digest).rpartition(os.sep)[0] for digest in staged})
        for folder in folders:
            Path(folder).mkdir(parents=True, exist_ok=True)

        def name(digest: str) -> None:
            path, each = self._at(digest), staged[digest]
            os.replace(each.temp, path)  # noqa: PTH105 - for each of many files, as the next line
            self._stats.put(os.lstat(path), each.digests, read_ns)

        abreast(name, [digest for digest in staged if not digest.endswith(".dir")])
        abreast(name, [digest for digest in staged if digest.endswith(".dir")])
        durable.sync([*folders, self._objects])

    def _stats_of(self, some: Iterable[str]) -> dict[str, os.stat_result | None]:
        """What the system says of each, with all that the stat cache knows of them at hand."""
        found = {digest: _stat(self._at(digest)) for digest in some}
        self._stats.preload(st for st in found.values() if st)
        return found

    def _looks_sound(self, digest: str, st: os.stat_result | None, size: int | None) -> bool:
        if st is None or size not in (None, st.st_size):
            return False
        known = self._stats.known(st)
        if known is None and is_protected(st) and not self._stats.seen(st):
            return True
        return (known or digests(self.path(digest), st, self._stats)).md5 == _hex(digest)

    def _bring(self, source: str, temp: str, size: int, expected: Digests, kinds: Sequence[str]) -> Staged | None:
        """Make `temp` of `source`, read-only; None where the source is not what was expected."""
        for kind in kinds:
            if kind == "hardlink":
                known = digests(source, os.stat(source), self._stats)  # noqa: PTH116
                if self._linker.link(kind, source, temp):
                    links.protect_file(temp)
                    return Staged(temp, known, kind)
            elif kind == "reflink" and self._linker.link(kind, source, temp):
                links.protect_file(temp)
                # read or known after the clone: a change shows
                return Staged(temp, digests(source, os.stat(source), self._stats), kind)  # noqa: PTH116
        copied = links.copy(source, temp, size, known=expected, protect=True)
        return Staged(temp, copied.digests, "copy") if copied else None

    def _temporary(self) -> str:
        if not self._ready:
            Path(self._tmp).mkdir(parents=True, exist_ok=True)
            durable.sweep(Path(self._tmp))
            self._ready = True
        return f"{self._tmp}{os.sep}{durable.temporary_name()}"


def _hex(digest: str) -> str:
    return digest.removesuffix(".dir")


def _stat(path: str) -> os.stat_result | None:
    """What is there, if it is a plain file: an object that is a link or a folder was not made by DVC or fossml."""
    try:
        st = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return st if stat.S_ISREG(st.st_mode) else None
