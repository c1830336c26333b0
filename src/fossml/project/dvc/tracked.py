"""The data that .dvc files name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fossml.project.dvc import yaml12
from fossml.project.dvc.lock import artifact
from fossml.project.dvc.places import as_declared, is_url, leaves
from fossml.project.dvc.schema import TRACKED
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import read
from fossml.project.dvc.walk import files
from fossml.types import Artifact


def read_tracked(root: Path, names: Sequence[str] | None = None) -> tuple[Artifact, ...]:
    """What the .dvc files below `root` track, sorted by path, which is relative to the root.

    `names` are those files, where they are known already.
    The digest is "" where the file knows no MD5 (an import that is versioned in a cloud). FossmlError with file and
    line for a .dvc file that DVC 3 would not take, or that tracks something outside of the repository.
    """
    if names is None:
        _, names = files(root)
    return tuple(sorted((each for name in names for each in _outs(root, name)), key=lambda each: each.path))


def _outs(root: Path, file: str) -> Iterator[Artifact]:
    return (one.artifact for one in _named(root, file))


@dataclass(frozen=True, slots=True)
class Named:
    """Data as a .dvc file names it: the `file` and `line`, and the `remote` that it is said to be in, if any.

    `imported`: it came from another place, which the file names too. `legacy`: its digest is one of DVC 2.
    """

    artifact: Artifact
    file: str
    line: int | None
    remote: str | None = None
    imported: bool = False
    legacy: bool = False


def read_named(root: Path) -> tuple[Named, ...]:
    """As `read_tracked`, with the place that names each."""
    _, names = files(root)
    return tuple(each for name in names for each in _named(root, name))


def _named(root: Path, file: str) -> Iterator[Named]:
    source = read(root, file)
    data: dict[str, Any] = yaml12.load(source.text, file) or {}
    conform(data, TRACKED, source)
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(file), data.get("wdir") or "."))
    for index, out in enumerate(data.get("outs") or []):
        path = as_declared(root, folder, out["path"])
        place = posixpath.normpath(posixpath.join(folder, path))
        if is_url(path) or leaves(place):
            raise source.error(f"{path} lies outside of the repository", ("outs", index, "path"))
        line = yaml12.line_of(source.text, ("outs", index, "path"), None)
        legacy = "md5" in out and "hash" not in out
        yield Named(replace(artifact(out), path=place), file, line, out.get("remote"), bool(data.get("deps")), legacy)
