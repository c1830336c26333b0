"""What each instruction of a pickle does to the machine that follows it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from fossml.scan import pickle_arrays
from fossml.scan.allowed import is_name_of_data
from fossml.scan.opcodes import OPAQUE, READERS
from fossml.scan.pickle_machine import ARRAYS, MARK, Global, Machine, Made, is_module
from fossml.scan.source import BrokenError

_Step = Callable[[Machine, Any], None]


def run(machine: Machine) -> None:
    """Read one pickle up to its STOP. BrokenError where the bytes are none, OverBudgetError where it is too long."""
    while True:
        machine.budget.step()
        code = machine.source.take(1)[0]
        if code not in READERS:
            raise BrokenError(f"0x{code:02x} is no instruction")
        name, read = READERS[code]
        arg = read(machine.source)
        if name == "STOP":
            return
        STEPS[name](machine, arg)


def _array(machine: Machine, state: object) -> None:
    """Step over the raw array that joblib writes behind its wrapper, or read the pickle that stands there."""
    _as_instructions(machine)
    layout = pickle_arrays.layout(state)
    machine.odd = layout.odd or machine.odd
    if layout.padded:
        machine.source.skip(machine.source.take(1)[0])
    if layout.objects:
        # joblib gives the rest to pickle, which knows nothing of raw arrays
        run(Machine(machine.source, machine.budget, machine.inner, plain=True, imports=machine.imports))
    else:
        machine.source.skip(layout.size)


def _as_instructions(machine: Machine) -> None:
    """What a loader that knows nothing of joblib would do from here on."""
    head = machine.source.peek()
    if not head or head[0] not in READERS:
        return
    place = machine.source.tell()
    stack, memo = list(machine.stack), dict(machine.memo)
    machine.budget.step((len(stack) + len(memo)) // 16)
    other = Machine(machine.source, machine.budget, machine.inner, strict=True, plain=True, stack=stack, memo=memo)
    with contextlib.suppress(BrokenError):
        run(other)
    for name in other.imports:
        module, _, what = name.partition(" ")
        # Numbers in the memo mean something else here, so names of data get modules that do not exist.
        if is_module(module) and not is_name_of_data(what):
            machine.note(name)
    machine.source.seek(place)


def _nothing(_: Machine, __: object) -> None:
    pass


def _push(machine: Machine, arg: object) -> None:
    machine.push(arg)


def _constant(value: object) -> _Step:
    return lambda machine, _: machine.stack.append(value)


def _fresh(make: Callable[[], object]) -> _Step:
    return lambda machine, _: machine.stack.append(make())


def _pop(machine: Machine, _: object) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.refused("nothing on the stack")


def _pop_mark(machine: Machine, _: object) -> None:
    machine.pop_mark()


def _dup(machine: Machine, _: object) -> None:
    machine.stack.append(machine.top())


def _memoize(machine: Machine, _: object) -> None:
    machine.memo[len(machine.memo)] = machine.top()


def _put(machine: Machine, arg: object) -> None:
    machine.memo[arg] = machine.top()


def _get(machine: Machine, arg: object) -> None:
    if arg not in machine.memo:
        machine.refused("nothing of that number in the memo")
    machine.stack.append(machine.memo.get(arg, OPAQUE))


def _tuple(machine: Machine, _: object) -> None:
    machine.stack.append(tuple(machine.pop_mark()))


def _small_tuple(size: int) -> _Step:
    def step(machine: Machine, _: object) -> None:
        machine.stack.append(tuple([machine.pop() for _ in range(size)][::-1]))

    return step


def _collected(machine: Machine, _: object) -> None:
    machine.pop_mark()
    machine.stack.append(OPAQUE)


def _dict(machine: Machine, _: object) -> None:
    target: dict[object, object] = {}
    _keep(target, machine.pop_mark())
    machine.stack.append(target)


def _keep(target: object, items: list[object]) -> None:
    if isinstance(target, dict) and len(target) < 1000:
        pairs = zip(items[::2], items[1::2], strict=False)
        target.update((key, value) for key, value in pairs if isinstance(key, str))


def _append(machine: Machine, _: object) -> None:
    machine.pop()
    machine.changed(machine.top())


def _appends(machine: Machine, _: object) -> None:
    machine.pop_mark()
    machine.changed(machine.top())


def _set_item(machine: Machine, _: object) -> None:
    items = [machine.pop(), machine.pop()][::-1]
    machine.changed(machine.top())
    _keep(machine.top(), items)


def _set_items(machine: Machine, _: object) -> None:
    items = machine.pop_mark()
    machine.changed(machine.top())
    _keep(machine.top(), items)


def _global(machine: Machine, arg: tuple[str, str]) -> None:
    machine.stack.append(machine.found(*arg))


def _inst(machine: Machine, arg: tuple[str, str]) -> None:
    what = machine.found(*arg)
    machine.call(what, tuple(machine.pop_mark()))


def _stack_global(machine: Machine, _: object) -> None:
    name, module = machine.pop(), machine.pop()
    machine.stack.append(machine.found(module, name))


def _extension(machine: Machine, _: object) -> None:
    machine.stack.append(machine.found(None, None))


def _reduce(machine: Machine, _: object) -> None:
    args, what = machine.pop(), machine.callee()
    machine.call(what, args)


def _new_with_keywords(machine: Machine, _: object) -> None:
    machine.pop()
    _reduce(machine, None)


def _obj(machine: Machine, _: object) -> None:
    items = machine.pop_mark()
    if not items:
        machine.refused("nothing to call")
    machine.call(items[0] if items else OPAQUE, tuple(items[1:]))


def _build(machine: Machine, _: object) -> None:
    state, made = machine.pop(), machine.top()
    machine.calls += 1
    machine.changed(made)
    if isinstance(made, Made):
        made.state = state
        if made.what in ARRAYS and not machine.plain:
            _array(machine, state)
            machine.stack[-1] = Made(Global("numpy", "ndarray"), ())


def _persistent(machine: Machine, _: object) -> None:
    """What torch's loader makes of an identity: the class of a module, which is called then, or a storage."""
    identity = machine.pop()
    module = isinstance(identity, tuple) and len(identity) > 1 and identity[0] == "module"
    machine.stack.append(identity[1] if module and isinstance(identity, tuple) else OPAQUE)


_VALUES = (
    "INT LONG FLOAT BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE "
    "BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 "
)
STEPS: dict[str, _Step] = {
    **dict.fromkeys(("PROTO", "FRAME", "READONLY_BUFFER"), _nothing),
    **dict.fromkeys(_VALUES.split(), _push),
    **dict.fromkeys(("PERSID", "NEXT_BUFFER", "NEWTRUE", "NEWFALSE", "EMPTY_LIST", "EMPTY_SET"), _constant(OPAQUE)),
    "NONE": _constant(None),
    "MARK": _constant(MARK),
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _dup,
    "MEMOIZE": _memoize,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    "EMPTY_TUPLE": _constant(()),
    "TUPLE": _tuple,
    **{f"TUPLE{size}": _small_tuple(size) for size in (1, 2, 3)},
    "EMPTY_DICT": _fresh(dict),
    "DICT": _dict,
    **dict.fromkeys(("LIST", "FROZENSET"), _collected),
    "APPEND": _append,
    **dict.fromkeys(("APPENDS", "ADDITEMS"), _appends),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "GLOBAL": _global,
    "INST": _inst,
    "STACK_GLOBAL": _stack_global,
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _extension),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _reduce),
    "NEWOBJ_EX": _new_with_keywords,
    "OBJ": _obj,
    "BUILD": _build,
    "BINPERSID": _persistent,
}
