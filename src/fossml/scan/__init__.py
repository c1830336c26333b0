"""What one file says, read without importing, running or unpickling anything: pure, file by file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import IO

from fossml.scan import learning
from fossml.scan import text as lines
from fossml.scan.model import FileScan, Ignore, Import, Mark, NotebookScan, Parsed, PickleScan
from fossml.scan.notebook import scan_notebook
from fossml.scan.pickles import scan_pickle
from fossml.scan.python import PythonScan, scan_python
from fossml.scan.source import Budget
from fossml.scan.tolerant import scan_tolerant

__all__ = ["Budget", "FileScan", "Ignore", "Import", "Mark", "NotebookScan", "PickleScan", "scan_file", "scan_stream"]

MAX_CODE = 2 * 2**20
MAX_NOTEBOOK = 20 * 2**20
MAX_TEXT = 256 * 2**10
_CONFIG = {".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf"}
_SHELL = {".sh", ".bash", ".zsh", ".slurm", ".sbatch", ".mk"}
_LANGUAGES = {
    **dict.fromkeys((".R", ".r", ".jl"), "#"),
    **dict.fromkeys((".m", ".matlab"), "%"),
    **dict.fromkeys((".cpp", ".cc", ".cu", ".java", ".scala"), "//"),
    ".lua": "--",
}
"""Languages that are read by words -> what begins a comment in them."""
_ELSEWHERE = re.compile(
    r"(^|/)(\.github|\.circleci|\.gitlab|\.devcontainer|\.vscode|\.idea)/|(^|/)(\.travis|\.gitlab-ci|appveyor|docker-compose)[^/]*$"
    r"|\.lock$|package-lock\.json$"
)


def scan_file(path: str, data: bytes) -> FileScan:
    """What the bytes of one file say; `path` (POSIX, relative to the repository) tells what kind they claim to be."""
    return scan_stream(path, io.BytesIO(data), len(data))


def scan_stream(path: str, stream: IO[bytes], size: int, budget: Budget | None = None) -> FileScan:
    """As `scan_file`, for a file of `size` bytes of which no more is read than is looked at, within the budget."""
    budget = budget or Budget()
    head = stream.read(512)
    stream.seek(0)
    limit = _limit(path)
    if not lines.is_text(head):
        return FileScan(path, "binary", pickle=scan_pickle(path, stream, budget))
    if size > limit:
        return _too_large(path, stream, size, budget)
    data = stream.read(limit)
    return _scan_text(path, data, scan_pickle(path, io.BytesIO(data), budget))


def _limit(path: str) -> int:
    suffix = PurePosixPath(path).suffix
    return {".py": MAX_CODE, ".ipynb": MAX_NOTEBOOK}.get(suffix, MAX_TEXT)


def _too_large(path: str, stream: IO[bytes], size: int, budget: Budget) -> FileScan:
    """A large text: its beginning is searched for secrets, its whole for a pickle; code in it stays unknown."""
    head = stream.read(MAX_TEXT)
    stream.seek(0)
    code = path.endswith((".py", ".ipynb"))
    problem = f"{size / 2**20:.0f} MB; up to {_limit(path) / 2**20:.0f} MB are read" if code else ""
    return FileScan(
        path, "none", marks=tuple(lines.secrets(head)), pickle=scan_pickle(path, stream, budget), problem=problem
    )


def _scan_text(path: str, data: bytes, pickle: PickleScan | None) -> FileScan:
    text = lines.decode(data)
    secrets = tuple(lines.secrets(data))
    waivers = lines.ignores(text)
    suffix = PurePosixPath(path).suffix
    if suffix == ".ipynb":
        return _notebook(path, text, secrets, waivers, pickle)
    if suffix in {".py", ".pyw"} or (not suffix and re.match(r"#!.*python", text)):
        found, parsed, problem = _python(text)
        return _joined(path, parsed, found, secrets, waivers, pickle, problem)
    marks = (*secrets, *_plain_marks(path, suffix, text))
    return FileScan(path, "text", marks=_sorted(marks), ignores=waivers, pickle=pickle)


def _plain_marks(path: str, suffix: str, text: str) -> Iterable[Mark]:
    if _ELSEWHERE.search(path):
        return ()
    if suffix in _SHELL or PurePosixPath(path).name in {"Makefile", "makefile"} or re.match(r"#!.*\bsh\b", text):
        return (*lines.config_paths(text), *lines.shell_downloads(text), *learning.words(text, "#"))
    if suffix in _LANGUAGES:
        return learning.words(text, _LANGUAGES[suffix])
    if suffix in _CONFIG:
        return (mark for mark in lines.config_paths(text) if not mark.text.startswith("prefix:"))
    return ()


def _python(text: str) -> tuple[PythonScan, Parsed, str]:
    try:
        return scan_python(text.lstrip("\ufeff")), "ast", ""
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        return scan_tolerant(text), "tolerant", f"Python 3 cannot parse it: {error.msg}{where}"


def _notebook(
    path: str, text: str, secrets: tuple[Mark, ...], waivers: tuple[Ignore, ...], pickle: PickleScan | None
) -> FileScan:
    try:
        order, found, problem = scan_notebook(text)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return FileScan(path, "none", marks=secrets, pickle=pickle, problem=f"not a notebook: {error}")
    scan = _joined(path, "tolerant" if problem else "ast", found, secrets, waivers, pickle, problem)
    return FileScan(
        path, scan.parsed, scan.imports, scan.marks, waivers, None, scan.acts, scan.sys_path, order, pickle, problem
    )


def _joined(
    path: str,
    parsed: Parsed,
    found: PythonScan,
    secrets: tuple[Mark, ...],
    waivers: tuple[Ignore, ...],
    pickle: PickleScan | None,
    problem: str,
) -> FileScan:
    marks = _sorted((*secrets, *found.marks))
    imports = tuple(found.imports)
    return FileScan(
        path, parsed, imports, marks, waivers, found.main, found.acts, found.sys_path, None, pickle, problem
    )


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda mark: (mark.line or 0, mark.kind, mark.what)))
