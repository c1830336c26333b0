"""The digest of a Python source that comments, formatting and docstrings do not move."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator

_LEFT_OUT = frozenset({"ctx", "type_comment", "kind", "type_ignores"})
"""Fields of syntax nodes that follow from where they stand, or mean nothing when the code runs."""
_READ_AS_TEXT = (b"__doc__", b"docopt", b"getsource", b"doctest")
"""A source that names one of these may do something with docstrings."""


def source_digest(data: bytes) -> str:
    """MD5 in hex of what `data` means to Python; of its bytes where this Python cannot parse it.

    Equal for two versions of a source that differ in comments, formatting or docstrings. It is made from the syntax
    tree without empty fields, so that Pythons that know different optional fields agree.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        meaning = "\n".join(_lines(tree, any(word in data for word in _READ_AS_TEXT)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return hashlib.md5(b"bytes\n" + data, usedforsecurity=False).hexdigest()
    return hashlib.md5(meaning.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _lines(node: ast.AST, docstrings: bool) -> Iterator[str]:
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        if value is None or value == [] or name in _LEFT_OUT:
            continue
        if name == "body" and not docstrings and _has_docstring(node):
            value = value[1:]
        yield f".{name}"
        yield from _value(value, docstrings)
    yield "/"


def _value(value: object, docstrings: bool) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield from _lines(value, docstrings)
    elif isinstance(value, list):
        for one in value:
            yield from _value(one, docstrings)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield f"int {value:x}"  # the decimal digits of a huge number are refused by Python
    else:
        yield f"{type(value).__name__} {value!r}"


def _has_docstring(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not body:
        return False
    return (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
