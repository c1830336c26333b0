"""The bytes behind a digest: out of DVC's cache, a folder, or what git holds of earlier commits."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project import history
from fossml.project.dvc import ignored
from fossml.project.dvcconfig import read_cache_config
from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects
from fossml.trace.source import source_digest
from fossml.types import Artifact

_LARGEST_SOURCE = 4 * 2**20


def md5(data: bytes) -> str:
    """What DVC calls these bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Finder:
    """Finds bytes for the repository at `root`: first in `folders`, then in its cache, then in git.

    What has to be written lies in `temporary` until that is removed.
    """

    root: Path
    temporary: Path
    folders: tuple[Path, ...] = ()
    _count: itertools.count[int] = field(default_factory=itertools.count)

    def find(self, what: Artifact) -> Path | None:
        """A path at which `what` (its path relative to the root) lies with just these bytes; None: nowhere."""
        for folder in (*self.folders, self.root):
            if _is(folder, what):
                return folder / what.path
        target = self.temporary / f"found-{next(self._count)}" / Path(what.path).name
        target.parent.mkdir(parents=True)
        for base in (self.root, *self.folders):
            with contextlib.suppress(FossmlError, OSError):
                Objects(read_cache_config(base).folder, root=self.temporary).checkout(what, target, linked=False)
                return target
        for data in history.versions(self.root, what.path) if not what.digest.endswith(".dir") else ():
            if md5(data) == what.digest:
                target.write_bytes(data)
                return target
        return None

    def source(self, path: str, digest: str, commit: str | None) -> bytes | None:
        """The text of the code `path` that has `digest` (of its bytes, or of what it means to Python)."""

        def fits(data: bytes) -> bool:
            return digest in (md5(data), source_digest(data) if path.endswith(".py") else "")

        for read in self._candidates(path, commit):
            data = read()
            if data is not None and fits(data):
                return data
        return next((data for data in history.versions(self.root, path) if fits(data)), None)

    def _candidates(self, path: str, commit: str | None) -> list[Callable[[], bytes | None]]:
        folders: list[Callable[[], bytes | None]] = [
            lambda folder=folder: _read(folder, path)  # type: ignore[misc]
            for folder in (*self.folders, self.root)
        ]
        return [*folders, lambda: history.blob(self.root, f"{commit}:./{path}") if commit else None]


def _read(folder: Path, path: str) -> bytes | None:
    with contextlib.suppress(OSError):
        target = folder / path
        if target.is_file() and target.stat().st_size <= _LARGEST_SOURCE and not target.is_symlink():
            return target.read_bytes()
    return None


def _is(folder: Path, what: Artifact) -> bool:
    """Whether the file or folder in `folder` has just these bytes."""
    target = folder / what.path
    with contextlib.suppress(OSError, FossmlError):
        if what.digest.endswith(".dir") != target.is_dir() or (target.is_file() and target.stat().st_size != what.size):
            return False
        with StatCache(None) as cache:
            found = artifact(folder, what.path, cache, ignored(folder))
        return found is not None and found.digest == what.digest
    return False
