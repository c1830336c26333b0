"""Files and folders of the workspace into DVC's cache and back, tied to it by the configured kind of link."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fossml.errors import FossmlError
from fossml.store import durable, manifest
from fossml.store.blobs import Blobs
from fossml.store.digest import Measured, StatCache, measure
from fossml.store.ignore import gitignore
from fossml.store.links import Linker, check_kinds, copy
from fossml.store.paths import TEMPORARY, check_target
from fossml.store.statcache import FINE
from fossml.store.walk import Ignored, files, left_out, nothing_ignored
from fossml.types import Artifact

__all__ = ["Objects", "gitignore"]

_WORTH_A_TICK = 2**24
"""Bytes from which waiting 30 ms, so that the stat cache can vouch for a new file, is cheaper than reading it again."""


class Objects:
    """The cache `folder` of a repository; `links` as DVC's `cache.type`: kinds of link, in the order to try.

    `root` is the repository: `folder`/../.. where that is a `.dvc/cache`, else it must be given. Nothing outside it is
    ever written but the cache. Pass the StatCache that `artifact` was given, so that nothing is read twice, and the
    same `ignored`. Safe for several processes at once.
    """

    def __init__(
        self,
        folder: Path,
        links: Iterable[str] = ("reflink", "copy"),
        *,
        root: Path | None = None,
        stats: StatCache | None = None,
        ignored: Ignored = nothing_ignored,
    ) -> None:
        self._root = root or _root_of(folder)
        self._links = check_kinds(links)
        self._stats = stats or StatCache(None)
        self._blobs = Blobs(folder, self._stats)
        self._linker = Linker()
        self._ignored = ignored
        self._swept: set[Path] = set()

    def has(self, a: Artifact) -> bool:
        """Whether all of `a` is in the cache and looks sound: sizes, modes, and what the stat cache knows."""
        if not a.digest.endswith(".dir"):
            return self._blobs.has(a.digest, a.size)
        if not self._blobs.has(a.digest):
            return False
        try:
            files = self._blobs.manifest(a.digest)
        except FossmlError:
            return False
        return all(self._blobs.has(digest) for digest in set(files.values()))

    def add(self, source: Path, a: Artifact, *, linked: bool = True) -> None:
        """Bring the file or folder `source` into the cache, and tie it to its objects where it is to be `linked`.

        What is there already stays; a damaged object is replaced. All is on disk on return. FossmlError where
        `source` is no longer what `a` says, leaves the repository, or cannot be read or stored.
        """
        check_target(self._root, source)
        with _told(source):
            measured = measure(self._root, os.path.relpath(source, self._root), self._stats, self._ignored)
            if measured is None or measured.artifact.digest != a.digest:
                raise FossmlError("this changed while it was being stored", where=str(source), hint="try again")
            paths = {source / name: digest for name, digest in measured.files.items()}
            files = paths if a.digest.endswith(".dir") else {source: a.digest}
            self._store(files, measured, linked)
            for path, digest in files.items() if linked else ():
                self._tie(path, digest)

    def checkout(self, a: Artifact, target: Path, *, linked: bool = True) -> None:
        """Make `target` what `a` says, from the cache. What stood there is replaced once the new is whole.

        It is a copy where it is not to be `linked`. Of a folder that is replaced, ignored files are kept. FossmlError
        where an object is missing or damaged (it is named) or `target` would leave the repository; `target` is then as
        it was.
        """
        check_target(self._root, target)
        with _told(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(target.parent)
            temp = durable.temporary(target.parent)
            try:
                files = self._fill(a, temp, linked)
                self._replace(a, temp, target, files)
            finally:
                durable.remove(temp)

    def release(self, target: Path) -> None:
        """Make what lies at `target` writable files of their own: a command will change them in place."""
        check_target(self._root, target)
        with _told(target):
            path = os.path.relpath(target, self._root)
            inner = [target / name for name in files(target, path, self._ignored)] if target.is_dir() else [target]
            for file in inner if target.exists() else ():
                self._release(file)

    def _release(self, path: Path) -> None:
        st = path.lstat()
        if stat.S_ISREG(st.st_mode) and st.st_nlink == 1 and st.st_mode & 0o200:
            return
        temp = durable.temporary(path.parent)
        try:
            copy(path, temp, executable=bool(path.stat().st_mode & 0o111))
            temp.replace(path)
        finally:
            durable.remove(temp)

    def _store(self, files: Mapping[Path, str], measured: Measured, linked: bool) -> None:
        wanted = {digest: path for path, digest in files.items()}
        staged: dict[str, Path] = {}
        try:
            for digest, path in wanted.items():
                st = path.stat()
                if not self._blobs.has(digest, st.st_size):
                    ways = self._ways_in(path, st) if linked else ("reflink",)
                    staged[digest] = self._blobs.stage(path, digest, ways)
            folder = measured.artifact.digest
            if folder.endswith(".dir") and not self._blobs.has(folder):
                staged[folder] = self._blobs.stage_bytes(manifest.dump(measured.files))
            self._blobs.publish(staged)
        finally:
            for temp in staged.values():
                durable.remove(temp)

    def _ways_in(self, path: Path, st: os.stat_result) -> tuple[str, ...]:
        """As DVC: a hard link into the cache where hard links are asked for.

        Not for a file with other names, or an executable one: the object's mode would become theirs.
        """
        alone = st.st_nlink == 1 and not path.is_symlink() and not st.st_mode & 0o111
        return ("reflink", "hardlink") if self._links[0] == "hardlink" and alone else ("reflink",)

    def _tie(self, path: Path, digest: str) -> None:
        """Replace `path`, whose bytes are those of the object, by the first kind of link that works, if it is none."""
        executable = bool(path.stat().st_mode & 0o111)
        for kind in self._kinds(executable):
            if _is_tied(path, self._blobs.path(digest), kind):
                return
            temp = durable.temporary(path.parent)
            try:
                if self._place(kind, digest, temp, executable):
                    temp.replace(path)
                    return
            finally:
                durable.remove(temp)
        raise self._no_link(path)

    def _kinds(self, executable: bool, linked: bool = True) -> tuple[str, ...]:
        """An executable file is a copy: its mode must not become the object's."""
        return self._links if linked and not executable else ("copy",)

    def _place(self, kind: str, digest: str, target: Path, executable: bool) -> bool:
        """Make the new file `target` from a sound object; False where this kind of link cannot be."""
        if kind == "copy":
            self._blobs.copy(digest, target, executable=executable)
            return True
        read_ns = self._stats.clock()
        done = self._linker.link(kind, self._blobs.checked(digest), target)
        if done and kind == "hardlink":
            self._stats.put(target.stat(), digest, read_ns)
        return done

    def _fill(self, a: Artifact, temp: Path, linked: bool) -> dict[str, str]:
        """Make `temp` what `a` says; its files: path relative to `temp` ("" for itself) -> MD5."""
        if not a.digest.endswith(".dir"):
            self._make(a.digest, temp, self._kinds(a.isexec, linked), a.isexec)
            return {"": a.digest}
        files = self._blobs.manifest(a.digest)
        temp.mkdir()
        for folder in sorted({Path(name).parent for name in files}):
            (temp / folder).mkdir(parents=True, exist_ok=True)
        for name, digest in files.items():
            self._make(digest, temp / name, self._kinds(False, linked))
        return files

    def _make(self, digest: str, target: Path, kinds: Iterable[str], executable: bool = False) -> None:
        if not any(self._place(kind, digest, target, executable) for kind in kinds):
            raise self._no_link(target)

    def _replace(self, a: Artifact, temp: Path, target: Path, files: Mapping[str, str]) -> None:
        """Put `temp` in place, keep what is ignored of what it replaces, and remember what the files are."""
        if a.size >= _WORTH_A_TICK:
            time.sleep(FINE / 1e9)
        read_ns = self._stats.clock()
        durable.swap_in(temp, target)
        if temp.is_dir() and not temp.is_symlink() and target.is_dir():
            self._keep_ignored(temp, target)
        for name, digest in files.items():
            self._stats.put((target / name).stat(), digest, read_ns)

    def _keep_ignored(self, old: Path, new: Path) -> None:
        path = Path(os.path.relpath(new, self._root)).as_posix()
        for name in left_out(old, path, self._ignored):
            if not os.path.lexists(new / name) and not Path(name).name.startswith(TEMPORARY):
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                (old / name).rename(new / name)

    def _sweep(self, folder: Path) -> None:
        if folder not in self._swept:
            durable.sweep(folder)
            self._swept.add(folder)

    def _no_link(self, path: Path) -> FossmlError:
        message = f"the file system has none of these kinds of link: {', '.join(self._links)}"
        return FossmlError(message, where=str(path), hint="`dvc config cache.type copy`")


def _root_of(folder: Path) -> Path:
    if folder.absolute().parts[-2:] != (".dvc", "cache"):
        raise FossmlError("the repository of this cache is not known", where=str(folder))
    return folder.absolute().parent.parent


def _is_tied(path: Path, blob: Path, kind: str) -> bool:
    """Whether `path` is such a link to `blob` already; a file of its own is as good as a reflink or a copy."""
    st = path.lstat()
    if kind == "symlink":
        return stat.S_ISLNK(st.st_mode) and path.readlink() == blob
    same = os.path.samestat(st, blob.stat())
    return same if kind == "hardlink" else stat.S_ISREG(st.st_mode) and not same


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the system as a FossmlError."""
    try:
        yield
    except OSError as error:
        what = error.filename if error.filename is not None else path
        raise FossmlError(f"{error.strerror or error}: {what}", where=str(path)) from error
