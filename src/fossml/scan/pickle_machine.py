"""A pickle read as a program, never run: which imports it makes and whether it calls what it computed.

It follows every way in which a loader could read the bytes: those of joblib, where raw arrays stand between
instructions, and those of pickle itself, to which these bytes are instructions.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from fossml.scan.allowed import is_allowed
from fossml.scan.model import PickleScan
from fossml.scan.opcodes import OPAQUE, Payload
from fossml.scan.source import BrokenError, Budget, Source

Inner = Callable[[bytes], PickleScan | None]
_NAMED = re.compile(r"[^\W\d][^\s\"'(){}\[\],;:=]*")
_MOST_IMPORTS = 100


@dataclass(frozen=True, slots=True)
class Global:
    """Something imported."""

    module: str
    name: str


@dataclass(slots=True)
class Made:
    """An object that the pickle builds: by calling `what` with `args`, then with `state` given to it."""

    what: object
    args: object
    state: object = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """Bytes that were looked at as a file of their own."""

    scan: PickleScan | None


MARK = object()
_LOADS_BYTES = Global("torch.storage", "_load_from_bytes")
_ENCODE = Global("_codecs", "encode")
_GETATTR = (Global("builtins", "getattr"), Global("__builtin__", "getattr"))
_ONLY_CALLED = (*_GETATTR, _LOADS_BYTES)
_EMPTY = (Global("xgboost.core", "Booster"), Global("lightgbm.basic", "Booster"))
"""Whose constructors read the file that an argument names: data makes them empty, and gives them their bytes then."""
_ATTRIBUTES = {(Global("zoneinfo", "ZoneInfo"), "_unpickle"): Global("zoneinfo", "ZoneInfo._unpickle")}
"""What `getattr` may be asked for: how the standard library pickles a class method."""
ARRAYS = frozenset(
    Global(module, "NumpyArrayWrapper") for module in ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle")
)


@dataclass(slots=True)
class Machine:
    """Stack, memo and what has been found while a pickle is read.

    `strict`: nothing says that the bytes are a pickle, so the first thing that a loader would refuse ends them.
    `plain`: read as pickle reads, which knows nothing of joblib. `acts`: it calls an import that is not allowed.
    """

    source: Source
    budget: Budget
    inner: Inner
    strict: bool = False
    imports: set[str] = field(default_factory=set)
    calls: int = 0
    acts: bool = False
    odd: str = ""
    plain: bool = False
    stack: list[object] = field(default_factory=list)
    memo: dict[object, object] = field(default_factory=dict)

    # the stack

    def push(self, value: object) -> None:
        """Put a value on top, bytes judged."""
        self.stack.append(self.looked_into(value) if isinstance(value, Payload) else value)

    def pop(self) -> object:
        """The top; a loader has none to give below a mark."""
        if self.stack and self.stack[-1] is not MARK:
            return self.used(self.stack.pop())
        self.refused("nothing on the stack")
        return OPAQUE

    def callee(self) -> object:
        """The top, to be called."""
        if self.stack and self.stack[-1] in _ONLY_CALLED:
            return self.stack.pop()
        return self.pop()

    def used(self, value: object) -> object:
        """What is judged by its arguments is nothing to be passed on."""
        if isinstance(value, Global) and value in _ONLY_CALLED:
            self.note(f"{value.module} {value.name}")
        return value

    def top(self) -> object:
        """The top, which stays."""
        if self.stack and self.stack[-1] is not MARK:
            return self.stack[-1]
        self.refused("nothing on the stack")
        return OPAQUE

    def pop_mark(self) -> list[object]:
        """Everything above the topmost mark, which goes too."""
        items: list[object] = []
        while self.stack:
            if (top := self.stack.pop()) is MARK:
                return items[::-1]
            items.append(self.used(top))
        self.refused("no mark")
        return items[::-1]

    def refused(self, why: str) -> None:
        """A loader stops here. What follows is read all the same where the bytes surely are a pickle."""
        if self.strict:
            raise BrokenError(why)

    # what is found

    def note(self, what: str) -> None:
        """Keep a finding; a hundred tell as much as a million."""
        if len(self.imports) < _MOST_IMPORTS:
            self.imports.add(what)

    def found(self, module: object, name: object) -> Global:
        """Note an import; one whose name is computed cannot be judged and is kept as such."""
        if not (isinstance(module, str) and isinstance(name, str)):
            self.note("a name computed while loading")
            return Global("?", "?")
        if self.strict and not (_NAMED.fullmatch(module) and _NAMED.fullmatch(name)):
            raise BrokenError("no name")
        if not (is_allowed(module, name) or Global(module, name) in _GETATTR):
            self.note(f"{module} {name}")
        return Global(module, name)

    def call(self, what: object, args: object) -> None:
        """Push what a call makes; calling anything but an import is not something that data needs."""
        self.calls += 1
        if what in _GETATTR and isinstance(args, tuple) and (found := _attribute(args)):
            self.stack.append(found)
            return
        if what in _GETATTR:
            self.used(what)
        if not isinstance(what, Global):
            if not self.strict:
                self.note("a call of something made while loading")
        elif what == _LOADS_BYTES:
            self.bytes_loaded(args)
        elif not is_allowed(what.module, what.name):
            self.acts = True
        elif what in _EMPTY and args != ():
            self.note(f"{what.module} {what.name}, called with arguments")
            self.acts = True
        first = args[0] if isinstance(args, tuple) and args else None
        if what == _ENCODE and isinstance(first, str):
            self.push(Payload(first.encode("latin-1", "ignore")))
        elif what == _ENCODE and isinstance(first, _Judged):
            self.stack.append(first)
        else:
            self.stack.append(Made(what, args))

    def bytes_loaded(self, args: object) -> None:
        """Torch unpickles the bytes of a tensor: they must have been judged safe."""
        first = args[0] if isinstance(args, tuple) and args else None
        if not (isinstance(first, _Judged) and first.scan is not None and first.scan.verdict == "safe"):
            self.note("torch.storage _load_from_bytes")

    def changed(self, target: object) -> None:
        """Data is given to objects that were made; to give it to something imported changes the program."""
        if isinstance(target, Global):
            self.note(f"a change of {target.module} {target.name}")

    def looked_into(self, payload: Payload) -> object:
        """Bytes that are a pickle or an archive of one count as what they are."""
        scan = self.inner(payload.data)
        if scan is None:
            return payload.data if len(payload.data) < 256 else OPAQUE
        if scan.verdict == "unsafe":
            for name in scan.imports:
                self.note(name)
            self.acts = True
        elif scan.verdict == "unknown":
            self.odd = f"bytes in it: {scan.reason}"
        return _Judged(scan)


def _attribute(args: tuple[object, ...]) -> Global | None:
    """What `getattr` hands out, where that is allowed."""
    whose, name = args if len(args) == 2 else (None, None)
    return _ATTRIBUTES.get((whose, name)) if isinstance(whose, Global) and isinstance(name, str) else None


_INSTALLED = (
    "numpy scipy pandas sklearn torch torchvision joblib xgboost lightgbm pip setuptools pkg_resources "
    "cloudpickle dill tensorflow keras transformers mlflow IPython yaml __builtin__ commands cPickle "
)


def is_module(name: str) -> bool:
    """Whether a text is surely meant as a module: one of Python or of well-known packages, or one with dots."""
    return "." in name or name in _INSTALLED.split() or name in sys.stdlib_module_names


def named(imports: set[str]) -> bool:
    """Whether one of the imports is surely a module: random text hardly names one."""
    return any(is_module(name.partition(" ")[0]) for name in imports)
