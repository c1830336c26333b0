"""Jupyter notebooks: what they say and what came out, without metadata, counters and identifiers."""

from __future__ import annotations

from typing import IO, Any

from fossml.compare import words
from fossml.compare.documents import load_json
from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally, shown
from fossml.compare.numbers import Printed
from fossml.compare.trees import compare_trees


def compare_notebooks(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two notebooks cell by cell: sources, then outputs."""
    tally = Tally.of_form("notebook")
    a, b = load_json(budget.read(left)), load_json(budget.read(right))
    cells, others = _cells(a), _cells(b)
    _aside(a, b, tally)
    if len(cells) != len(others):
        tally.differ(Part("cells", str(len(cells)), str(len(others))))
    for place, (x, y) in enumerate(zip(cells, others, strict=False), 1):
        _cell(f"cell {place}", x, y, tally, budget)
    return tally.result()


def is_notebook(document: object) -> bool:
    """Whether a JSON document is a notebook of version 4."""
    return isinstance(document, dict) and isinstance(document.get("cells"), list) and "nbformat" in document


def _cells(document: Any) -> list[dict[str, Any]]:
    if not is_notebook(document):
        raise CannotCompareError("not a notebook of version 4")
    return [cell for cell in document["cells"] if isinstance(cell, dict)]


def _aside(a: dict[str, Any], b: dict[str, Any], tally: Tally) -> None:
    if a.get("metadata") != b.get("metadata"):
        tally.note("notebook metadata")
    if (a.get("nbformat"), a.get("nbformat_minor")) != (b.get("nbformat"), b.get("nbformat_minor")):
        tally.note("notebook version")


def _cell(where: str, a: dict[str, Any], b: dict[str, Any], tally: Tally, budget: Budget) -> None:
    for name, said in (("metadata", "cell metadata"), ("execution_count", "execution counts"), ("id", "cell ids")):
        if a.get(name) != b.get(name):
            tally.note(said)
    if a.get("cell_type") != b.get("cell_type"):
        tally.differ(Part(where, shown(str(a.get("cell_type"))), shown(str(b.get("cell_type")))))
        return
    _text(f"{where} source", _joined(a.get("source")), _joined(b.get("source")), tally, False)
    outs, others = _outputs(a), _outputs(b)
    if len(outs) != len(others):
        tally.differ(Part(f"{where} outputs", str(len(outs)), str(len(others))))
    for place, (x, y) in enumerate(zip(outs, others, strict=False), 1):
        _output(f"{where} output {place}" if len(outs) > 1 else f"{where} output", x, y, tally, budget)


def _outputs(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs, neighbouring texts of one stream joined: how they were cut depends on the clock."""
    found: list[dict[str, Any]] = []
    for one in cell.get("outputs") or ():
        if not isinstance(one, dict):
            continue
        text = _joined(one.get("text"))
        if found and one.get("output_type") == "stream" and found[-1].get("name") == one.get("name"):
            found[-1] = {**found[-1], "text": _joined(found[-1].get("text")) + text}
        else:
            found.append(one)
    return found


def _output(where: str, a: dict[str, Any], b: dict[str, Any], tally: Tally, budget: Budget) -> None:
    if a.get("execution_count") != b.get("execution_count"):
        tally.note("execution counts")
    if a.get("metadata") != b.get("metadata"):
        tally.note("output metadata")
    if a.get("output_type") != b.get("output_type"):
        tally.differ(Part(where, shown(str(a.get("output_type"))), shown(str(b.get("output_type")))))
        return
    for name in ("name", "ename", "evalue"):
        _text(f"{where} {name}", _joined(a.get(name)), _joined(b.get(name)), tally)
    _text(where, _joined(a.get("text")), _joined(b.get("text")), tally)
    shows, others = a.get("data") or {}, b.get("data") or {}
    for kind in {**shows, **others}:
        x, y = shows.get(kind), others.get(kind)
        if str(kind).startswith("text/") or str(kind).startswith("image/"):
            _text(f"{where} {kind}", _joined(x), _joined(y), tally)
        else:
            compare_trees(x, y, tally, budget, where=f"{where} {kind}")


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else value.text if isinstance(value, Printed) else ""


def _text(where: str, a: str, b: str, tally: Tally, output: bool = True) -> None:
    tally.of += 1
    if a == b:
        return
    if output and (notes := words.alike(a, b)) is not None:
        tally.note(*(f"{note} in outputs" for note in notes))
        return
    first, x, y = next(
        ((n, p, q) for n, (p, q) in enumerate(zip(a.splitlines(), b.splitlines(), strict=False), 1) if p != q),
        (0, a[-60:], b[-60:]),
    )
    tally.differ(Part(f"{where}, line {first}" if first else where, shown(x), shown(y)))
