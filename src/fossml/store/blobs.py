"""Single objects by digest in DVC's cache layout: written once, read-only, checked before they are used."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from fossml.errors import FossmlError
from fossml.store import durable, links, manifest
from fossml.store.digest import md5
from fossml.store.paths import check_digest
from fossml.store.statcache import StatCache

_PROTECTED = 0o444


class Blobs:
    """The objects below `folder`/files/md5, each one file. `stats` saves reading those it knows.

    Sync policy: `publish` returns when the bytes and then the names are on disk, so that a record written afterwards
    never names an object that a power cut took. Staged files have temporary names in `folder`/tmp; what a killed
    process left there is removed after a day.
    """

    def __init__(self, folder: Path, stats: StatCache) -> None:
        self._folder = folder.absolute()
        self._objects = os.fspath(self._folder / "files" / "md5")
        self._stats = stats
        self._linker = links.Linker()
        self._swept = False

    def path(self, digest: str) -> Path:
        """Where the object is or would be."""
        check_digest(digest)
        return Path(f"{self._objects}{os.sep}{digest[:2]}{os.sep}{digest[2:]}")

    def has(self, digest: str, size: int | None = None) -> bool:
        """Whether a sound object is there, as far as can be known without reading one that looks untouched.

        `size` in bytes where it is known. Like DVC this trusts the mode 0444 of an object it has never read.
        """
        st = _stat(self.path(digest))
        if st is None or size not in (None, st.st_size):
            return False
        known = self._stats.get(st)
        if known is None and stat.S_IMODE(st.st_mode) == _PROTECTED and not self._stats.seen(st):
            return True
        return (known or md5(self.path(digest), st, self._stats)) == _hex(digest)

    def checked(self, digest: str) -> Path:
        """The path of the object, whose bytes are known to be right; FossmlError where it is missing or damaged."""
        path = self.path(digest)
        st = _stat(path)
        if st is None:
            raise self.missing(digest)
        if md5(path, st, self._stats) != _hex(digest):
            raise self.damaged(digest)
        return path

    def copy(self, digest: str, target: Path, *, executable: bool) -> None:
        """Copy the object to the new file `target`, checking its bytes in the same read."""
        if _stat(self.path(digest)) is None:
            raise self.missing(digest)
        if links.copy(self.path(digest), target, executable=executable) != _hex(digest):
            raise self.damaged(digest)

    def manifest(self, digest: str) -> dict[str, str]:
        """The files of the folder `digest`: relative POSIX path -> MD5."""
        path = self.path(digest)
        if _stat(path) is None:
            raise self.missing(digest)
        text = path.read_bytes()
        if manifest.digest(text) != digest:
            raise self.damaged(digest)
        return manifest.load(text, digest)

    def missing(self, digest: str) -> FossmlError:
        """The error to raise where there is no such object."""
        hint = "`dvc fetch` gets it from the remote, a build makes it again"
        return FossmlError(f"the object {digest} is not in the cache", where=str(self.path(digest)), hint=hint)

    def damaged(self, digest: str) -> FossmlError:
        """The error to raise for an object with the wrong bytes, which is unprotected: so `has` and dvc see it too."""
        with contextlib.suppress(OSError):
            self.path(digest).chmod(0o644)
        hint = "remove it; then `dvc fetch` gets it from the remote, a build makes it again"
        return FossmlError(f"the cached object {digest} is damaged", where=str(self.path(digest)), hint=hint)

    def stage(self, source: Path, digest: str, kinds: Sequence[str]) -> Path:
        """Bring the bytes of `source` into the cache under a temporary name, by the first of `kinds` that works."""
        temp = self._temporary()
        try:
            if self._bring(source, temp, kinds) != digest:
                raise FossmlError("this changed while it was being stored", where=str(source), hint="try again")
            _protect(temp)
        except BaseException:
            durable.remove(temp)
            raise
        return temp

    def stage_bytes(self, data: bytes) -> Path:
        """Write `data` into the cache under a temporary name."""
        temp = self._temporary()
        temp.write_bytes(data)
        _protect(temp)
        return temp

    def publish(self, staged: Mapping[str, Path]) -> None:
        """Give staged files their names, in this order, and return when all is on disk."""
        if not staged:
            return
        durable.sync(staged.values())
        read_ns = self._stats.clock()
        folders = sorted({self.path(digest).parent for digest in staged})
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for digest, temp in staged.items():
            path = self.path(digest)
            temp.replace(path)
            self._stats.put(path.stat(), _hex(digest), read_ns)
        durable.sync([*folders, folders[0].parent])

    def _bring(self, source: Path, temp: Path, kinds: Sequence[str]) -> str:
        """Make `temp` of `source`; the MD5 of what was brought."""
        for kind in kinds:
            if kind == "hardlink":
                known = md5(source, source.stat(), self._stats)
                if self._linker.link(kind, source, temp):
                    return known
            elif kind == "reflink" and self._linker.link(kind, source, temp):
                return md5(source, source.stat(), self._stats)  # read or known after the clone: a change shows
        return links.copy(source, temp)

    def _temporary(self) -> Path:
        folder = self._folder / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        if not self._swept:
            durable.sweep(folder)
            self._swept = True
        return durable.temporary(folder)


def _hex(digest: str) -> str:
    return digest.removesuffix(".dir")


def _stat(path: Path) -> os.stat_result | None:
    """What is there, if it is a plain file: an object that is a link or a folder was not made by DVC or fossml."""
    try:
        st = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return st if stat.S_ISREG(st.st_mode) else None


def _protect(path: Path) -> None:
    """Make the object read-only. Some network file systems have no modes; DVC does without there as well."""
    with contextlib.suppress(OSError):
        path.chmod(_PROTECTED)
