"""Pickles, joblib files and torch archives: what they would build, side by side. Nothing is unpickled."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any

import numpy as np

from fossml.compare.containers import Inner, Member, compare_members, unpacked, zip_members
from fossml.compare.machine import Global, Machine, Made, Persistent, Unordered, dtype_of
from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally
from fossml.compare.tensors import Tensor, compare_tensors
from fossml.compare.trees import Rules, compare_trees

_LEGACY_TORCH = 0x1950A86A20F9469CFC6C
_MOST_PICKLES = 1000
_STORAGES = {
    "DoubleStorage": ("float64", "<f8"),
    "FloatStorage": ("float32", "<f4"),
    "HalfStorage": ("float16", "<f2"),
    "BFloat16Storage": ("bfloat16", "<u2"),
    "LongStorage": ("int64", "<i8"),
    "IntStorage": ("int32", "<i4"),
    "ShortStorage": ("int16", "<i2"),
    "CharStorage": ("int8", "i1"),
    "ByteStorage": ("uint8", "u1"),
    "BoolStorage": ("bool", "u1"),
    "ComplexFloatStorage": ("complex64", "<c8"),
    "ComplexDoubleStorage": ("complex128", "<c16"),
    "UntypedStorage": ("uint8", "u1"),
}
_TYPES = {
    "float64": "<f8",
    "float32": "<f4",
    "float16": "<f2",
    "bfloat16": "<u2",
    "uint64": "<u8",
    "uint32": "<u4",
    "uint16": "<u2",
}
_TORCH_OWN = re.compile(r"(data\.pkl|data/\d+|version|byteorder|\.format_version|\.storage_alignment|\.data/.*)")
_NUMPY = re.compile(r"numpy\.(_?core)\.(multiarray|numeric)")


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers of a torch file: `open` gives a stream and the byte in it at which they begin."""

    open: Callable[[], tuple[IO[bytes], int]]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A pickle that was read: its tree, and the storages that it names. `big`: they are in big-endian order."""

    tree: Any
    storages: Mapping[str, _Storage] = field(default_factory=dict)
    big: bool = False
    budget: Budget = field(default_factory=Budget)


def compare_pickles(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two pickles (plain, of joblib, of torch before 1.6) value by value."""
    a, b = _read(left, budget), _read(right, budget)
    tally = Tally.of_form("torch file" if a.storages else "pickle")
    _compare(a, b, tally, budget)
    if not tally.count and not tally.normalised and not tally.reasons:
        tally.note("how it is pickled")
    return tally.result()


def _read(stream: IO[bytes], budget: Budget) -> Unpacked:
    """Pickle after pickle up to the end, or to what is none."""
    stream.seek(0)
    found: list[Any] = []
    end = 0
    while len(found) < _MOST_PICKLES and (not found or _begins(stream)):
        found.append(Machine(stream, budget).run())
        end = stream.tell()
        if len(found) == 5 and found[0] == _LEGACY_TORCH:
            return _legacy(found, stream, budget)
    rest = stream.read(1)
    if rest:
        stream.seek(end)
        found.append(budget.read(stream))
    return Unpacked(found[0] if len(found) == 1 else found, budget=budget)


def _begins(stream: IO[bytes]) -> bool:
    head = stream.read(2)
    stream.seek(-len(head), io.SEEK_CUR)
    return len(head) == 2 and head[0] == 0x80 and head[1] <= 5


def _legacy(found: list[Any], stream: IO[bytes], budget: Budget) -> Unpacked:
    """A torch file before the zip format: five pickles, then each storage with its number of elements before it."""
    storages: dict[str, _Storage] = {}
    sizes = _element_sizes(found[3], budget)
    for name in found[4]:
        count = int.from_bytes(stream.read(8), "little")
        place, size = stream.tell(), count * sizes.get(str(name), 0)
        if not size and count:
            raise CannotCompareError(f"the storage {name} is of a type that is not known here")
        storages[str(name)] = _Storage(_at(stream, place))
        stream.seek(size, io.SEEK_CUR)
    return Unpacked(found[3], storages, budget=budget)


def _at(stream: IO[bytes], place: int) -> Callable[[], tuple[IO[bytes], int]]:
    return lambda: (stream, place)


