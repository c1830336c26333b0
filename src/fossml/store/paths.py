"""What may be written where: nothing outside the repository, nothing that makes git or dvc run a command."""

from __future__ import annotations

import re
from pathlib import Path

from fossml.errors import FossmlError

TEMPORARY = ".fossml-tmp-"
"""Names that begin so are being written or were left by a process that was killed; they are nobody's data."""

_GUARDED = frozenset({".git", ".hg"})
_DIGEST = re.compile(r"[0-9a-f]{32}(\.dir)?")


def shown(path: object) -> str:
    """`path` for a message: as it is, or quoted where it holds what would break a line or command a terminal."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def check_digest(digest: str) -> str:
    """`digest` if it is an MD5 in hex as DVC writes it (`.dir` for a folder); FossmlError otherwise."""
    if not _DIGEST.fullmatch(digest):
        raise FossmlError(
            f"{digest!r} is not an MD5 digest", hint="the lock file that names it was edited or is damaged"
        )
    return digest


def is_guarded(name: str) -> bool:
    """Whether git or hg keep their own files, hooks among them, under this name (on any file system)."""
    return name.lower() in _GUARDED


def check_target(root: Path, target: Path) -> Path:
    """`target` if writing there stays inside `root`; FossmlError for what leaves it, by a link or by `..`."""
    base = root.resolve()
    real = target.parent.resolve() / target.name
    if target.name in ("", "..") or not real.is_relative_to(base) or real == base:
        raise FossmlError(
            "this output lies outside the repository", where=shown(target), hint="is a folder above it a link?"
        )
    parts = real.relative_to(base).parts
    if any(is_guarded(part) for part in parts) or parts[0] in (".dvc", ".fossml"):
        raise FossmlError("outputs must not lie among the files of git, dvc or fossml", where=shown(target))
    return target


def check_own(path: Path) -> Path:
    """`path`, a file in a folder of fossml's own such as `.fossml/`, if neither of them is a link that leads away."""
    home = path.parent.parent.resolve()
    if path.is_symlink() or not path.parent.resolve().is_relative_to(home):
        raise FossmlError("a link leads out of the repository", where=shown(path), hint="remove the link")
    return path
