"""The digests of Python sources without comments and formatting, remembered by the MD5 of their bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from fossml.store import durable


class Sources:
    """Answers are kept in the file `memory`: to parse a source costs far more than to know that it is the same."""

    def __init__(self, memory: Path | None) -> None:
        self._memory = memory
        self._known: dict[str, str] | None = None
        self._used: dict[str, str] = {}

    def digest(self, path: Path, md5: str) -> str:
        """The digest of the source at `path`, whose bytes have this MD5; "" where it cannot be read any more."""
        known = self._recall().get(md5)
        if known is None:
            try:
                data = path.read_bytes()
            except OSError:
                return ""
            from fossml.trace.source import source_digest  # parses: needed where a source is new

            md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
            known = source_digest(data)
        self._used[md5] = known
        return known

    def save(self) -> None:
        """Write what was learnt."""
        if self._memory is None or not self._used.keys() - self._recall().keys():
            return
        temporary = durable.temporary(self._memory.parent)
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps({**self._recall(), **self._used}), encoding="utf-8")
            temporary.replace(self._memory)

    def _recall(self) -> dict[str, str]:
        if self._known is None:
            try:
                known = json.loads(self._memory.read_bytes()) if self._memory else {}
            except (OSError, ValueError):
                known = {}
            self._known = known if isinstance(known, dict) else {}
        return self._known
