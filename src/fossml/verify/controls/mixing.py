"""Rows mixed: the values of each column permuted by a draw of its own."""

from __future__ import annotations

import random
from typing import Any

from fossml.verify.controls.tables import Table


class Mixer:
    """Permutes columns, each by a draw of its own."""

    def __init__(self, rng: random.Random, column: str | None) -> None:
        self.rng, self.column = rng, column

    def table(self, found: Table) -> list[tuple[str, ...]] | None:
        """The rows with their columns permuted."""
        if found.cells is None or (self.column is not None and self.column not in found.names):
            return None
        apart = [list(column) for column in zip(*found.cells, strict=True)]
        for place, column in enumerate(apart):
            if self.column is None or found.names[place] == self.column:
                self.rng.shuffle(column)
        return list(zip(*apart, strict=True))

    def records(self, found: list[Any]) -> list[Any] | None:
        """Objects with the values of each key permuted over those that have it; other items shuffled."""
        if not all(isinstance(one, dict) for one in found):
            if self.column is not None:
                return None
            mixed = list(found)
            self.rng.shuffle(mixed)
            return mixed
        if self.column is not None and not any(self.column in one for one in found):
            return None
        made = [dict(one) for one in found]
        for name in sorted({name for one in found for name in one}):
            if self.column in (None, name):
                holders = [one for one in made if name in one]
                values = [one[name] for one in holders]
                self.rng.shuffle(values)
                for one, value in zip(holders, values, strict=True):
                    one[name] = value
        return made

    def array(self, found: Any) -> Any:
        """An array with its rows permuted, each column by itself."""
        import numpy as np

        draw = np.random.default_rng(self.rng.getrandbits(64))
        if found.ndim < 2:
            return draw.permutation(found)
        return draw.permuted(found.reshape(len(found), -1), axis=0).reshape(found.shape)
