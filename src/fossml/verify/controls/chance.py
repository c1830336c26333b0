"""Where the sources of a stage draw random numbers, and where they write a seed down as a constant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from fossml.scan import calls
from fossml.scan.python import parse
from fossml.scan.text import decode, shown
from fossml.types import Evidence

Kind: TypeAlias = Literal["draw", "constant"]

_METHODS = frozenset(
    [
        "shuffle",
        "permutation",
        "permuted",
        "choice",
        "choices",
        "randint",
        "randrange",
        "integers",
        "standard_normal",
        "normal",
        "uniform",
        "gauss",
        "normalvariate",
        "randn",
        "rand",
        "randperm",
        "random_split",
        "binomial",
        "poisson",
        "exponential",
        "multinomial",
        "dirichlet",
        "bernoulli",
        "betavariate",
        "expovariate",
        "lognormal",
        "laplace",
        "geometric",
        "random_sample",
        "sample",
    ]
)
_FEW_DRAW = re.compile(
    r"DecisionTree|GradientBoosting|AdaBoost|SpectralClustering|TruncatedSVD|NMF|GaussianMixture|permutation_importance"
)
"""They take a random_state and may well come out the same with every one."""
_SEEDERS = frozenset({"RandomState", "default_rng", "Random", "PRNGKey", "Generator", "seed", "manual_seed"})
_MOST = 2**20


def draws(root: Path, paths: Iterable[str]) -> dict[Kind, tuple[Evidence, ...]]:
    """The places in the Python files `paths` below `root` that draw, and that give a constant as the seed."""
    found: dict[Kind, list[Evidence]] = {"draw": [], "constant": []}
    for path in sorted(set(paths)):
        for kind, line, text in _in_file(root / path):
            found[kind].append(Evidence(path, line, text))
    return {kind: tuple(places) for kind, places in found.items()}


_GENERATORS = frozenset({"Random", "default_rng", "RandomState", "seed", "manual_seed"})
_CHANCE = frozenset({"SystemRandom", "urandom", "getrandbits", "randbits", "token_bytes", "token_hex", "randbelow"})
"""What the system draws, which takes no seed; `uuid4` apart, with which runs are named."""
_MOMENTS = frozenset({"time", "time_ns", "now", "utcnow", "today", "perf_counter", "monotonic", "getpid", "urandom"})
_SEEDING = re.compile(r"(^|_)seed(_|$|all)|^manual_seed|^set_seed|^seed_everything")


def unreached(root: Path, paths: Iterable[str]) -> tuple[Evidence, ...]:
    """Where no seed reaches what is drawn: a generator made without one or of the clock, the system's own chance,
    and the module's functions where nothing in `paths` seeds them."""
    read = {path: found for path in sorted(set(paths)) if (found := tree_of(root / path))}
    calls_of = {path: [n for n in ast.walk(tree) if isinstance(n, ast.Call)] for path, (tree, _) in read.items()}
    seeded = any(_SEEDING.search(called(node)) for nodes in calls_of.values() for node in nodes)
    return tuple(
        Evidence(path, node.lineno, shown(read[path][1][node.lineno - 1].strip()))
        for path, nodes in calls_of.items()
        for node in nodes
        if _is_unreached(node, seeded)
    )


def _is_unreached(node: ast.Call, seeded: bool) -> bool:
    name = called(node)
    given = [*node.args, *(word.value for word in node.keywords)]
    if name in _GENERATORS:
        nothing = all(isinstance(one, ast.Constant) and one.value is None for one in given)
        inner = (part for one in given for part in ast.walk(one) if isinstance(part, ast.Call))
        return nothing or any(called(one) in _MOMENTS for one in inner)
    if name in _CHANCE:
        return True
    return not seeded and name in {*_METHODS, "random"} and isinstance(node.func, ast.Attribute) and _is_module(node)


def _is_module(node: ast.Call) -> bool:
    """Whether the function is one of the module `random` of Python or NumPy, not of a generator."""
    of = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(of, ast.Attribute):
        return of.attr == "random" and isinstance(of.value, ast.Name) and of.value.id in ("np", "numpy")
    return isinstance(of, ast.Name) and of.id == "random"


def tree_of(path: Path) -> tuple[ast.Module, list[str]] | None:
    """The syntax tree of a Python file and its lines; None where it is none, or too large."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST:
            return None
        source = decode(path.read_bytes())
        return parse(source), source.splitlines()
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _in_file(path: Path) -> Iterator[tuple[Kind, int, str]]:
    read = tree_of(path)
    if read is None:
        return
    tree, lines = read
    constants = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for kind in _kinds(node, constants):
                yield kind, node.lineno, shown(lines[node.lineno - 1].strip())


def _kinds(node: ast.Call, constants: frozenset[str]) -> Iterator[Kind]:
    name = called(node)
    state = next((word.value for word in node.keywords if word.arg in ("random_state", "seed")), None)
    takes = name in calls.TAKES_RANDOM_STATE or (name in calls.ONLY_IF_SHUFFLED and _shuffles(node))
    if (takes and not _FEW_DRAW.search(name) and not _in_order(node)) or (
        isinstance(node.func, ast.Attribute) and (name in _METHODS or (name == "random" and not node.args))
    ):
        yield "draw"
    if name in _SEEDERS and node.args:
        state = node.args[0]
    if state is not None and _is_constant(state, constants):
        yield "constant"


def called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _shuffles(node: ast.Call) -> bool:
    return any(
        w.arg == "shuffle" and isinstance(w.value, ast.Constant) and w.value.value is True for w in node.keywords
    )


def _in_order(node: ast.Call) -> bool:
    return any(w.arg == "shuffle" and isinstance(w.value, ast.Constant) and not w.value.value for w in node.keywords)


def _constants(tree: ast.Module) -> frozenset[str]:
    """Names of the module that hold one number and are never given another value."""
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        values.setdefault(part.id, []).append(node.value)
    return frozenset(name for name, given in values.items() if len(given) == 1 and _is_constant(given[0], frozenset()))


def _is_constant(node: ast.expr, names: frozenset[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)
