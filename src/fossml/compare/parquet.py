"""Parquet: the table, not how it is packed. Needs pyarrow."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from fossml.compare.model import FEW, Budget, CannotCompareError, Comparison, Part, Tally, shown
from fossml.compare.numbers import Printed, close, equal, gap, spread

_ROWS = 65_536
_COUNTED = 2_000_000


def compare_parquet(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two Parquet files column by column, rows in any order; CannotCompareError without pyarrow."""
    a, b = _open(left, budget), _open(right, budget)
    tally = Tally.of_form("Parquet")
    try:
        _compare(a, b, tally, budget)
    except CannotCompareError:
        raise
    except Exception as error:  # a decoder of another project: it may raise anything
        raise CannotCompareError(f"a damaged Parquet file: {error}") from error
    if not tally.count and not tally.normalised:
        tally.note("packing or metadata of the file")
    return tally.result()


def _open(stream: IO[bytes], budget: Budget) -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise CannotCompareError("Parquet is compared with pyarrow: pip install 'fossml[parquet]'") from None
    stream.seek(0)
    try:
        file = parquet.ParquetFile(stream)
        sizes = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
    except Exception as error:  # as above
        raise CannotCompareError(f"not a whole Parquet file: {error}") from error
    budget.loads(max(sizes, default=0))
    budget.unpack(sum(sizes))
    return file


def _compare(a: Any, b: Any, tally: Tally, budget: Budget) -> None:
    names, others = list(a.schema_arrow.names), list(b.schema_arrow.names)
    common = [name for name in names if name in others]
    if common != [name for name in others if name in names]:
        tally.note("order of columns")
    for name in names:
        if name not in others:
            tally.differ(Part(f"column {name}", "there", None))
    for name in others:
        if name not in names:
            tally.differ(Part(f"column {name}", None, "there"))
    for name in list(common):
        kinds = a.schema_arrow.field(name).type, b.schema_arrow.field(name).type
        if kinds[0] != kinds[1]:
            tally.differ(Part(f"column {name}", str(kinds[0]), str(kinds[1])))
            common.remove(name)
    if a.metadata.num_rows != b.metadata.num_rows:
        tally.differ(Part("rows", str(a.metadata.num_rows), str(b.metadata.num_rows)))
        return
    inner = Tally.of_form("")
    _columns(a, b, common, inner, budget)
    if inner.count and a.metadata.num_rows <= _COUNTED and _rows(a, common) == _rows(b, common):
        tally.note("order of rows")
        tally.of += inner.of
    else:
        tally.add(inner.result(), "") if inner.count or inner.normalised else None
        tally.of += 0 if inner.count or inner.normalised else inner.of


def _batches(file: Any, names: list[str]) -> Iterator[Any]:
    return iter(file.iter_batches(batch_size=_ROWS, columns=names)) if names else iter(())


def _rows(file: Any, names: list[str]) -> Counter[bytes]:
    found: Counter[bytes] = Counter()
    for batch in _batches(file, names):
        columns = [batch.column(batch.schema.get_field_index(name)).to_pylist() for name in names]
        for row in zip(*columns, strict=True):
            found[hashlib.blake2b(repr(row).encode(errors="surrogatepass"), digest_size=12).digest()] += 1
    return found


def _columns(a: Any, b: Any, names: list[str], tally: Tally, budget: Budget) -> None:
    """Row by row: batches are cut alike, since both have as many rows and `iter_batches` fills each."""
    start = 0
    for x, y in zip(_rechunked(a, names), _rechunked(b, names), strict=True):
        budget.step(x.num_rows)
        for name in names:
            tally.of += x.num_rows
            _column(name, x.column(name), y.column(name), start, tally)
        start += x.num_rows


def _rechunked(file: Any, names: list[str]) -> Iterator[Any]:
    """Tables of `_ROWS` rows each, whatever the row groups."""
    import pyarrow

    waiting: list[Any] = []
    held = 0
    for batch in _batches(file, names):
        waiting.append(batch)
        held += batch.num_rows
        while held >= _ROWS:
            table = pyarrow.Table.from_batches(waiting)
            yield table.slice(0, _ROWS)
            rest = table.slice(_ROWS)
            waiting, held = rest.to_batches(), rest.num_rows
    if held:
        yield pyarrow.Table.from_batches(waiting)


def _column(name: str, a: Any, b: Any, start: int, tally: Tally) -> None:
    import pyarrow

    if a.equals(b):
        return
    kind = a.type
    numeric = pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind)
    if not numeric or a.null_count or b.null_count:
        _values(name, a.to_pylist(), b.to_pylist(), start, tally)
        return
    x, y = np.ascontiguousarray(a.to_numpy()), np.ascontiguousarray(b.to_numpy())
    found = spread(x, y, x.dtype.name, FEW)
    if found.ties:
        tally.note("the sign of zero, the bits of NaN")
    for place, one, other, far in found.first:
        tally.differ(Part(f"row {start + place + 1}, column {name}", one, other, far), close=found.close, count=0)
    tally.count += found.count
    if found.gap is not None:
        tally.gap = found.gap.wider(tally.gap)


def _values(name: str, a: list[Any], b: list[Any], start: int, tally: Tally) -> None:
    for place, (x, y) in enumerate(zip(a, b, strict=True), start + 1):
        if x == y or (x != x and y != y):
            continue
        where = f"row {place}, column {name}"
        if isinstance(x, float) and isinstance(y, float):
            m, n = Printed(repr(x)), Printed(repr(y))
            if not equal(m, n):
                tally.differ(Part(where, repr(x), repr(y), gap(x, y)), close=close(m, n))
        else:
            tally.differ(Part(where, None if x is None else shown(str(x)), None if y is None else shown(str(y))))
