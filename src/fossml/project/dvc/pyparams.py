"""Parameters in a Python file: literals that are assigned, read without running anything."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

_UNREADABLE = (ValueError, TypeError, RecursionError, MemoryError, SyntaxError)


def parse(text: str) -> dict[str, Any]:
    """Names and values of `name = literal`, classes as mappings, `self.name = literal` of an `__init__`.

    What is not a literal is left out. Raises SyntaxError, ValueError or RecursionError for what is not Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # nobody runs it here
        return _names(ast.parse(text).body, of_self=False)


def _names(body: Iterable[ast.stmt], *, of_self: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            found.update(_assigned(statement, of_self=of_self))
        elif isinstance(statement, ast.ClassDef):
            found[statement.name] = _names(statement.body, of_self=False)
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found.update(_names(statement.body, of_self=True))
    return found


def _assigned(statement: ast.Assign | ast.AnnAssign, *, of_self: bool) -> Iterator[tuple[str, Any]]:
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else statement.targets
    name = _name(targets[0], of_self=of_self) if len(targets) == 1 else None
    if name is None or statement.value is None:
        return
    try:
        yield name, ast.literal_eval(statement.value)
    except _UNREADABLE:
        return


def _name(target: ast.expr, *, of_self: bool) -> str | None:
    if isinstance(target, ast.Name):
        return None if of_self else target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return None
