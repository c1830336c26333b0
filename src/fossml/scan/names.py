"""What names and literals in a syntax tree stand for, as far as it can be known without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence


class Names:
    """What imported names mean in one source, and which names hold one literal string."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.constants: dict[str, str] = {}

    def learn(self, tree: ast.Module) -> None:
        """Learn what imported names stand for, and which names hold one literal string."""
        assigned: dict[str, list[ast.expr]] = {}
        for node in _statements(tree):
            if isinstance(node, ast.Import):
                self.aliases.update(
                    {a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names}
                )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self.aliases.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                assigned.setdefault(node.targets[0].id, []).append(node.value)
        for name, values in assigned.items():
            if len(values) == 1 and (value := self.literal(values[0])) is not None:
                self.constants[name] = value

    def dotted(self, node: ast.expr) -> str:
        """The full dotted name of what is called, "" where it is not a plain name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.aliases.get(node.id, node.id), *reversed(parts)])

    def literal(self, node: ast.expr | None) -> str | None:
        """A string that can be known without running: constants, their sums, joined paths."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)):
            left, right = self.literal(node.left), self.literal(node.right)
            joint = "/" if isinstance(node.op, ast.Div) else ""
            return None if left is None or right is None else left + joint + right
        if isinstance(node, ast.Call) and node.args:
            return self._joined(node)
        return None

    def _joined(self, node: ast.Call) -> str | None:
        if self.dotted(node.func) not in {"os.path.join", "pathlib.Path", "Path", "str"}:
            return None
        parts = [self.literal(arg) for arg in node.args]
        return None if None in parts else "/".join(part for part in parts if part is not None)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, without a look into expressions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for block in ("body", "orelse", "finalbody", "handlers"):
            inner = getattr(node, block, None)
            if isinstance(inner, list):
                waiting.extend(inner)
                yield from (one for one in inner if isinstance(one, ast.stmt))


def said(arguments: Sequence[ast.expr]) -> Iterator[str]:
    """The words that a call prints, as far as they are written out in it."""
    for one in arguments:
        if isinstance(one, ast.Constant):
            yield str(one.value)
        elif isinstance(one, ast.JoinedStr):
            yield from said(one.values)
        elif isinstance(one, ast.BinOp):
            yield from said((one.left, one.right))
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            yield from said((one.func.value,))


def strings(node: ast.Call) -> Iterator[str]:
    """Every string that is written out below a call."""
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def is_true(node: ast.expr | None) -> bool:
    """The constant True."""
    return isinstance(node, ast.Constant) and node.value is True


def is_false(node: ast.expr | None) -> bool:
    """The constant False."""
    return isinstance(node, ast.Constant) and node.value is False
