"""Values within values (JSON, YAML, pickles) side by side, key by key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fossml.compare import words
from fossml.compare.model import Budget, Part, Tally, shown
from fossml.compare.numbers import Printed, apart, close, equal

_PLAIN = re.compile(r"[A-Za-z_][\w.-]*")
Special: TypeAlias = Callable[[str, Any, Any, Tally, Budget], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the walk does with leaves: `special` compares those of a type of its own; `normalise` leaves times aside.

    `expand` says, for the left and the right tree, what stands for a value: a mapping for an object, for example.
    """

    special: Mapping[type, Special]
    normalise: bool = True
    expand: tuple[Callable[[Any], Any], Callable[[Any], Any]] | None = None


PLAIN = Rules({})


def compare_trees(left: Any, right: Any, tally: Tally, budget: Budget, rules: Rules = PLAIN, where: str = "") -> None:
    """Add to `tally` where two trees of mappings, lists, numbers as printed and other leaves differ.

    Keys are compared in any order. A value that is reached twice from both sides is compared once, so that cycles end.
    """
    pending: list[tuple[str, str, Any, Any]] = [(where, "", left, right)]
    seen: set[tuple[int, int]] = set()
    while pending:
        at, name, a, b = pending.pop()
        budget.step()
        if not isinstance(a, str | int | float | bytes | Printed | None):
            if (id(a), id(b)) in seen:
                continue
            seen.add((id(a), id(b)))
        if rules.expand:
            a, b = rules.expand[0](a), rules.expand[1](b)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            pending += reversed(_mappings(at, a, b, tally))
        elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
            pending += reversed(_lists(at, name, a, b, tally, budget))
        else:
            tally.of += 1
            _leaves(at, name, a, b, tally, budget, rules)


def _mappings(at: str, a: Mapping[Any, Any], b: Mapping[Any, Any], tally: Tally) -> list[tuple[str, str, Any, Any]]:
    common = [name for name in a if name in b]
    if common != [name for name in b if name in a]:
        tally.note("order of keys")
    for name in a:
        if name not in b:
            tally.differ(Part(_below(at, name), brief(a[name]), None))
    for name in b:
        if name not in a:
            tally.differ(Part(_below(at, name), None, brief(b[name])))
    return [(_below(at, name), str(name), a[name], b[name]) for name in common]


def _lists(
    at: str, name: str, a: Sequence[Any], b: Sequence[Any], tally: Tally, budget: Budget
) -> list[tuple[str, str, Any, Any]]:
    if len(a) != len(b):
        tally.differ(Part(at or "length", f"{len(a)} items", f"{len(b)} items"))
    elif len(a) > 1 and _is_shuffled(a, b, budget):
        tally.differ(Part(at or "items", brief(a), f"the same {len(b)} items in another order"), count=len(a))
        return []
    return [(f"{at}[{place}]", name, x, y) for place, (x, y) in enumerate(zip(a, b, strict=False))]


def _is_shuffled(a: Sequence[Any], b: Sequence[Any], budget: Budget) -> bool:
    """Whether `b` holds the items of `a`, leaves all, in another order."""
    if a == b or not all(isinstance(one, str | Printed | bool | None) for one in (*a, *b)):
        return False
    budget.step(len(a))
    return Counter(a) == Counter(b)


def _leaves(at: str, name: str, a: Any, b: Any, tally: Tally, budget: Budget, rules: Rules) -> None:
    a, b = _printed(a), _printed(b)
    special = rules.special.get(type(a))
    if special is not None and type(a) is type(b):
        special(at, a, b, tally, budget)
    elif isinstance(a, Printed) and isinstance(b, Printed):
        _numbers(at, name, a, b, tally, rules)
    elif isinstance(a, str) and isinstance(b, str):
        _texts(at, a, b, tally, rules)
    elif type(a) is not type(b) or a != b:
        tally.differ(Part(at, brief(a), brief(b)))


def _printed(value: Any) -> Any:
    """A number of Python as it prints."""
    return Printed(repr(value)) if type(value) in (int, float) else value


def _numbers(at: str, name: str, a: Printed, b: Printed, tally: Tally, rules: Rules) -> None:
    if a.text == b.text:
        return
    if equal(a, b):
        tally.note("how numbers are written")
    elif rules.normalise and words.is_time(name):
        tally.note(f"times ({at})")
    else:
        tally.differ(Part(at, shown(a.text), shown(b.text), apart(a, b)), close=close(a, b))


def _texts(at: str, a: str, b: str, tally: Tally, rules: Rules) -> None:
    if a == b:
        return
    if rules.normalise and (notes := words.alike(a, b)) is not None:
        tally.note(*notes)
    else:
        tally.differ(Part(at, shown(a), shown(b)))


def _below(at: str, name: Any) -> str:
    text = str(name)
    if not isinstance(name, str) or not _PLAIN.fullmatch(text):
        return f"{at}[{shown(name if isinstance(name, str) else repr(name))}]"
    return f"{at}.{text}" if at else text


def brief(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, Printed):
        return shown(value.text)
    if isinstance(value, Mapping):
        return f"{len(value)} keys"
    if isinstance(value, list | tuple):
        return f"{len(value)} items"
    return shown(value) if isinstance(value, str) else shown(str(value))