def _element_sizes(tree: Any, budget: Budget) -> dict[str, int]:
    """Bytes an element of each storage that the tree names."""
    found: dict[str, int] = {}
    pending, seen = [tree], set[int]()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        budget.step()
        if isinstance(one, Persistent) and (named := _named_storage(one)) is not None:
            found[named[1]] = np.dtype(named[0][1]).itemsize
        elif isinstance(one, Made):
            pending += [one.args, one.state, *one.items, *one.pairs.values()]
        elif isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list | tuple):
            pending += one
    return found


def compare_torch(left: IO[bytes], right: IO[bytes], budget: Budget, inner: Inner) -> Comparison:
    """Compare two torch files of the zip format: their values, tensors by their storages, then any code in them."""
    tally = Tally.of_form("torch file")
    (a, names, first), (b, others, second) = _archive(left, budget), _archive(right, budget)
    if first != second:
        tally.note("name of the archive")
    _compare(a, b, tally, budget)
    compare_members(tally, names, others, budget, inner, "member")
    if not tally.count and not tally.normalised and not tally.reasons:
        tally.note("how it is packed")
    return tally.result()


def is_torch(names: list[str]) -> bool:
    """Whether a zip archive with these members is a file of torch.save."""
    return any(name.endswith("/data.pkl") and name.count("/") == 1 for name in names) and any(
        name.endswith("/version") for name in names
    )


