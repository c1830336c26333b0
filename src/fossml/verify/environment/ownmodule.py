"""Modules of the author's own that the commit lacks: not to be taken for packages of the same name."""

from __future__ import annotations

import contextlib
from pathlib import Path

from fossml.engine.records import read_runs
from fossml.errors import FossmlError


def own_module(root: Path, name: str) -> str | None:
    """The file that module `name` was on the author's machine, where the project at `root` tells and lacks it.

    A recorded run read it, or .gitignore names it; None where neither does.
    """
    top = name.partition(".")[0]
    for path in _read_by_runs(root):
        if (path.endswith(f"/{top}.py") or path == f"{top}.py" or f"/{top}/" in f"/{path}") and path.endswith(".py"):
            return path if not (root / path).exists() else None
    for line in _ignored(root):
        if line.strip("/").rpartition("/")[2] in (top, f"{top}.py"):
            place = line.strip("/")
            return place if not (root / place).exists() else None
    return None


def _read_by_runs(root: Path) -> tuple[str, ...]:
    with contextlib.suppress(FossmlError, OSError):
        seen = [run.discovered for run in read_runs(root) if run.discovered]
        return tuple(path for one in seen for path in (*one.sources, *one.files))
    return ()


def _ignored(root: Path) -> list[str]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "!"))]
    return []
