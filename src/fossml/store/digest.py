"""The digest of a file or folder as DVC computes it, reading only what changed since it was last read."""

from __future__ import annotations

import array
import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from fossml.canon import key
from fossml.errors import FossmlError
from fossml.store import manifest, reading, walk
from fossml.store.abreast import abreast, cores
from fossml.store.paths import shown
from fossml.store.reading import Digests
from fossml.store.statcache import FINE, StatCache, is_racy, signature
from fossml.store.walk import Ignored, nothing_ignored
from fossml.types import Artifact

__all__ = ["Digests", "Measured", "StatCache", "artifact", "digests", "measure"]

Read: TypeAlias = Callable[[str, os.stat_result], Digests]
"""What a file hashes to that the system describes so."""

WORTH_A_TICK = 2**24
"""Bytes from which waiting 30 ms, so that the stat cache can vouch for a new file, is cheaper than reading it again."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An Artifact with its files: of a folder by relative POSIX path, of a file it itself under "".

    `stats` is what the system said of them (through links), `links` which of them are symbolic links.
    """

    artifact: Artifact
    files: Mapping[str, Digests] = field(default_factory=dict)
    stats: Mapping[str, os.stat_result] = field(default_factory=dict)
    links: Set[str] = frozenset()


def artifact(root: Path, path: str, cache: StatCache, ignored: Ignored = nothing_ignored) -> Artifact | None:
    """The file or folder `path` (relative to `root`) with its digest as DVC writes it; None where there is none.

    Its SHA-256 comes with it where it is known: nothing is read for that alone. FossmlError for what cannot be read,
    or can be no input or output: pipes, devices, broken links in a folder.
    """
    measured = _measure(root, path, cache, ignored, None, with_files=False)
    return measured.artifact if measured else None


def measure(
    root: Path, path: str, cache: StatCache, ignored: Ignored = nothing_ignored, read: Read | None = None
) -> Measured | None:
    """As `artifact`, with the files of a folder. Small files of one are read by `read`, where that is given."""
    return _measure(root, path, cache, ignored, read, with_files=True)


def _measure(
    root: Path, path: str, cache: StatCache, ignored: Ignored, read: Read | None, *, with_files: bool
) -> Measured | None:
    target = root / path
    try:
        st = target.stat()
        if stat.S_ISDIR(st.st_mode):
            return _folder(target, path, st, cache, ignored, read, with_files)
        if not stat.S_ISREG(st.st_mode):
            raise FossmlError("this is neither a file nor a folder", where=shown(path))
        found = digests(os.fspath(target), st, cache)
        it = Artifact(path, found.md5, st.st_size, None, bool(st.st_mode & 0o111), found.sha256)
        return Measured(it, {"": found}, {"": st}, frozenset([""] if target.is_symlink() else []))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP) and not target.exists():
            return None
        what = shown(error.filename or path)
        raise FossmlError(f"cannot read {what}: {error.strerror}", where=shown(path)) from error


def digests(path: str, st: os.stat_result, cache: StatCache) -> Digests:
    """What the file hashes to, from `cache` where `st` is known there, else read once."""
    known = cache.known(st)
    if known is not None:
        return known
    read_ns = settled(st, cache)
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = reading.read(fd, st.st_size)
        after = os.fstat(fd)
    finally:
        os.close(fd)
    if signature(after) == signature(st):
        cache.put(st, found, read_ns)
    return found


def settled(st: os.stat_result, cache: StatCache) -> int:
    """The time, after waiting until it can be vouched for a file as big and as new as `st` says."""
    read_ns = cache.clock()
    if st.st_size >= WORTH_A_TICK and st.st_mtime_ns % 1_000_000_000 and is_racy(st.st_mtime_ns, read_ns):
        time.sleep(FINE / 1e9)
        read_ns = cache.clock()
    return read_ns


def _folder(
    folder: Path,
    path: str,
    at: os.stat_result,
    cache: StatCache,
    ignored: Ignored,
    read: Read | None,
    with_files: bool,
) -> Measured:
    """The folder; from what was remembered of all of it where no file's signature changed and no list is wanted."""
    found = walk.files(folder, path, ignored)
    stats = found.stats
    size = sum([st.st_size for st in stats.values()])
    listing = _listing(stats)
    known = None if with_files else cache.known_folder(at, listing)
    if known is not None:
        return Measured(Artifact(path, known.md5, size, len(stats), sha256=known.sha256))
    cache.preload(stats.values())
    files = dict(_hashes(os.fspath(folder), stats, cache, read))
    whole = Digests(manifest.digest(manifest.dump({name: found.md5 for name, found in files.items()})), _sha256(files))
    if all(cache.known(st) is not None for st in stats.values()):
        cache.put_folder(at, listing, whole)
    return Measured(Artifact(path, whole.md5, size, len(files), sha256=whole.sha256), files, stats, found.links)


def _listing(stats: Mapping[str, os.stat_result]) -> bytes:
    """A hash of the names and signatures of a folder's files in the order in which the system lists them."""
    numbers = array.array("q")
    for st in stats.values():
        numbers.extend(signature(st))
    names = "\0".join(stats).encode("utf-8", "surrogatepass")
    return hashlib.sha256(b"%d\0%b\0%b" % (len(names), names, numbers.tobytes())).digest()


def _sha256(files: Mapping[str, Digests]) -> str | None:
    """The SHA-256 of a folder: of the canonical JSON of its sorted [path, SHA-256] pairs; None where one is unknown."""
    if any(found.sha256 is None for found in files.values()):
        return None
    return key([[name, files[name].sha256] for name in sorted(files)])


def _hashes(
    folder: str, stats: Mapping[str, os.stat_result], cache: StatCache, read: Read | None
) -> Iterator[tuple[str, Digests]]:
    def one(name: str) -> tuple[str, Digests]:
        return name, digests(f"{folder}{os.sep}{name}", stats[name], cache)

    def small(name: str) -> tuple[str, Digests]:
        return (name, read(f"{folder}{os.sep}{name}", stats[name])) if read else one(name)

    big = [name for name, st in stats.items() if st.st_size >= reading.BIG]
    apart = set(big)
    yield from abreast(small, [name for name in stats if name not in apart])
    workers = min(len(big), cores())
    if workers < 2:
        yield from map(one, big)
        return
    from concurrent.futures import ThreadPoolExecutor  # loads logging: where there is much to read only

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, big)
