"""The one place where the world becomes a value: a repository on disk -> Facts."""

from __future__ import annotations

import contextlib
import gc
import os
import posixpath
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fossml.errors import FossmlError
from fossml.facts.declared import Declared, declared, included, may_declare
from fossml.facts.files import Listing, exists, list_files
from fossml.facts.model import Document, Facts
from fossml.facts.scancache import ScanCache, cache_folder
from fossml.facts.verification import RECORD, read_verification
from fossml.scan import Budget, FileScan, scan_stream
from fossml.scan.text import decode
from fossml.store.digest import StatCache, artifact
from fossml.types import Artifact, Evidence, Run, Stage

if TYPE_CHECKING:
    from fossml.project.dvc import LockEntry

__all__ = ["Document", "Facts", "gather"]

_MAX_DOCUMENT = 2**20
_MAX_DIGEST = 20 * 2**20
_README = re.compile(r"^(\.github/|docs/)?readme(\.(md|rst|txt|markdown|org))?$", re.I)
_LICENCE = re.compile(r"^(licen[cs]e|copying|unlicense)([.-][\w.-]+)?$", re.I)
_DOCUMENT = re.compile(
    r"(^|/)(makefile|snakefile|\.gitmodules|.*\.(md|rst|tex|org|markdown)|install[^/]*|.*\.sh)$", re.I
)


def gather(root: Path) -> Facts:
    """Look at the repository below `root`; nothing in it is imported, run, unpickled or changed.

    Raises FossmlError where `root` is no folder.
    """
    if not root.is_dir():
        raise FossmlError("is not a folder", where=str(root), hint="give the folder of a repository")
    root = root.resolve()
    listing = list_files(root)
    with _without_collector():
        cache = ScanCache(cache_folder(os.environ), root)
        scans = dict(_scans(root, listing, cache))
        cache.save()
    documents = {path: _document(root, path) for path in listing.sizes if _is_document(path)}
    dependencies = _declared(root, listing, documents)
    pipeline = _Pipeline(root, listing)
    return Facts(
        git=listing.git,
        files=listing.sizes,
        vendored=tuple(listing.vendored),
        untracked=frozenset(listing.untracked & set(listing.sizes)),
        ignored=listing.ignored,
        present=frozenset(_present(root, listing, scans)),
        scans=scans,
        readme=_readme(documents),
        licences=tuple(documents[path] for path in documents if _LICENCE.match(path)),
        documents=documents,
        declarations=tuple(dependencies.declarations),
        dependency_files=tuple(dependencies.files),
        dependency_locks=tuple(dependencies.locks),
        stages=pipeline.stages,
        locks=pipeline.locks,
        found=pipeline.found,
        dvc_tracked=pipeline.tracked,
        runs=pipeline.runs,
        verification=read_verification(root) if RECORD in listing.sizes else None,
        problems=(*dependencies.problems, *pipeline.problems),
        unseen=(
            *listing.unseen,
            *(Evidence(p, None, s.problem) for p, s in scans.items() if s.parsed == "none" and s.problem),
        ),
    )


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Syntax trees are many objects and no cycles: looking for cycles in them would take a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _scans(root: Path, listing: Listing, cache: ScanCache) -> Iterator[tuple[str, FileScan]]:
    left = Budget(5_000_000, 2 * 2**30, 50_000)
    for path, size in listing.sizes.items():
        budget = Budget()
        budget = Budget(min(budget.ops, left.ops), min(budget.bytes, left.bytes), min(budget.members, left.members))
        before = (budget.ops, budget.bytes, budget.members)
        try:
            yield path, _scanned(f"{root}/{path}", path, size, budget, cache)
        except OSError as error:
            yield path, FileScan(path, "none", problem=f"cannot be read: {error.strerror}")
        left.ops -= before[0] - max(budget.ops, 0)
        left.bytes -= before[1] - max(budget.bytes, 0)
        left.members -= before[2] - max(budget.members, 0)


