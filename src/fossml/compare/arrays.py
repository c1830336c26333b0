"""Files of named arrays: NumPy's .npy and safetensors."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from fossml.compare.documents import load_json
from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally
from fossml.compare.tensors import Tensor, compare_tensors
from fossml.compare.trees import compare_trees

_LARGEST_HEADER = 64 * 2**20
_SAFETENSORS = {
    "F64": ("float64", "<f8"),
    "F32": ("float32", "<f4"),
    "F16": ("float16", "<f2"),
    "BF16": ("bfloat16", "<u2"),
    "F8_E4M3": ("float8_e4m3", "u1"),
    "F8_E5M2": ("float8_e5m2", "u1"),
    "I64": ("int64", "<i8"),
    "I32": ("int32", "<i4"),
    "I16": ("int16", "<i2"),
    "I8": ("int8", "i1"),
    "U64": ("uint64", "<u8"),
    "U32": ("uint32", "<u4"),
    "U16": ("uint16", "<u2"),
    "U8": ("uint8", "u1"),
    "BOOL": ("bool", "u1"),
    "C64": ("complex64", "<c8"),
}


def compare_npy(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two .npy files; an array of Python objects is not loaded."""
    tally = Tally.of_form("NumPy array")
    a, b = read_npy(left), read_npy(right)
    if a.fortran != b.fortran:
        tally.note("order in memory")
    compare_tensors("", a, b, tally, budget)
    return tally.result()


def read_npy(stream: IO[bytes]) -> Tensor:
    """Where the array of a .npy file lies in it."""
    from numpy.lib import format as npy

    stream.seek(0)
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        if version == (3, 0):
            raise CannotCompareError("a .npy header of version 3.0")
        shape, fortran, dtype = read(stream, max_header_size=100_000)
    except (ValueError, SyntaxError, RecursionError, OverflowError) as error:
        raise CannotCompareError(f"not a whole .npy file: {error}") from error
    if dtype.hasobject:
        raise CannotCompareError("an array of Python objects, which are pickled and not loaded")
    if any(size < 0 for size in shape):
        raise CannotCompareError("an array of negative size")
    return Tensor(dtype.name if dtype.names is None else str(dtype), dtype, shape, stream, stream.tell(), fortran)


def compare_safetensors(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two safetensors files, tensor by tensor; `__metadata__` is left aside and named."""
    tally = Tally.of_form("safetensors")
    (a, about), (b, other) = read_safetensors(left), read_safetensors(right)
    if about != other:
        inner = Tally.of_form("")
        compare_trees(about, other, inner, budget)
        tally.note(*(f"metadata {part.where}" for part in inner.parts), *inner.normalised)
    compare_named(a, b, tally, budget)
    return tally.result()


def compare_named(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], tally: Tally, budget: Budget, what: str = "tensor"
) -> None:
    """Compare tensors by their names."""
    if [name for name in a if name in b] != [name for name in b if name in a]:
        tally.note(f"order of {what}s")
    for name, tensor in a.items():
        if name in b:
            compare_tensors(name, tensor, b[name], tally, budget)
        else:
            tally.differ(Part(f"{what} {name}", str(tensor), None))
    for name, tensor in b.items():
        if name not in a:
            tally.differ(Part(f"{what} {name}", None, str(tensor)))


def read_safetensors(stream: IO[bytes]) -> tuple[dict[str, Tensor], Any]:
    """The tensors of a safetensors file by name, and its metadata. CannotCompareError for a header that lies."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    length = int.from_bytes(stream.read(8), "little")
    if length > min(size - 8, _LARGEST_HEADER):
        raise CannotCompareError("a safetensors header that is longer than the file, or than is read")
    header = stream.read(length)
    load_json(header)  # says it where it is none
    entries = json.loads(header)
    if not isinstance(entries, dict):
        raise CannotCompareError("a safetensors header that is no table")
    about = entries.pop("__metadata__", {})
    try:
        found = {name: _entry(entry, stream, 8 + length, size) for name, entry in entries.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise CannotCompareError(f"a safetensors header that is damaged: {error!r}") from error
    return found, about


def _entry(entry: Mapping[str, Any], stream: IO[bytes], start: int, size: int) -> Tensor:
    begin, end = entry["data_offsets"]
    name = entry["dtype"]
    kind, code = _SAFETENSORS.get(name, (f"{name}", "u1"))
    shape = tuple(entry["shape"])
    tensor = Tensor(kind, np.dtype(code), shape, stream, start + begin)
    if not all(isinstance(one, int) and one >= 0 for one in (*shape, begin, end)) or start + end > size or begin > end:
        raise CannotCompareError("a safetensors header that leads out of the file")
    if name not in _SAFETENSORS:
        return Tensor(f"{kind} as bytes", np.dtype("u1"), (end - begin,), stream, start + begin)
    if tensor.size * tensor.dtype.itemsize != end - begin:
        raise CannotCompareError("a safetensors header whose shapes do not fit its offsets")
    return tensor
