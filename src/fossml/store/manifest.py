"""The `.dir` object that stands for a folder: which files it has, byte for byte as DVC writes it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from fossml.errors import FossmlError
from fossml.store.paths import is_guarded


def dump(files: Mapping[str, str]) -> bytes:
    """The manifest of `files`: relative POSIX path -> MD5. As json.dumps writes it, at a third of its time."""
    rows = [f'{{"md5": "{files[path]}", "relpath": {_quoted(path)}}}' for path in sorted(files)]
    return f"[{', '.join(rows)}]".encode()


def digest(manifest: bytes) -> str:
    """What DVC calls the folder that `manifest` describes: its MD5 and `.dir`."""
    return hashlib.md5(manifest, usedforsecurity=False).hexdigest() + ".dir"


def load(manifest: bytes, name: str) -> dict[str, str]:
    """Relative path -> MD5. FossmlError, which says `name`, where this is no manifest or a path leaves the folder."""
    try:
        rows = json.loads(manifest)
        files = {str(row["relpath"]): row["md5"] for row in rows}
        digests = "".join(files.values())
        if not _HEX.fullmatch(digests) or any(len(md5) != 32 for md5 in files.values()):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise FossmlError(f"the cached object {name} does not describe a folder") from None
    _check_paths(files, name)
    if len(files) != len(rows):
        raise FossmlError(f"the cached object {name} names a file twice")
    return files


def _check_paths(files: Mapping[str, Any], name: str) -> None:
    """All names are judged at once; where one is bad it is looked for."""
    folders = _folders(files)
    if not folders & files.keys() and _safe({part for path in files for part in path.split("/")}):
        return
    for path in (*files, *folders):
        if not _safe(path.rpartition("/")[2:]):
            raise FossmlError(f"the cached object {name} names a path outside its folder: {path!r}")
    for folder in folders:
        if folder in files:
            raise FossmlError(f"the cached object {name} has a file where it has a folder: {folder!r}")


def _folders(files: Iterable[str]) -> set[str]:
    """All folders that these paths lie in, and those around them."""
    found: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in files if "/" in path}:
        parts = folder.split("/")
        found.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return found


_HEX = re.compile("[0-9a-f]*")


def _safe(parts: Iterable[str]) -> bool:
    return all(part not in ("", ".", "..") and "\0" not in part and not is_guarded(part) for part in parts)
