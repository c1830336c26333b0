"""One call of `fossml verify`, and what it said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from fossml.cli import main


@dataclass(frozen=True)
class Said:
    """Its exit code and its output."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What was printed with --json."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


def call(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    """What `fossml verify` says to these words."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", *words])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Said(ended.value.code, captured.out, captured.err)