def _scanned(file: str, path: str, size: int, budget: Budget, cache: ScanCache) -> FileScan:
    """What a file says, read only where it is not known."""
    if (known := cache.known(path, os.lstat(file))) is not None:
        return known
    now = time.time_ns()
    with open(file, "rb") as stream:  # noqa: PTH123 - ten thousand of them
        found = scan_stream(path, stream, size, budget)
        cache.put(os.fstat(stream.fileno()), found, now)
    return found


def _is_document(path: str) -> bool:
    return bool(_README.match(path) or _LICENCE.match(path) or (path.count("/") < 3 and _DOCUMENT.search(path)))


def _document(root: Path, path: str) -> Document:
    try:
        with (root / path).open("rb") as stream:
            return Document(path, decode(stream.read(_MAX_DOCUMENT)))
    except OSError:
        return Document(path, "")


def _readme(documents: Mapping[str, Document]) -> Document | None:
    found = sorted((path for path in documents if _README.match(path)), key=lambda path: (path.count("/"), path))
    return documents[found[0]] if found else None


def _declared(root: Path, listing: Listing, documents: Mapping[str, Document]) -> Declared:
    texts = {
        path: _document(root, path).text
        for path, size in listing.sizes.items()
        if may_declare(path) and size < _MAX_DOCUMENT
    }
    texts |= {path: "" for path in listing.sizes if may_declare(path) and path not in texts}
    while more := included(texts) & set(listing.sizes):
        texts |= {path: _document(root, path).text for path in more}
    told = {path: one.text for path, one in documents.items() if path.count("/") < 2}
    return declared(texts, told)


def _present(root: Path, listing: Listing, scans: Mapping[str, FileScan]) -> Iterator[str]:
    """Paths that code reads and that exist without being listed, as seen from the script or from the root."""
    for path, scan in scans.items():
        for mark in scan.of("read"):
            for folder in ("", posixpath.dirname(path)):
                named = posixpath.normpath(posixpath.join(folder, mark.what.replace("\\", "/")))
                if named not in listing.sizes and exists(root, named):
                    yield named


class _Pipeline:
    """What DVC's files declare; what is wrong with them is a problem, not an end."""

    def __init__(self, root: Path, listing: Listing) -> None:
        self.stages: tuple[Stage, ...] = ()
        self.locks: dict[str, dict[str, LockEntry]] = {}
        self.found: dict[str, Artifact | None] = {}
        self.tracked: tuple[Artifact, ...] = ()
        self.runs: tuple[Run, ...] = ()
        self.problems: list[Evidence] = []
        names = {posixpath.basename(path) for path in listing.sizes}
        if "dvc.yaml" in names:
            self._read_stages(root)
        if "fossml.lock" in listing.sizes:
            self._read_runs(root)
        if any(name.endswith(".dvc") for name in names):
            self._read_tracked(root)

    def _read_stages(self, root: Path) -> None:
        from fossml.project.dvc import read_lock, read_stages

        try:
            self.stages = read_stages(root)
            for file in sorted({stage.file for stage in self.stages}):
                self.locks[file] = read_lock(root, file)
        except FossmlError as error:
            self._problem(error)
        for stage in self.stages:
            for path in (*stage.deps, *(out.path for out in stage.outs)):
                named = posixpath.normpath(posixpath.join(stage.wdir, path))
                if named not in self.found:
                    self.found[named] = _measured(root, named)

    def _read_tracked(self, root: Path) -> None:
        from fossml.project.dvc import read_tracked

        try:
            self.tracked = read_tracked(root)
        except FossmlError as error:
            self._problem(error)

    def _read_runs(self, root: Path) -> None:
        from fossml.engine.records import read_runs

        try:
            self.runs = read_runs(root)
        except FossmlError as error:
            self._problem(error)

    def _problem(self, error: FossmlError) -> None:
        file, _, line = (error.where or "dvc.yaml").partition(":")
        self.problems.append(Evidence(file, int(line) if line.isdigit() else None, error.message))


def _measured(root: Path, path: str) -> Artifact | None:
    """The digest of a file that is cheap to read; a folder or a large file counts by its presence only."""
    if not exists(root, path):
        return None
    file = root / path
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _MAX_DIGEST:
        return Artifact(path, "", 0)
    with StatCache(None) as cache:
        return artifact(root, path, cache)
