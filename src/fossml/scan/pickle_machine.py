"""A pickle read as a program, never run: which imports it makes and whether it calls what it computed."""

from __future__ import annotations

import math
import pickletools
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from fossml.scan.allowed import is_allowed

_LONGEST_WORD = 1000
_IDENTIFIER = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_DTYPE = re.compile(r"[<>|=]?([?biufcSUVmMO])(\d*)")


class Stream(Protocol):
    """What a pickle is read from. `skip` moves on without keeping what it passes."""

    def read(self, size: int, /) -> Any:
        """Up to `size` bytes."""

    def readline(self) -> bytes:
        """One line with its end."""

    def skip(self, size: int) -> None:
        """Move on by `size` bytes."""


@dataclass(slots=True)
class Budget:
    """What may still be spent on one file: opcodes, bytes unpacked, members opened."""

    ops: int = 500_000
    bytes: int = 512 * 2**20
    members: int = 5_000


class OverBudgetError(Exception):
    """The file is larger than what a look at it may cost."""


class BrokenError(Exception):
    """The bytes stop being a pickle here."""


@dataclass(frozen=True, slots=True)
class _Global:
    module: str
    name: str


@dataclass(slots=True)
class _Made:
    """An object that the pickle builds: by calling `what` with `args`."""

    what: object
    args: object


_ARRAY_WRAPPERS = [
    _Global(module, "NumpyArrayWrapper") for module in ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle")
]
_MARK = object()
_OTHER = object()


@dataclass(slots=True)
class Machine:
    """Stack, memo and what has been found; `run` reads one pickle up to its STOP."""

    stream: Stream
    budget: Budget
    imports: set[str] = field(default_factory=set)
    calls: int = 0
    stack: list[object] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)

    def run(self) -> None:
        """Read one pickle. Raises BrokenError where the bytes are none, OverBudgetError where it is too long."""
        self.stack.clear()
        self.memo.clear()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._steps()
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError) as error:
            raise BrokenError(str(error)) from error

    def _steps(self) -> None:
        for op, arg, _ in pickletools.genops(self.stream):  # type: ignore[arg-type]
            self._spend()
            _STEPS.get(op.name, _generic)(self, op, arg)

    def _spend(self) -> None:
        self.budget.ops -= 1
        if self.budget.ops < 0:
            raise OverBudgetError("more instructions than are looked at")

    def pop_mark(self) -> list[object]:
        """Everything above the topmost mark, which goes too."""
        items: list[object] = []
        while (top := self.stack.pop()) is not _MARK:
            items.append(top)
        return items[::-1]

    def found(self, module: object, name: object) -> _Global:
        """Note an import; one whose name is computed cannot be judged and is kept as such."""
        if not (isinstance(module, str) and isinstance(name, str)):
            self.imports.add("a name computed while loading")
            return _Global("?", "?")
        if not is_allowed(module, name):
            self.imports.add(f"{module} {name}")
        return _Global(module, name)

    def call(self, what: object, args: object) -> None:
        """Push what a call makes; calling anything but an import is not something that data needs."""
        self.calls += 1
        if not isinstance(what, _Global):
            self.imports.add("a call of something made while loading")
        self.stack.append(_Made(what, args))

    def array_bytes(self, state: object) -> None:
        """Step over the raw array that joblib writes behind its wrapper, or read the pickle that stands there."""
        if not isinstance(state, dict):
            raise BrokenError("an array without shape")
        size = _itemsize(state.get("dtype"))
        if size is None:
            Machine(self.stream, self.budget, self.imports).run()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self.stream.skip(self.stream.read(1)[0])
        self.stream.skip(size * math.prod(state["shape"]))


def _itemsize(dtype: object) -> int | None:
    """Bytes an item, None for objects (a pickle follows)."""
    code = dtype.args[0] if isinstance(dtype, _Made) and isinstance(dtype.args, tuple) and dtype.args else None
    match = _DTYPE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        raise BrokenError("an array of a type that is not known here")
    kind, digits = match.groups()
    if kind == "O":
        return None
    return int(digits or 1) * (4 if kind == "U" else 1)


