"""Arrays element by element, a piece at a time, whatever file holds them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fossml.compare.model import FEW, Budget, CannotCompareError, Part, Tally
from fossml.compare.numbers import spread

_PIECE = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers that lie in `stream` from byte `offset` on; `kind` names their type, `dtype` is how NumPy reads them.

    `strides` are in elements, None for rows after rows (columns after columns if `fortran`); `stored` is the number
    of elements that there are from `offset` on, where strides could lead beyond.
    """

    kind: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    stream: IO[bytes]
    offset: int
    fortran: bool = False
    strides: tuple[int, ...] | None = None
    stored: int | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        """`float32[10, 3]`."""
        return f"{self.kind}[{', '.join(map(str, self.shape))}]"


def compare_tensors(where: str, left: Tensor, right: Tensor, tally: Tally, budget: Budget) -> None:
    """Add to `tally` the elements of two tensors that differ."""
    if left.shape != right.shape or left.kind != right.kind:
        tally.differ(Part(where, str(left), str(right)))
        return
    tally.of += left.size
    if left.dtype != right.dtype:
        tally.note("byte order")
    order = "F" if left.fortran and right.fortran else "C"
    start = 0
    for a, b in zip(_pieces(left, order, budget), _pieces(right, order, budget), strict=True):
        for name, x, y in _fields(a, b):
            _count(f"{where}.{name}".lstrip(".") if name else where, left, (x, y), start, order, tally)
        start += len(a)


def _count(
    where: str, like: Tensor, pair: tuple[npt.NDArray[Any], npt.NDArray[Any]], start: int, order: str, tally: Tally
) -> None:
    x, y = pair
    kind = like.kind if like.kind == "bfloat16" else x.dtype.name
    found = spread(np.ascontiguousarray(x), np.ascontiguousarray(y), kind, FEW)
    if found.ties:
        tally.note("the sign of zero, the bits of NaN")
    if not found.count:
        return
    room = len(tally.parts)
    for place, a, b, gap in found.first:
        tally.differ(Part(f"{where}{_index(start + place, like.shape, order)}", a, b, gap), close=found.close, count=0)
    if not found.first or room == len(tally.parts):
        tally.differ(Part(where, "", ""), close=found.close, count=0)
    tally.count += found.count
    if found.gap is not None:
        tally.gap = found.gap.wider(tally.gap)


def _index(place: int, shape: tuple[int, ...], order: str) -> str:
    if not shape:
        return ""
    # NumPy takes "C" and "F" here, and nothing else comes.
    at = np.unravel_index(place, shape, order=order)  # type: ignore[call-overload]
    return f"[{', '.join(str(int(one)) for one in at)}]"


def _fields(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Iterator[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]]:
    """The columns of a structured array, else the array itself."""
    if a.dtype.names is None:
        yield "", a, b
        return
    for name in a.dtype.names:
        yield name, a[name].reshape(-1), b[name].reshape(-1)


def _pieces(tensor: Tensor, order: str, budget: Budget) -> Iterator[npt.NDArray[Any]]:
    """The elements in `order`, in the machine's byte order, a few megabytes at a time where they lie in that order."""
    if tensor.dtype.hasobject:
        raise CannotCompareError("an array of Python objects")
    native = tensor.dtype.newbyteorder("=")
    width = tensor.dtype.itemsize
    if not width or not tensor.size:
        return
    most = max(1, _PIECE // width)
    if tensor.strides is not None or (len(tensor.shape) > 1 and tensor.fortran != (order == "F")):
        whole = _whole(tensor, budget).astype(native, copy=False)
        yield from (whole[start : start + most] for start in range(0, len(whole), most))
        return
    tensor.stream.seek(tensor.offset)
    left = tensor.size
    while left:
        count = min(left, most)
        data = _exactly(tensor.stream, count * width)
        yield np.frombuffer(data, tensor.dtype).astype(native, copy=False)
        left -= count


def _whole(tensor: Tensor, budget: Budget) -> npt.NDArray[Any]:
    """All elements at once, row after row, of one that does not lie so."""
    width = tensor.dtype.itemsize
    budget.loads(tensor.size * width)
    tensor.stream.seek(tensor.offset)
    if tensor.strides is None:
        flat = np.frombuffer(_exactly(tensor.stream, tensor.size * width), tensor.dtype)
        return flat.reshape(tensor.shape, order="F" if tensor.fortran else "C").ravel(order="C")
    reach = sum((count - 1) * stride for count, stride in zip(tensor.shape, tensor.strides, strict=True)) + 1
    if min(tensor.strides, default=0) < 0 or (tensor.stored is not None and reach > tensor.stored):
        raise CannotCompareError("a tensor that leaves its storage")
    budget.loads(reach * width)
    flat = np.frombuffer(_exactly(tensor.stream, reach * width), tensor.dtype)
    steps = tuple(stride * width for stride in tensor.strides)
    view = np.lib.stride_tricks.as_strided(flat, tensor.shape, steps, writeable=False)
    return view.ravel(order="C")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    if len(data) != size:
        raise CannotCompareError("it ends in the middle of an array")
    return data
