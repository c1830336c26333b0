"""Files and folders of the workspace into DVC's cache and back, tied to it by the configured kind of link."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fossml.errors import FossmlError
from fossml.store import durable, manifest
from fossml.store.abreast import abreast
from fossml.store.blobs import Blob, Blobs, Staged
from fossml.store.digest import WORTH_A_TICK, Digests, Measured, StatCache, measure
from fossml.store.ignore import gitignore
from fossml.store.links import Copied, Linker, check_kinds, copy
from fossml.store.paths import TEMPORARY, check_target, shown
from fossml.store.statcache import FINE
from fossml.store.walk import Ignored, files, left_out, nothing_ignored
from fossml.types import Artifact

__all__ = ["Objects", "gitignore"]

_AT_ONCE = 2000
_MANY = 256
"""Files of a folder from which reading them a second time costs more than it takes to see that they are new."""


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
        self._taken: dict[Path, Measured] = {}

    def has(self, a: Artifact, *, each: bool = True) -> bool:
        """Whether all of `a` is in the cache and looks sound: sizes, modes, and what the stat cache knows.

        Not `each`: the files of a folder are not looked at, which `checkout` does in any case.
        """
        if not a.digest.endswith(".dir"):
            return self._blobs.has(a.digest, a.size)
        if not self._blobs.has(a.digest):
            return False
        try:
            files = self._blobs.manifest(a.digest)
        except FossmlError:
            return False
        return not each or self._blobs.has_all(set(files.values()))

    def take(self, source: Path) -> Artifact | None:
        """Copy a big new file, or the small files of a folder of many, into the cache in their first read.

        `artifact` and `add` then find them known and stored, which saves them a read each; they do the rest and report
        what is wrong. What the folder was then is the answer. Nothing is done where `add` would link instead of
        copying, or anything stands in the way.
        """
        check_target(self._root, source)
        self._taken.pop(source, None)
        with contextlib.suppress(OSError, FossmlError):
            st = os.lstat(source)
            if stat.S_ISDIR(st.st_mode):
                return self._take_folder(source)
            part = _Part(os.fspath(source), Digests(""), st, stat.S_ISLNK(st.st_mode))
            is_big = stat.S_ISREG(st.st_mode) and st.st_size >= WORTH_A_TICK
            if is_big and "hardlink" not in self._ways_in(part) and self._stats.known(st) is None:
                self._blobs.take(part.path, st)
        return None

    def _take_folder(self, source: Path) -> Artifact | None:
        some = _first_files(source, _MANY)
        if self._links[0] not in ("reflink", "copy") or len(some) < _MANY or self._blobs.reflinks(some[0]):
            return None
        staged: dict[str, Staged] = {}
        twice: list[Staged] = []

        def read(path: str, st: os.stat_result) -> Digests:
            found, new = self._blobs.stage_small(path, st)
            if new is not None and staged.setdefault(found.md5, new) is not new:
                twice.append(new)
            return found

        try:
            measured = measure(self._root, os.path.relpath(source, self._root), self._stats, self._ignored, read)
            self._blobs.publish(staged)
        except BaseException:
            twice += staged.values()
            raise
        finally:
            for each in twice:
                durable.remove(Path(each.temp))
        if measured is None:
            return None
        self._taken[source] = measured
        return measured.artifact

    def add(self, source: Path, a: Artifact, *, linked: bool = True) -> None:
        """Bring the file or folder `source` into the cache, and tie it to its objects where it is to be `linked`.

        What is there already stays; a damaged object is replaced. All is on disk on return. FossmlError where
        `source` is no longer what `a` says, leaves the repository, or cannot be read or stored.
        """
        check_target(self._root, source)
        with _told(source):
            measured = self._taken.pop(source, None)
            if measured is None or measured.artifact.digest != a.digest:
                measured = measure(self._root, os.path.relpath(source, self._root), self._stats, self._ignored)
            if measured is None or measured.artifact.digest != a.digest:
                raise FossmlError("this changed while it was being stored", where=shown(source), hint="try again")
            files = _parts(source, measured)
            staged = self._store(files, measured, linked)
            linked_in = "hardlink" if self._links[0] == "hardlink" else None
            if linked:
                abreast(self._tie, [part for part in files if staged.get(part.path, "") != linked_in])

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
                copies = self._fill(a, os.fspath(temp), linked)
                self._replace(a, temp, target, copies)
            finally:
                durable.remove(temp)

    def release(self, target: Path) -> None:
        """Make what lies at `target` writable files of their own: a command will change them in place."""
        check_target(self._root, target)
        with _told(target):
            path = os.path.relpath(target, self._root)
            inner = (
                [target / name for name in files(target, path, self._ignored).stats] if target.is_dir() else [target]
            )
            for file in inner if target.exists() else ():
                self._release(file)

    def _release(self, path: Path) -> None:
        st = path.lstat()
        if stat.S_ISREG(st.st_mode) and st.st_nlink == 1 and st.st_mode & 0o200:
            return
        temp = durable.temporary(path.parent)
        try:
            real = path.stat()
            mode = 0o777 if real.st_mode & 0o111 else 0o666
            copy(os.fspath(path), os.fspath(temp), real.st_size, mode=mode)
            temp.replace(path)
        finally:
            durable.remove(temp)

    def _store(self, files: Iterable[_Part], measured: Measured, linked: bool) -> Mapping[str, str]:
        """Bring into the cache what it does not have; how each of the files that it took was brought, by path."""
        wanted = {part.digests.md5: part for part in files}
        staged: dict[str, Staged] = {}
        try:

            def stage(digest: str) -> None:
                part = wanted[digest]
                ways = self._ways_in(part) if linked else ("reflink",)
                staged[digest] = self._blobs.stage(part.path, part.stat.st_size, part.digests, ways)

            abreast(stage, self._blobs.lacking({digest: part.stat.st_size for digest, part in wanted.items()}))
            folder = measured.artifact.digest
            if folder.endswith(".dir") and not self._blobs.has(folder):
                staged[folder] = self._blobs.stage_bytes(manifest.dump({p: d.md5 for p, d in measured.files.items()}))
            self._blobs.publish(staged)
        except BaseException:
            for each in staged.values():
                durable.remove(Path(each.temp))
            raise
        return {wanted[digest].path: each.kind for digest, each in staged.items() if digest in wanted}

    def _ways_in(self, part: _Part) -> tuple[str, ...]:
        """As DVC: a hard link into the cache where the file will be a link to it.

        Not for a file with other names, or an executable one: the object's mode would become theirs.
        """
        will_be = self._links[0] in ("hardlink", "symlink")
        return ("reflink", "hardlink") if will_be and part.is_alone and not part.executable else ("reflink",)

    def _tie(self, part: _Part) -> None:
        """Replace the file, whose bytes are the object's, by the first kind of link that works, if it is none."""
        for kind in self._kinds(part.executable):
            if kind in ("reflink", "copy") and part.is_alone:
                return
            [blob] = self._blobs.find([part.digests.md5])
            if _is_tied(part.path, blob, kind):
                return
            temp = f"{part.path.rpartition(os.sep)[0]}{os.sep}{durable.temporary_name()}"
            try:
                if self._place(kind, blob, temp, part.executable) is not None:
                    os.replace(temp, part.path)  # noqa: PTH105 - for each of many files
                    return
            except BaseException:
                durable.remove(Path(temp))
                raise
        raise self._no_link(part.path)

    def _kinds(self, executable: bool, linked: bool = True) -> tuple[str, ...]:
        """An executable file is a copy: its mode must not become the object's."""
        return self._links if linked and not executable else ("copy",)

    def _place(self, kind: str, blob: Blob, target: str, executable: bool) -> Copied | bool | None:
        """Make the new file `target` from a sound object; None where this kind of link cannot be."""
        if kind == "copy":
            return self._blobs.copy(blob, target, executable=executable)
        if self._linker.refuses(kind, blob.path, target):
            return None
        read_ns = self._stats.clock()
        known = self._blobs.check(blob)
        if not self._linker.link(kind, blob.path, target):
            return None
        if kind == "hardlink" and blob.stat.st_nlink == 1:  # from its second name on it has another signature
            self._stats.put(blob.stat, known, read_ns, linked=True)
        return True

    def _fill(self, a: Artifact, temp: str, linked: bool) -> dict[str, Copied]:
        """Make `temp` what `a` says; its files that are copies: path relative to `temp`, "" for itself."""
        if not a.digest.endswith(".dir"):
            return self._make({"": a.digest}, lambda _: temp, self._kinds(a.isexec, linked), a.isexec)
        files = self._blobs.manifest(a.digest)
        Path(temp).mkdir()
        for folder in sorted({name.rpartition("/")[0] for name in files}):
            Path(temp, folder).mkdir(parents=True, exist_ok=True)
        return self._make(files, lambda name: f"{temp}{os.sep}{name}", self._kinds(False, linked))

    def _make(
        self, files: Mapping[str, str], place: Callable[[str], str], kinds: Sequence[str], executable: bool = False
    ) -> dict[str, Copied]:
        """Make each file; a few hundred at a time, so that what the system said of an object is fresh when used."""
        copies: dict[str, Copied] = {}
        names = list(files)
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            blobs = {blob.digest: blob for blob in self._blobs.find({files[name] for name in some})}

            def make(name: str, blobs: Mapping[str, Blob] = blobs) -> Copied | bool:
                return self._first(kinds, blobs[files[name]], place(name), executable)

            made = zip(some, abreast(make, some), strict=True)
            copies.update((name, copied) for name, copied in made if isinstance(copied, Copied))
        return copies

    def _first(self, kinds: Sequence[str], blob: Blob, target: str, executable: bool) -> Copied | bool:
        for kind in kinds:
            made = self._place(kind, blob, target, executable)
            if made is not None:
                return made
        raise self._no_link(target)

    def _replace(self, a: Artifact, temp: Path, target: Path, copies: Mapping[str, Copied]) -> None:
        """Put `temp` in place, keep what is ignored of what it replaces, and remember what the copies are."""
        if a.size >= WORTH_A_TICK and copies:
            time.sleep(FINE / 1e9)
        read_ns = self._stats.clock()
        durable.swap_in(temp, target)
        if temp.is_dir() and not temp.is_symlink() and target.is_dir():
            self._keep_ignored(temp, target)
        for name, copied in copies.items():
            st = copied.stat if name else target.stat()  # renaming a file changes its ctime
            self._stats.put(st, copied.digests, read_ns)

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

    def _no_link(self, path: str) -> FossmlError:
        message = f"the file system has none of these kinds of link: {', '.join(self._links)}"
        return FossmlError(message, where=shown(path), hint="`dvc config cache.type copy`")


