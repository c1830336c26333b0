"""Rows of arrays (.npy, .npz) and of Parquet: only those that stay, mixed or as they are."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from fossml.verify.controls.mixing import Mixer

Order: TypeAlias = Callable[[int], Sequence[int]]
"""Number of rows -> the places of the rows that stay, in order."""


def array(path: Path, stay: Order, mixer: Mixer | None) -> bytes | None:
    """Arrays by their first axis; of an .npz those that have the commonest length."""
    import numpy as np

    if mixer is not None and mixer.column is not None:
        return None
    out = io.BytesIO()
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if path.suffix.lower() == ".npy":
            if not isinstance(loaded, np.ndarray) or loaded.ndim == 0 or len(loaded) < 2:
                return None
            np.save(out, _stay(loaded, stay, mixer), allow_pickle=False)
            return out.getvalue()
        if isinstance(loaded, np.ndarray):
            return None
        arrays = {name: loaded[name] for name in loaded.files}
    lengths = [len(one) for one in arrays.values() if one.ndim and len(one) > 1]
    if not lengths:
        return None
    common = max(lengths, key=lambda length: (lengths.count(length), length))
    kept = {name: _stay(one, stay, mixer) if one.ndim and len(one) == common else one for name, one in arrays.items()}
    np.savez(out, **kept)
    return out.getvalue()


def _stay(given: Any, stay: Order, mixer: Mixer | None) -> Any:
    mixed = given if mixer is None else mixer.array(given)
    return mixed[list(stay(len(given)))]


def parquet(path: Path, stay: Order, mixer: Mixer | None) -> bytes | None:
    """Through pyarrow, where it is installed; else it cannot be taken apart."""
    try:
        import pyarrow as pa  # type: ignore[import-not-found,import-untyped,unused-ignore]
        import pyarrow.parquet as pq  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return None
    table = pq.read_table(path)
    if len(table) < 2:
        return None
    if mixer is not None:
        for place, name in enumerate(table.column_names):
            if mixer.column in (None, name):
                order = list(range(len(table)))
                mixer.rng.shuffle(order)
                table = table.set_column(place, table.field(place), table.column(place).take(pa.array(order)))
    out = io.BytesIO()
    pq.write_table(table.take(pa.array(list(stay(len(table))))), out)
    return out.getvalue()
