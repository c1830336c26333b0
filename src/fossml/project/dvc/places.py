"""Where the paths of a stage lie: as written relative to its `wdir`, rooted relative to the repository."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from fossml.errors import FossmlError
from fossml.types import Stage

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(path: str) -> bool:
    """Whether `path` is an address (`s3://`, `https://`, `remote://`) and not a path."""
    return _URL.match(path) is not None


def leaves(path: str) -> bool:
    """Whether `path`, relative to the root and normalised, is not inside the repository."""
    return path == ".." or path.startswith(("../", "/"))


def rooted(stage: Stage, path: str) -> str:
    """`path` of `stage` relative to the root. Inputs may lie outside (`../x`, `/x`, an address comes back as it is);
    for an output that does: FossmlError.
    """
    place = path if is_url(path) else posixpath.normpath(posixpath.join(stage.wdir, path))
    if (is_url(path) or leaves(place)) and any(out.path == path for out in stage.outs):
        raise FossmlError(
            f"the output {path} of stage {stage.name!r} lies outside of the repository",
            where=stage.file,
            hint="write it inside",
        )
    return place


def as_declared(root: Path, wdir: str, path: str) -> str:
    """`path` as DVC has it: an absolute path inside the repository becomes relative to `wdir`."""
    if not path.startswith("/"):
        return path
    inside = posixpath.relpath(posixpath.normpath(path), root.absolute().as_posix())
    return path if leaves(inside) else posixpath.relpath(inside, wdir)