def _root_of(folder: Path) -> Path:
    if folder.absolute().parts[-2:] != (".dvc", "cache"):
        raise FossmlError("the repository of this cache is not known", where=shown(folder))
    return folder.absolute().parent.parent


def _first_files(folder: Path, most: int) -> list[str]:
    """Files below `folder`, `most` of them at most."""
    places = (f"{home}{os.sep}{name}" for home, _, names in os.walk(folder) for name in names)
    return list(islice(places, most))


@dataclass(frozen=True, slots=True)
class _Part:
    """One file to store: where it lies, what it hashes to, and what the system said of it when it was measured."""

    path: str
    digests: Digests
    stat: os.stat_result
    is_link: bool

    @property
    def executable(self) -> bool:
        return bool(self.stat.st_mode & 0o111)

    @property
    def is_alone(self) -> bool:
        """Whether it is a file of its own, with no other name."""
        return not self.is_link and self.stat.st_nlink == 1


def _parts(source: Path, measured: Measured) -> list[_Part]:
    """The file itself, or all of the folder."""
    return [
        _Part(
            f"{source}{os.sep}{name}" if name else os.fspath(source),
            digests,
            measured.stats[name],
            name in measured.links,
        )
        for name, digests in measured.files.items()
    ]


def _is_tied(path: str, blob: Blob, kind: str) -> bool:
    """Whether `path` is such a link to `blob` already; a file of its own is as good as a reflink or a copy."""
    st = os.lstat(path)
    if kind == "symlink":
        return stat.S_ISLNK(st.st_mode) and os.readlink(path) == blob.path  # noqa: PTH115 - names are strings here
    same = os.path.samestat(st, blob.stat)
    return same if kind == "hardlink" else stat.S_ISREG(st.st_mode) and not same


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the system as a FossmlError."""
    try:
        yield
    except OSError as error:
        what = error.filename if error.filename is not None else path
        raise FossmlError(f"{error.strerror or error}: {shown(what)}", where=shown(path)) from error
