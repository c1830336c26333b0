"""What a Python file says of itself as an entry point, by its syntax tree alone: nothing is imported or run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

INTERFACES = frozenset({"argparse", "click", "fire", "hydra", "typer", "absl", "docopt", "simple_parsing", "tyro"})
"""Libraries that read a command line."""

WORKS = frozenset({"fit", "fit_transform", "train", "backward", "save", "savefig", "dump", "to_csv", "savez"})
"""Methods that do the work of a script which has no `main`."""

READS = frozenset({"parse_args", "parse_known_args"})
"""Methods that read the command line of a script whose work is done in functions."""

FIXED = frozenset({"seed", "manual_seed", "manual_seed_all", "set_seed", "seed_everything", "default_rng"})

TRAINS = frozenset({"fit", "partial_fit", "train_step", "backward"})
"""Methods that train."""

_NAMES = tuple(
    re.compile(rf"(^|[_\-.\d])({names})", re.IGNORECASE)
    for names in ("train|fit", "main|run|experiment", "prepare|preprocess", "eval|evaluate|test")
)
"""Names of scripts, the kinds in the order in which they are likely to be what a reader looks for."""


@dataclass(frozen=True, slots=True)
class Seed:
    """How a seed goes in, at `where` (file:line): `kind` and `name` as `[seed]` has them, or `fixed` in the code."""

    kind: str
    name: str
    where: str


@dataclass(frozen=True, slots=True)
class Script:
    """A file that can be run; `line` is where it starts work, `interface` the library that reads its command line.

    `trains`: something in it calls a method that does.
    """

    path: str
    line: int
    interface: str | None
    seeds: tuple[Seed, ...] = ()
    trains: bool = False


def read_script(path: str, source: str) -> tuple[Script | None, tuple[Seed, ...]]:
    """The entry point that `source` is, if it is one, and the seeds it sets or takes in any case."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the repository's code, which is not ours to judge here
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None, ()
    seeds = tuple(sorted(set(_seeds(path, tree)), key=lambda seed: (int(seed.where.rpartition(":")[2]), seed.kind)))
    line = _start(path, tree)
    trains = any(_trains(node) for node in ast.walk(tree))
    return (Script(path, line, _interface(tree), seeds, trains) if line is not None else None), seeds


def _trains(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TRAINS


def rank(script: Script) -> tuple[int, bool, int, str]:
    """Sort key: what trains by its name, then by what it does; what prepares or evaluates later; shallow ones first."""
    stem = PurePosixPath(script.path).stem
    kinds = [place for place, names in enumerate(_NAMES) if names.search(stem)]
    kind = kinds[0] if kinds else 2 if script.trains else len(_NAMES)
    return (kind, not script.trains, script.path.count("/"), script.path)


def _start(path: str, tree: ast.Module) -> int | None:
    for node in tree.body:
        if isinstance(node, ast.If) and _is_main(node.test):
            return node.lineno
    name = PurePosixPath(path).name
    if name in {"__init__.py", "setup.py", "conftest.py"} or name.startswith("test_"):
        return None
    found = (node.lineno for methods in (WORKS, READS) for node in tree.body if _calls(node, methods))
    return next(found, None)


def _is_main(test: ast.expr) -> bool:
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    values = {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}
    return "__name__" in names and "__main__" in values


def _calls(node: ast.stmt, methods: frozenset[str]) -> bool:
    """Whether a statement at module level calls one of these methods."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return False
    calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return any(isinstance(func, ast.Attribute) and func.attr in methods for func in calls)


def imports(tree: ast.Module) -> Iterator[str]:
    """The top-level names of all modules imported anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _interface(tree: ast.Module) -> str | None:
    found = sorted(INTERFACES.intersection(imports(tree)))
    return found[0] if found else None


def _seeds(path: str, tree: ast.Module) -> Iterator[Seed]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call_seeds(path, node)
        elif isinstance(node, ast.Subscript) and _dotted(node.value) == "os.environ":
            yield from _environment(path, [node.slice], node.lineno)


def _call_seeds(path: str, call: ast.Call) -> Iterator[Seed]:
    called = _dotted(call.func)
    last = called.rpartition(".")[2]
    if last in {"add_argument", "option"}:
        words = (arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
        flag = next((word for word in words if re.fullmatch(r"--[\w-]*seed", word, re.IGNORECASE)), None)
        if flag:
            yield Seed("flag", flag, f"{path}:{call.lineno}")
    elif called in {"os.environ.get", "os.getenv", "getenv", "environ.get"}:
        yield from _environment(path, call.args[:1], call.lineno)
    elif last in FIXED and any(isinstance(arg, ast.Constant) and isinstance(arg.value, int) for arg in call.args):
        yield Seed("fixed", called, f"{path}:{call.lineno}")
    for keyword in call.keywords:
        if keyword.arg in {"random_state", "seed"} and _is_number(keyword.value):
            yield Seed("fixed", f"{last}({keyword.arg}=...)", f"{path}:{keyword.value.lineno}")


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)


def _environment(path: str, names: list[ast.expr], line: int) -> Iterator[Seed]:
    for name in names:
        value = name.value if isinstance(name, ast.Constant) else None
        if isinstance(value, str) and "SEED" in value.upper() and value != "PYTHONHASHSEED":
            yield Seed("env", value, f"{path}:{line}")


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain; its tail where it starts with something else than a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))
