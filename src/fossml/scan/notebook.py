"""What a Jupyter notebook says: its code as one source, and the order in which its cells ran."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from fossml.scan.model import Import, Mark, NotebookScan
from fossml.scan.python import PythonScan, scan_python
from fossml.scan.text import shell_downloads
from fossml.scan.tolerant import scan_tolerant

_MAGIC = re.compile(r"^\s*[%!?]|^\s*[\w, ]+=\s*[!%]|\?\s*$")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    line: int | None
    cell: int


def scan_notebook(text: str) -> tuple[NotebookScan, PythonScan, str]:
    """Scan a notebook: its order, what its code says, and a problem if the code is not Python 3.

    Lines are those of the .ipynb file. Raises ValueError where the text is no notebook.
    """
    book = json.loads(text)
    cells = list(_code_cells(book))
    lines = list(_lines(cells, text.splitlines()))
    order = NotebookScan(_language(book), tuple(_count(cell) for cell in cells), _starts(lines, len(cells)))
    if order.language not in {"", "python", "python2", "python3"}:
        return order, PythonScan(), ""
    found, problem = _scan([line.text for line in lines])
    return order, _placed(found, lines), problem


def _code_cells(book: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(book, dict):
        raise ValueError("no notebook")
    sheets = book.get("worksheets") or [book]
    for sheet in sheets:
        for cell in sheet.get("cells", ()):
            if cell.get("cell_type") == "code" and _source(cell).strip():
                yield cell


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(map(str, source))


def _count(cell: dict[str, Any]) -> int | None:
    count = cell.get("execution_count", cell.get("prompt_number"))
    return count if isinstance(count, int) else None


def _language(book: dict[str, Any]) -> str:
    metadata = book.get("metadata") or {}
    kernel = metadata.get("kernelspec") or {}
    return str(kernel.get("language") or (metadata.get("language_info") or {}).get("name") or "").lower()


def _lines(cells: list[dict[str, Any]], raw: list[str]) -> Iterator[_Line]:
    """The lines of code with their place in the file, found in order; None where the file is written otherwise."""
    place = 0
    for number, cell in enumerate(cells):
        for line in _source(cell).splitlines():
            found = _find(line, raw, place)
            place = found if found is not None else place
            yield _Line(line, None if found is None else found + 1, number)


def _find(line: str, raw: list[str], start: int) -> int | None:
    if not line.strip():
        return None
    wanted = {json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1]}
    for index in range(start, min(start + 2000, len(raw))):
        if any(raw[index].lstrip().startswith('"' + form) for form in wanted):
            return index
    return None


def _starts(lines: list[_Line], cells: int) -> tuple[int | None, ...]:
    first: dict[int, int | None] = {}
    for line in lines:
        if line.line is not None:
            first.setdefault(line.cell, line.line)
    return tuple(first.get(cell) for cell in range(cells))


def _scan(code: list[str]) -> tuple[PythonScan, str]:
    """Magics count as `pass`; what they download is noted."""
    magic = [_MAGIC.search(line) is not None for line in code]
    plain = [_passed(line) if is_magic else line for line, is_magic in zip(code, magic, strict=True)]
    try:
        found, problem = scan_python("\n".join(plain)), ""
    except SyntaxError as error:
        found, problem = scan_tolerant("\n".join(plain)), f"not Python 3: {error.msg}"
    shell = "\n".join(line if is_magic else "" for line, is_magic in zip(code, magic, strict=True))
    found.marks.extend(shell_downloads(shell))
    return found, problem


def _passed(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + "pass"


def _placed(found: PythonScan, lines: list[_Line]) -> PythonScan:
    """The same findings, with the lines of the file in place of those of the code."""

    def place(line: int | None) -> int | None:
        return lines[line - 1].line if line and line <= len(lines) else None

    imports: list[Import] = [replace(item, line=place(item.line)) for item in found.imports]
    marks: list[Mark] = [replace(mark, line=place(mark.line)) for mark in found.marks]
    return PythonScan(imports, marks, None, bool(lines), found.sys_path)
