"""Canonical JSON and the keys made from it: equal values give equal bytes, on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """`value` (JSON-like; tuples count as lists) as UTF-8 JSON with sorted keys and no spaces.

    Raises ValueError for NaN and infinities, which JSON cannot carry.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(
        "utf-8", "surrogatepass"
    )


def key(value: Any) -> str:
    """SHA-256 in hex of the canonical form of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()
