"""A pickle read as a program into a tree of what it would build; nothing is imported, called or loaded."""

from __future__ import annotations

import math
import pickletools
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np

from fossml.compare.model import Budget, CannotCompareError
from fossml.compare.tensors import Tensor

_LONGEST_LINE = 2**16
_DTYPE = re.compile(r"[<>|=]?[?bBhHiIlLqQefdgFDGSUVmM]?[biufcSUVmM?]?\d*(\[\w+\])?")
_WRAPPERS = frozenset({"joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"})


@dataclass(frozen=True, slots=True)
class Global:
    """Something that the pickle would import."""

    module: str
    name: str

    def __str__(self) -> str:
        """As one writes it."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Persistent:
    """Something that lies elsewhere, under the identifier `id`: a storage of torch."""

    id: object


@dataclass(eq=False, slots=True)
class Made:
    """What a call would make: `what(*args, **named)`, then its state, items and pairs; `tensor` if it is an array."""

    what: object
    args: object
    named: object = None
    state: object = None
    items: list[object] = field(default_factory=list)
    pairs: dict[object, object] = field(default_factory=dict)
    tensor: Tensor | None = None


@dataclass(eq=False, slots=True)
class Unordered:
    """A set: the order of its items says nothing."""

    items: list[object] = field(default_factory=list)


_MARK = object()


class _Bounded:
    """The stream for pickletools, which asks for as much as the pickle says."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, size: int) -> bytes:
        """Up to `size` bytes."""
        self._budget.loads(size)
        return self._stream.read(size)

    def readline(self) -> bytes:
        """One line."""
        line = self._stream.readline(_LONGEST_LINE)
        if len(line) == _LONGEST_LINE:
            raise CannotCompareError("a pickle with a line without end")
        return line


