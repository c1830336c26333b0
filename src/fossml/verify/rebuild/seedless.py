"""Outputs that hold the seed itself: what they are without it, so that a seed that only names a run is seen through."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_MOST = 2**20


def seedless(folder: Path, paths: Iterable[str], seed: int | None) -> dict[str, str]:
    """The digests that small texts among `paths` below `folder` would have with another word for `seed`.

    Only those that hold it.
    """
    if seed is None:
        return {}
    word = re.compile(rb"(?<![\w.])%d(?![\w.])" % seed)
    found = {}
    for path in paths:
        with contextlib.suppress(OSError):
            place = folder / path
            plain = place.is_file() and not place.is_symlink() and place.stat().st_size <= _MOST
            data = place.read_bytes() if plain else b""
            if b"\0" not in data and word.search(data):
                found[path] = hashlib.sha256(word.sub(b"seed", data)).hexdigest()
    return found
