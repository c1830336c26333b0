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
from fossml.store.digest import Digests, digests
from fossml.store.links import Copied
from fossml.store.paths import check_digest
from fossml.store.statcache import StatCache, is_protected


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
        check_digest(digest)
        return f"{self._objects}{os.sep}{digest[:2]}{os.sep}{digest[2:]}"

    def has(self, digest: str, size: int | None = None) -> bool:
        """Whether a sound object is there, as far as can be known without reading one that looks untouched.

        `size` in bytes where it is known. Like DVC this trusts the mode 0444 of an object it has never read.
        """
        return self._looks_sound(digest, _stat(self.path(digest)), size)

    def has_all(self, some: Iterable[str]) -> bool:
        """Whether `has` is true of each, at the price of one question to the stat cache."""
        found = {digest: _stat(self.path(digest)) for digest in some}
        self._stats.preload(st for st in found.values() if st)
        return all(self._looks_sound(digest, st, None) for digest, st in found.items())

    def preload(self, some: Iterable[str]) -> None:
        """Ask the stat cache of all these objects at once."""
        self._stats.preload(st for digest in some if (st := _stat(self.path(digest))))

    def checked(self, digest: str) -> tuple[str, os.stat_result]:
        """The path of the object, whose bytes are known to be right; FossmlError where it is missing or damaged."""
        path = self.path(digest)
        st = _stat(path)
        if st is None:
            raise self.missing(digest)
        if digests(path, st, self._stats).md5 != _hex(digest):
            raise self.damaged(digest)
        return path, st

    def copy(self, digest: str, target: str, *, executable: bool) -> Copied:
        """Copy the object to the new file `target`, checking its bytes in the same read."""
        path = self.path(digest)
        st = _stat(path)
        if st is None:
            raise self.missing(digest)
        known = self._stats.known(st)
        if known is not None and known.md5 != _hex(digest):
            raise self.damaged(digest)
        copied = links.copy(path, target, mode=0o777 if executable else 0o666, known=known)
        if copied is None or copied.digests.md5 != _hex(digest):
            raise self.damaged(digest)
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
        return FossmlError(f"the object {digest} is not in the cache", where=self.path(digest), hint=hint)

    def damaged(self, digest: str) -> FossmlError:
        """The error to raise for an object with the wrong bytes, which is unprotected: so `has` and dvc see it too."""
        with contextlib.suppress(OSError):
            Path(self.path(digest)).chmod(0o644)
        hint = "remove it; then `dvc fetch` gets it from the remote, a build makes it again"
        return FossmlError(f"the cached object {digest} is damaged", where=self.path(digest), hint=hint)

    def stage(self, source: str, expected: Digests, kinds: Sequence[str]) -> Staged:
        """Bring the bytes of `source` into the cache under a temporary name, by the first of `kinds` that works."""
        temp = self._temporary()
        try:
            staged = self._bring(source, temp, expected, kinds)
            if staged is None or staged.digests.md5 != expected.md5:
                raise FossmlError("this changed while it was being stored", where=source, hint="try again")
        except BaseException:
            durable.remove(Path(temp))
            raise
        return staged

    def stage_bytes(self, data: bytes) -> Staged:
        """Write `data` into the cache under a temporary name."""
        temp = self._temporary()
        try:
            Path(temp).write_bytes(data)
            links.protect_file(temp)
        except BaseException:
            durable.remove(Path(temp))
            raise
        return Staged(temp, reading.of_bytes(data), "copy")

    def publish(self, staged: Mapping[str, Staged]) -> None:
        """Give staged files their names, in this order, and return when all is on disk."""
        if not staged:
            return
        durable.sync([each.temp for each in staged.values()])
        read_ns = self._stats.clock()
        folders = sorted({self.path(digest).rpartition(os.sep)[0] for digest in staged})
        for folder in folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
        for digest, each in staged.items():
            path = self.path(digest)
            os.replace(each.temp, path)  # noqa: PTH105 - for each of many files, as the next line
            self._stats.put(os.lstat(path), each.digests, read_ns)
        durable.sync([*folders, self._objects])

    def _looks_sound(self, digest: str, st: os.stat_result | None, size: int | None) -> bool:
        if st is None or size not in (None, st.st_size):
            return False
        known = self._stats.known(st)
        if known is None and is_protected(st) and not self._stats.seen(st):
            return True
        return (known or digests(self.path(digest), st, self._stats)).md5 == _hex(digest)

    def _bring(self, source: str, temp: str, expected: Digests, kinds: Sequence[str]) -> Staged | None:
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
        copied = links.copy(source, temp, known=expected, protect=True)
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