class Machine:
    """Stack and memo; `run` reads one pickle from `stream` up to its STOP."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self.stream, self.budget = stream, budget
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The tree. CannotCompareError where the bytes are no whole pickle."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for op, arg, _ in pickletools.genops(_Bounded(self.stream, self.budget)):  # type: ignore[arg-type]
                    self.budget.step()
                    _STEPS.get(op.name, _unknown)(self, op.name, arg)
            return self.stack.pop()
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError) as error:
            raise CannotCompareError(f"not a whole pickle: {error}") from error

    def pop_mark(self) -> list[Any]:
        """Everything above the topmost mark, which goes too."""
        items = []
        while (top := self.stack.pop()) is not _MARK:
            items.append(top)
        return items[::-1]

    def call(self, what: Any, args: Any, named: Any = None) -> None:
        """Push what a call would make; those that only carry bytes are seen through."""
        name = str(what)
        if name == "_codecs.encode" and isinstance(args, tuple) and len(args) == 2 and isinstance(args[0], str):
            self.stack.append(args[0].encode(str(args[1])) if args[1] in ("latin1", "latin-1", "utf-8") else args[0])
        elif name == "copyreg._reconstructor" and isinstance(args, tuple) and args:
            self.stack.append(Made(args[0], ()))
        elif name in ("builtins.set", "__builtin__.set", "builtins.frozenset") and isinstance(args, tuple):
            self.stack.append(Unordered(list(args[0]) if args else []))
        elif name.removeprefix("__builtin__.").removeprefix("builtins.") in ("bytes", "bytearray"):
            self.stack.append(args[0] if args else b"")
        else:
            self.stack.append(Made(what, args, named))

    def array(self, made: Made, state: Any) -> None:
        """The raw array that joblib writes behind its wrapper: where it lies; or the pickle that stands there."""
        dtype = dtype_of(state["dtype"])
        if dtype is None:
            made.items.append(Machine(self.stream, self.budget).run())
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self.stream.seek(self.stream.read(1)[0], 1)
        shape = tuple(int(one) for one in state["shape"])
        place, size = self.stream.tell(), dtype.itemsize * math.prod(shape)
        if min(shape, default=0) < 0 or size > 2**48:
            raise CannotCompareError("an array of impossible size")
        made.tensor = Tensor(dtype.name, dtype, shape, self.stream, place, state.get("order") == "F")
        self.stream.seek(size, 1)


def dtype_of(made: Any) -> np.dtype[Any] | None:
    """The type that a pickled numpy.dtype describes; None for one that holds Python objects."""
    if not isinstance(made, Made) or not isinstance(made.args, tuple) or not made.args:
        raise CannotCompareError("an array of a type that is not known here")
    code = made.args[0]
    state = made.state if isinstance(made.state, tuple) else ()
    if isinstance(code, str) and code.startswith(("V", "|V")) and len(state) > 4 and state[3]:
        return _structured(state)
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        if isinstance(code, str) and code.lstrip("|").startswith("O"):
            return None
        raise CannotCompareError("an array of a type that is not known here")
    dtype = np.dtype(code)
    return dtype.newbyteorder(">") if len(state) > 1 and state[1] == ">" else dtype


def _structured(state: tuple[Any, ...]) -> np.dtype[Any] | None:
    names, fields = state[3], state[4]
    kinds, offsets = [], []
    for name in names:
        kind, offset = fields[name][:2]
        inner = dtype_of(kind)
        if inner is None:
            return None
        kinds.append(inner)
        offsets.append(int(offset))
    return np.dtype({"names": list(names), "formats": kinds, "offsets": offsets, "itemsize": int(state[5])})


_Step = Callable[[Machine, str, Any], None]


def _unknown(_machine: Machine, name: str, _arg: Any) -> None:
    raise CannotCompareError(f"a pickle with the instruction {name}, which is not followed here")


def _push(machine: Machine, _name: str, arg: Any) -> None:
    machine.stack.append(arg)


def _constant(value: Any) -> _Step:
    return lambda machine, _name, _arg: machine.stack.append(value)


def _nothing(_machine: Machine, _name: str, _arg: Any) -> None:
    """Frames and the protocol say nothing about the value."""


def _new(make: Callable[[], Any]) -> _Step:
    return lambda machine, _name, _arg: machine.stack.append(make())


def _pop(machine: Machine, _name: str, _arg: Any) -> None:
    machine.stack.pop()


def _dup(machine: Machine, _name: str, _arg: Any) -> None:
    machine.stack.append(machine.stack[-1])


def _memoize(machine: Machine, _name: str, arg: Any) -> None:
    machine.memo[len(machine.memo) if arg is None else arg] = machine.stack[-1]


def _get(machine: Machine, _name: str, arg: Any) -> None:
    machine.stack.append(machine.memo[arg])


def _tuple(machine: Machine, name: str, _arg: Any) -> None:
    if name == "TUPLE":
        machine.stack.append(tuple(machine.pop_mark()))
        return
    size = int(name[-1])
    items = machine.stack[len(machine.stack) - size :]
    if len(items) < size:
        raise IndexError("nothing to make a tuple of")
    del machine.stack[len(machine.stack) - size :]
    machine.stack.append(tuple(items))


def _list(machine: Machine, _name: str, _arg: Any) -> None:
    machine.stack.append(machine.pop_mark())


def _dict(machine: Machine, _name: str, _arg: Any) -> None:
    items = machine.pop_mark()
    machine.stack.append({_key(k): v for k, v in zip(items[::2], items[1::2], strict=True)})


def _frozen_set(machine: Machine, _name: str, _arg: Any) -> None:
    machine.stack.append(Unordered(machine.pop_mark()))


def _append(machine: Machine, name: str, _arg: Any) -> None:
    items = machine.pop_mark() if name in ("APPENDS", "ADDITEMS") else [machine.stack.pop()]
    target = machine.stack[-1]
    (target if isinstance(target, list) else target.items).extend(items)


def _set_items(machine: Machine, name: str, _arg: Any) -> None:
    items = machine.pop_mark() if name == "SETITEMS" else [machine.stack.pop(), machine.stack.pop()][::-1]
    target = machine.stack[-1]
    pairs = target if isinstance(target, dict) else target.pairs
    pairs.update((_key(k), v) for k, v in zip(items[::2], items[1::2], strict=True))


def _key(value: Any) -> object:
    """A key of a mapping: itself if it is plain, else in words."""
    if isinstance(value, str | int | float | bytes | Global) or value is None:
        return value
    if isinstance(value, tuple) and all(isinstance(one, str | int | float | bytes | Global | None) for one in value):
        return value
    return f"{type(value).__name__} {getattr(value, 'what', '')} {getattr(value, 'args', '')}"[:200]


def _global(machine: Machine, name: str, arg: Any) -> None:
    what = Global(*str(arg).split(" ", 1))
    if name == "INST":
        machine.call(what, tuple(machine.pop_mark()))
    else:
        machine.stack.append(what)


def _stack_global(machine: Machine, _name: str, _arg: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(Global(str(module), str(name)))


def _reduce(machine: Machine, _name: str, _arg: Any) -> None:
    args, what = machine.stack.pop(), machine.stack.pop()
    machine.call(what, args)


def _new_with_names(machine: Machine, _name: str, _arg: Any) -> None:
    named, args, what = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    machine.call(what, args, named)


def _obj(machine: Machine, _name: str, _arg: Any) -> None:
    items = machine.pop_mark()
    machine.call(items[0], tuple(items[1:]))


def _build(machine: Machine, _name: str, _arg: Any) -> None:
    state, made = machine.stack.pop(), machine.stack[-1]
    if not isinstance(made, Made):
        raise CannotCompareError("a pickle that gives a state to what has none")
    made.state = state
    what = made.what
    if isinstance(what, Global) and what.module in _WRAPPERS and what.name == "NumpyArrayWrapper":
        machine.array(made, state)


def _persistent(machine: Machine, name: str, arg: Any) -> None:
    machine.stack.append(Persistent(machine.stack.pop() if name == "BINPERSID" else arg))


_STEPS: dict[str, _Step] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP", "READONLY_BUFFER"), _nothing),
    **dict.fromkeys(
        ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING")
        + ("SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES")
        + ("SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        _push,
    ),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "MARK": _constant(_MARK),
    "NEXT_BUFFER": _new(lambda: Persistent("buffer")),
    "EMPTY_TUPLE": _constant(()),
    "EMPTY_LIST": _new(list),
    "EMPTY_DICT": _new(dict),
    "EMPTY_SET": _new(Unordered),
    "POP": _pop,
    "POP_MARK": lambda machine, _name, _arg: (machine.pop_mark(), None)[1],
    "DUP": _dup,
    **dict.fromkeys(("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"), _memoize),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"), _tuple),
    "LIST": _list,
    "DICT": _dict,
    "FROZENSET": _frozen_set,
    **dict.fromkeys(("APPEND", "APPENDS", "ADDITEMS"), _append),
    **dict.fromkeys(("SETITEM", "SETITEMS"), _set_items),
    **dict.fromkeys(("GLOBAL", "INST"), _global),
    "STACK_GLOBAL": _stack_global,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _reduce),
    "NEWOBJ_EX": _new_with_names,
    "OBJ": _obj,
    "BUILD": _build,
    **dict.fromkeys(("PERSID", "BINPERSID"), _persistent),
}
