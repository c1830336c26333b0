"""Which rules and items a user means: a code, the beginning of codes, a group of items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fossml.errors import FossmlError, nearest


def chosen(known: Mapping[str, object], select: str | None, ignore: str | None) -> frozenset[str]:
    """The codes that are selected, all where nothing is, without those that are ignored.

    FossmlError for a word that fits none.
    """
    wanted = _codes(select, known) if select is not None else frozenset(known)
    return wanted - _codes(ignore, known)


def _codes(text: str | None, known: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for word in (text or "").upper().replace(",", " ").split():
        pattern = rf"{word}\d" if re.fullmatch("[A-E]", word) else re.escape(word)
        fits = {code for code in known if code == word} or {code for code in known if re.match(pattern, code)}
        if not fits:
            raise FossmlError(f"there is no rule or item {word}", hint=nearest(word, known))
        found |= fits
    return frozenset(found)
