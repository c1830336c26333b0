"""How many bytes an array takes that joblib or NumPy writes raw, or whether a pickle stands there instead."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from fossml.scan.source import BrokenError

_DTYPE = re.compile(r"[<>|=]?([?biufcSUVmMOaB])(\d*)(?:\[[^\]]*\])?")
_DEEPEST = 8
_NO_ELSIZE = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands in the file: `objects` is a pickle, else `size` raw bytes. `odd` says what is told in two ways."""

    size: int
    objects: bool
    padded: bool = False
    odd: str = ""


def layout(state: object) -> Layout:
    """What follows a wrapper of joblib that was given this state."""
    if not isinstance(state, dict):
        raise BrokenError("an array without shape")
    shape = state.get("shape")
    if not (isinstance(shape, tuple) and all(isinstance(size, int) for size in shape)):
        raise BrokenError("an array without shape")
    size, objects, odd = _item(state.get("dtype"), _DEEPEST)
    padded = state.get("numpy_array_alignment_bytes") is not None and not objects
    return Layout(size * math.prod(shape), objects, padded, odd)


def _item(dtype: Any, depth: int) -> tuple[int, bool, str]:
    """Bytes an item, whether it holds objects, and what is odd about it. `dtype` is the object the pickle builds."""
    args = getattr(dtype, "args", None)
    code = args[0] if isinstance(args, tuple) and args else None
    match = _DTYPE.fullmatch(code) if isinstance(code, str) else None
    if match is None or depth == 0:
        raise BrokenError("an array of a type that is not known here")
    kind, digits = match.groups()
    size = int(digits or 1) * (4 if kind == "U" else 1)
    told = dtype.state[5] if isinstance(dtype.state, tuple) and len(dtype.state) > 5 else None
    odd = ""
    if kind in "VSU" and isinstance(told, int) and told != _NO_ELSIZE and told != size:
        odd = "the size of an array's items is told in two ways"
    if kind != "V":
        return size, kind == "O", odd
    return size, _holds_objects(dtype.state, depth), odd


def _holds_objects(state: object, depth: int) -> bool:
    """Whether a field or the base of a compound type holds objects; a type that cannot be followed may."""
    if state is None:
        return False
    if not isinstance(state, tuple) or len(state) < 5:
        raise BrokenError("an array of a type that is not known here")
    base, fields = state[2], state[4]
    inner = [base[0]] if isinstance(base, tuple) and base else []
    if isinstance(fields, dict):
        inner += [one[0] if isinstance(one, tuple) and one else None for one in fields.values()]
    elif fields is not None:
        raise BrokenError("an array of a type that is not known here")
    if isinstance(state[3], tuple) and len(state[3]) != len(fields or {}):
        raise BrokenError("an array of a type that is not known here")
    return any(_item(one, depth - 1)[1] for one in inner)


def described(descr: object, depth: int = _DEEPEST) -> int | None:
    """Bytes an item of the type that a NumPy header describes; None where it holds, or may hold, objects."""
    if depth == 0:
        return None
    if isinstance(descr, str):
        match = _DTYPE.fullmatch(descr)
        if match is None or match[1] == "O":
            return None
        return int(match[2] or 1) * (4 if match[1] == "U" else 1)
    if isinstance(descr, tuple) and len(descr) == 2:
        return _times(described(descr[0], depth - 1), descr[1])
    if isinstance(descr, list):
        total = 0
        for one in descr:
            size = described(one[1], depth - 1) if isinstance(one, tuple) and len(one) in (2, 3) else None
            size = _times(size, one[2]) if size is not None and len(one) == 3 else size
            if size is None:
                return None
            total += size
        return total
    return None


def _times(size: int | None, shape: object) -> int | None:
    sizes = shape if isinstance(shape, tuple) else (shape,)
    if size is None or not all(isinstance(one, int) for one in sizes):
        return None
    return size * math.prod(sizes)