def _generic(machine: Machine, op: pickletools.OpcodeInfo, arg: object) -> None:
    before = list(op.stack_before)
    if pickletools.markobject in before:
        machine.pop_mark()
        before = before[: before.index(pickletools.markobject)]
    for _ in before:
        machine.stack.pop()
    kept = isinstance(arg, int) or (isinstance(arg, str) and len(arg) <= _LONGEST_WORD)
    machine.stack.extend((arg if kept else _OTHER) for _ in op.stack_after)


def _mark(machine: Machine, *_: object) -> None:
    machine.stack.append(_MARK)


def _dup(machine: Machine, *_: object) -> None:
    machine.stack.append(machine.stack[-1])


def _pop(machine: Machine, *_: object) -> None:
    machine.stack.pop()


def _pop_mark(machine: Machine, *_: object) -> None:
    machine.pop_mark()


def _memoize(machine: Machine, *_: object) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _put(machine: Machine, _: object, arg: Any) -> None:
    machine.memo[arg] = machine.stack[-1]


def _get(machine: Machine, _: object, arg: Any) -> None:
    machine.stack.append(machine.memo[arg])


def _tuple(machine: Machine, *_: object) -> None:
    machine.stack.append(tuple(machine.pop_mark()))


def _small_tuple(size: int) -> Callable[..., None]:
    def step(machine: Machine, *_: object) -> None:
        if len(machine.stack) < size:
            raise BrokenError("nothing to make a tuple of")
        items = machine.stack[len(machine.stack) - size :]
        del machine.stack[len(machine.stack) - size :]
        machine.stack.append(tuple(items))

    return step


def _dict(machine: Machine, *_: object) -> None:
    machine.stack.append({})


def _none(machine: Machine, *_: object) -> None:
    machine.stack.append(None)


def _set_items(machine: Machine, op: pickletools.OpcodeInfo, _: object) -> None:
    items = machine.pop_mark() if op.name == "SETITEMS" else [machine.stack.pop(), machine.stack.pop()][::-1]
    target = machine.stack[-1]
    if isinstance(target, dict) and len(target) < 100:
        pairs = zip(items[::2], items[1::2], strict=False)
        target.update((key, value) for key, value in pairs if isinstance(key, str))


def _global(machine: Machine, op: pickletools.OpcodeInfo, arg: Any) -> None:
    module, _, name = arg.partition(" ")
    if not (_IDENTIFIER.fullmatch(module) and _IDENTIFIER.fullmatch(name)):
        machine.imports.add(f"{module} {name}")
    what = machine.found(module, name)
    if op.name == "INST":
        machine.call(what, tuple(machine.pop_mark()))
    else:
        machine.stack.append(what)


def _stack_global(machine: Machine, *_: object) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.found(module, name))


def _extension(machine: Machine, *_: object) -> None:
    machine.stack.append(machine.found(None, None))


def _reduce(machine: Machine, *_: object) -> None:
    args, what = machine.stack.pop(), machine.stack.pop()
    machine.call(what, args)


def _new_with_keywords(machine: Machine, *_: object) -> None:
    machine.stack.pop()
    _reduce(machine)


def _obj(machine: Machine, *_: object) -> None:
    items = machine.pop_mark()
    machine.call(items[0], tuple(items[1:]))


def _build(machine: Machine, *_: object) -> None:
    state, made = machine.stack.pop(), machine.stack[-1]
    machine.calls += 1
    if isinstance(made, _Made) and made.what in _ARRAY_WRAPPERS:
        machine.array_bytes(state)


_STEPS: dict[str, Callable[..., None]] = {
    "MARK": _mark,
    "DUP": _dup,
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "MEMOIZE": _memoize,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    "TUPLE": _tuple,
    **{f"TUPLE{size}": _small_tuple(size) for size in (1, 2, 3)},
    "EMPTY_TUPLE": _small_tuple(0),
    "EMPTY_DICT": _dict,
    "NONE": _none,
    **dict.fromkeys(("SETITEM", "SETITEMS"), _set_items),
    **dict.fromkeys(("GLOBAL", "INST"), _global),
    "STACK_GLOBAL": _stack_global,
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _extension),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _reduce),
    "NEWOBJ_EX": _new_with_keywords,
    "OBJ": _obj,
    "BUILD": _build,
}
