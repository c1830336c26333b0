"""Where a number stands written down: as a constant in the sources, or in a file that no stage makes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from fossml.scan.text import decode, is_text, shown
from fossml.types import Evidence
from fossml.verify.controls.chance import tree_of

_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]*\w)")
_MOST = 2**20


def telling(value: float) -> bool:
    """Whether a number is one of few: more digits than a setting has, and no bound of a score."""
    return len(f"{value:.12g}".lstrip("-0.").replace(".", "")) >= 3 and value not in (100.0,)


def places(root: Path, value: float, sources: Iterable[str], files: Iterable[str]) -> tuple[Evidence, ...]:
    """Where `value` stands as a constant of the Python files `sources`, or as a number in the text `files`."""
    if not telling(value):
        return ()
    found = [Evidence(path, line, text) for path in sources for line, text in _in_source(root / path, value)]
    found += [Evidence(path, line, text) for path in files for line, text in _in_text(root / path, value)]
    return tuple(found)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-12 * max(abs(one), abs(other))


def _in_source(path: Path, value: float) -> Iterator[tuple[int, str]]:
    read = tree_of(path)
    if read is None:
        return
    for node in ast.walk(read[0]):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            number = float(node.value)  # type: ignore[arg-type]
            if _same(number, value) or _same(number, value * 100):
                yield node.lineno, shown(read[1][node.lineno - 1].strip())


def _in_text(path: Path, value: float) -> Iterator[tuple[int, str]]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST:
            return
        data = path.read_bytes()
    except OSError:
        return
    if not is_text(data[:8192]):
        return
    for number, line in enumerate(decode(data).splitlines(), 1):
        if any(_same(float(one), value) for one in _NUMBER.findall(line)):
            yield number, shown(line.strip())