def _archive(stream: IO[bytes], budget: Budget) -> tuple[Unpacked, dict[str, Member], str]:
    members = zip_members(stream, budget)
    prefix = next((name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl")), None)
    if prefix is None:
        raise CannotCompareError("not a torch file")
    inside = {name.removeprefix(prefix): member for name, member in members.items()}
    order = inside["byteorder"].open().read(16) if "byteorder" in inside else b"little"
    storages = {
        name.removeprefix("data/"): _Storage(_opener(member, budget))
        for name, member in inside.items()
        if name.startswith("data/")
    }
    tree = Machine(unpacked(inside["data.pkl"].open(), budget), budget).run()
    rest = {name: member for name, member in inside.items() if not _TORCH_OWN.fullmatch(name)}
    return Unpacked(tree, storages, order == b"big", budget), rest, prefix


def _opener(member: Member, budget: Budget) -> Callable[[], tuple[IO[bytes], int]]:
    return lambda: (unpacked(member.open(), budget), 0)


def _compare(a: Unpacked, b: Unpacked, tally: Tally, budget: Budget) -> None:
    """Walk both trees; what is an array is compared as one."""
    rules = Rules(
        {Tensor: compare_tensors, Global: _globals, bytes: _bytes},
        normalise=False,
        expand=(lambda one: expand(one, a), lambda one: expand(one, b)),
    )
    compare_trees(a.tree, b.tree, tally, budget, rules)


def _globals(where: str, a: Global, b: Global, tally: Tally, _budget: Budget) -> None:
    if a != b and (_plain_module(a.module), a.name) != (_plain_module(b.module), b.name):
        tally.differ(Part(where, str(a), str(b)))


def _plain_module(name: str) -> str:
    """NumPy 2 keeps in `numpy._core` what NumPy 1 had in `numpy.core`."""
    return name.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")


def _bytes(where: str, a: bytes, b: bytes, tally: Tally, _budget: Budget) -> None:
    if a != b:
        first = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        tally.differ(Part(f"{where} byte {first}".strip(), f"{len(a)} bytes", f"{len(b)} bytes"))


def expand(one: Any, found: Unpacked) -> Any:
    """What stands for a value of the pickle in the tree that is compared: an array, a mapping of its state, itself."""
    if isinstance(one, Unordered):
        return sorted(one.items, key=repr)
    if not isinstance(one, Made):
        return one
    name = str(one.what)
    if one.tensor is not None:
        return one.tensor
    if name.startswith("torch._utils._rebuild_") and isinstance(one.args, tuple):
        return _torch(name, one, found)
    if _NUMPY.match(name) and isinstance(one.args, tuple):
        return _numpy(name, one)
    return _object(one, name)


def _object(made: Made, name: str) -> Any:
    """A mapping: its type, what it was made of, its state, items and pairs."""
    tree: dict[object, object] = {}
    if made.pairs or name in ("collections.OrderedDict", "collections.defaultdict"):
        tree.update(made.pairs)
    if isinstance(made.state, dict):
        tree.update({(f"({k})" if k in tree else k): v for k, v in made.state.items()})
    elif made.state is not None:
        tree["(state)"] = made.state
    if made.args and made.args != ((),):
        tree["(made from)"] = made.args
    if made.named:
        tree["(made with)"] = made.named
    if made.items:
        tree["(items)"] = made.items
    tree["(type)"] = made.what
    return tree


def _numpy(name: str, made: Made) -> Any:
    args: Any = made.args
    state: Any = made.state
    if name.endswith("._reconstruct") and isinstance(state, tuple) and len(state) == 5:
        _, shape, kind, fortran, data = state
        return _in_memory(dtype_of(kind), shape, data, bool(fortran), made)
    if name.endswith("._frombuffer") and len(args) == 4:
        return _in_memory(dtype_of(args[1]), args[2], args[0], args[3] == "F", made)
    if name.endswith(".scalar") and len(args) == 2:
        return _in_memory(dtype_of(args[0]), (), args[1], False, made)
    return _object(made, name)


def _in_memory(dtype: np.dtype[Any] | None, shape: Any, data: Any, fortran: bool, made: Made) -> Any:
    if dtype is None:
        return {"(shape)": shape, "(items)": data}
    if isinstance(data, str):  # of Python 2
        data = data.encode("latin1")
    if not isinstance(data, bytes | bytearray):
        return _object(made, str(made.what))
    tensor = Tensor(dtype.name, dtype, tuple(map(int, shape)), io.BytesIO(bytes(data)), 0, fortran)
    if min(tensor.shape, default=0) < 0 or tensor.size * dtype.itemsize != len(data):
        raise CannotCompareError("a pickled array whose shape does not fit its bytes")
    return tensor


def _torch(name: str, made: Made, found: Unpacked) -> Any:
    args: Any = made.args
    if name.endswith(("_rebuild_parameter", "_rebuild_parameter_with_state")):
        return expand(args[0], found)
    if name.endswith(("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")) and isinstance(
        args[0], Persistent
    ):
        kind = str(args[6]).removeprefix("torch.") if name.endswith("_v3") else None
        return _tensor(args[0], args[1], args[2], args[3], kind, found)
    return _object(made, name)


def _tensor(persistent: Persistent, start: Any, shape: Any, strides: Any, kind: str | None, found: Unpacked) -> Any:
    named = _named_storage(persistent)
    storage = found.storages.get(named[1]) if named else None
    if named is None or storage is None or (kind and kind not in _TYPES):
        raise CannotCompareError("a tensor whose numbers are not in the file, or of a type that is not known here")
    (type_name, code), _, stored = named
    if kind:
        type_name, code, stored = kind, _TYPES[kind], None
    dtype = np.dtype(code)
    if found.big:
        dtype = dtype.newbyteorder(">")
    if min((start, *shape, *strides), default=0) < 0:
        raise CannotCompareError("a tensor of negative size")
    stream, place = storage.open()
    tensor = Tensor(type_name, dtype, tuple(shape), stream, place + start * dtype.itemsize)
    left = None if stored is None else stored - start
    if left is not None and tensor.size and left <= 0:
        raise CannotCompareError("a tensor that leaves its storage")
    return tensor if tuple(strides) == _rows(shape) else replace(tensor, strides=tuple(strides), stored=left)


def _rows(shape: Any) -> tuple[int, ...]:
    """The strides of an array that lies row after row."""
    found, step = [], 1
    for size in reversed(shape):
        found.append(step)
        step *= max(size, 1)
    return tuple(reversed(found))


def _named_storage(persistent: Persistent) -> tuple[tuple[str, str], str, int | None] | None:
    """The type of a storage, its name and its number of elements."""
    what = persistent.id
    if not (isinstance(what, tuple) and len(what) >= 5 and what[0] == "storage" and isinstance(what[1], Global)):
        return None
    kind = _STORAGES.get(what[1].name)
    return (kind, str(what[2]), int(what[4]) if isinstance(what[4], int) else None) if kind else None
