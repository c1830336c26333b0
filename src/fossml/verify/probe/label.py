"""Which column of the data the model learns to tell: as declared, or guessed from parameters, code and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import read_params, rooted
from fossml.verify.controls import rows
from fossml.verify.controls.chance import called, tree_of
from fossml.verify.controls.tables import suffix
from fossml.verify.metrics.document import find, keys

_USUAL = [
    "label",
    "labels",
    "target",
    "targets",
    "class",
    "y",
    "species",
    "outcome",
    "diagnosis",
    "survived",
    "churn",
    "quality",
    "sentiment",
    "category",
    "is_fraud",
    "default",
    "loan_status",
    "income",
    "price",
    "medv",
]
_HOLDS = re.compile(r"^(y|labels?|targets?|classes)(_\w+)?$", re.I)
_CLASSES = 20
_PARAM = re.compile(r"(^|[._])(target|label)(_?(col|column|name|feature))?$", re.I)


@dataclass(frozen=True, slots=True)
class Label:
    """A column, the files that have it, and how it is known."""

    column: str
    files: tuple[str, ...]
    how: str


def label_of(project: Project, folder: Path, files: Sequence[str], sources: Iterable[str]) -> Label | None:
    """The label among the columns of `files` below `folder`; None where nothing says it."""
    tables = {path: frozenset(_records(folder / path).names) for path in files}
    known = frozenset(name for names in tables.values() for name in names)
    if project.config.label:
        return _of(project.config.label, tables, "as fossml.toml says")
    guesses = [*_from_params(project, known), *_from_code(project.root, sources, known), *_from_names(known)]
    guesses += [guess for path in files for guess in _from_values(folder / path)]
    return next((_of(name, tables, how) for name, how in guesses), None)


def _of(column: str, tables: Mapping[str, frozenset[str]], how: str) -> Label | None:
    files = tuple(path for path, names in tables.items() if column in names)
    return Label(column, files, how) if files else None


def _from_params(project: Project, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    for file in sorted({rooted(stage, one.path) for stage in project.stages for one in stage.params}):
        try:
            values = read_params(project.root, file)
        except FossmlError:
            continue
        for name in keys(values):
            value = next(iter(find(values, name).values()), None)
            if _PARAM.search(name) and isinstance(value, str) and value in known:
                yield value, f"guessed from {file}:{name}"


def _from_code(root: Path, sources: Iterable[str], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """`y = df["species"]`, `y = df.pop("species")`, `X = df.drop(columns=["species"])`."""
    for path in sources:
        read = tree_of(root / path)
        for node in ast.walk(read[0]) if read else ():
            if isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and _HOLDS.match(t.id) for t in node.targets
            ):
                for name in _columns(node.value, known):
                    yield name, f"guessed from {path}:{node.lineno}"
            elif isinstance(node, ast.Call) and called(node) in ("drop", "pop"):
                names = _columns(node, known)
                if len(names) == 1:
                    yield names[0], f"guessed from {path}:{node.lineno}"


def _columns(node: ast.AST, known: frozenset[str]) -> list[str]:
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [name for name in dict.fromkeys(found) if name in known]


def _from_names(known: frozenset[str]) -> Iterator[tuple[str, str]]:
    for usual in _USUAL:
        for name in sorted(known):
            if name.lower() == usual:
                yield name, "guessed from its name"


def _from_values(path: Path) -> Iterator[tuple[str, str]]:
    """The first or the last column, where it alone of the two holds few values and most others hold many."""
    table = _records(path)
    apart = list(zip(*table.rows, strict=True))
    few = [1 < len(set(column)) <= min(_CLASSES, len(column) // 5) for column in apart]
    ends = [place for place in (0, len(few) - 1) if few and few[place]]
    if len(ends) == 1 and sum(few) * 2 < len(few):
        yield table.names[ends[0]], f"guessed from {path.name}: it alone holds few values"


def _records(path: Path) -> rows.Records:
    """The rows of what has named columns; a plain text has none."""
    return rows.Records() if suffix(path.name) == ".txt" else rows.records(path)
