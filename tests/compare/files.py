"""Bytes of files, and how two of them compare."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from fossml.compare import Budget, Comparison, compare_streams


def compared(name: str, left: bytes | str, right: bytes | str, budget: Budget | None = None) -> Comparison:
    a, b = (one.encode() if isinstance(one, str) else one for one in (left, right))
    return compare_streams(name, io.BytesIO(a), io.BytesIO(b), budget or Budget())


def written(write: Callable[[io.BytesIO], Any]) -> bytes:
    """What `write` writes into a file."""
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def dumped(value: object) -> str:
    return json.dumps(value)
