"""The data behind a claim, and which of its files, columns and rows is which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Files:
    """The data behind a claim, as paths below `folder`: what nothing makes, and what its stages make."""

    folder: Path
    given: tuple[str, ...]
    made: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.given, *self.made)
