"""The digest of a file or folder as DVC computes it, reading only what changed since it was last read."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.store import manifest, walk
from fossml.store.statcache import StatCache, signature
from fossml.store.walk import Ignored, nothing_ignored
from fossml.types import Artifact

__all__ = ["Measured", "StatCache", "artifact", "md5", "measure"]

_BIG = 2**20
"""Bytes from which a thread of its own pays: hashing lets go of the interpreter, opening files does not."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An Artifact with, for a folder, the files it has: relative POSIX path -> MD5. Empty for a file."""

    artifact: Artifact
    files: dict[str, str]


def artifact(root: Path, path: str, cache: StatCache, ignored: Ignored = nothing_ignored) -> Artifact | None:
    """The file or folder `path` (relative to `root`) with its digest as DVC writes it; None where there is none.

    FossmlError for what cannot be read, or can be no input or output: pipes, devices, broken links in a folder.
    """
    measured = measure(root, path, cache, ignored)
    return measured.artifact if measured else None


def measure(root: Path, path: str, cache: StatCache, ignored: Ignored = nothing_ignored) -> Measured | None:
    """As `artifact`, with the files of a folder."""
    target = root / path
    try:
        st = target.stat()
        if stat.S_ISDIR(st.st_mode):
            return _folder(target, path, cache, ignored)
        if not stat.S_ISREG(st.st_mode):
            raise FossmlError("this is neither a file nor a folder", where=path)
        return Measured(Artifact(path, md5(target, st, cache), st.st_size, isexec=bool(st.st_mode & 0o111)), {})
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP) and not target.exists():
            return None
        raise FossmlError(f"cannot read {error.filename or path}: {error.strerror}", where=path) from error


def md5(path: Path, st: os.stat_result, cache: StatCache) -> str:
    """The MD5 of the file, from `cache` where `st` is known there."""
    known = cache.get(st)
    if known is not None:
        return known
    read_ns = cache.clock()
    with path.open("rb", buffering=0) as file:
        digest = hashlib.file_digest(file, _new).hexdigest()
        after = os.fstat(file.fileno())
    if signature(after) == signature(st):
        cache.put(st, digest, read_ns)
    return digest


def _new() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _folder(folder: Path, path: str, cache: StatCache, ignored: Ignored) -> Measured:
    names = walk.files(folder, path, ignored)
    stats = {name: (folder / name).stat() for name in names}
    files = dict(_hashes(folder, stats, cache))
    size = sum(st.st_size for st in stats.values())
    return Measured(Artifact(path, manifest.digest(manifest.dump(files)), size, nfiles=len(files)), files)


def _hashes(folder: Path, stats: dict[str, os.stat_result], cache: StatCache) -> Iterator[tuple[str, str]]:
    def one(name: str) -> tuple[str, str]:
        return name, md5(folder / name, stats[name], cache)

    big = [name for name, st in stats.items() if st.st_size >= _BIG]
    workers = min(len(big), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if workers < 2:
        yield from map(one, stats)
        return
    yield from map(one, _without(stats, set(big)))
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, big)


def _without(names: Iterable[str], others: set[str]) -> Iterator[str]:
    return (name for name in names if name not in others)
