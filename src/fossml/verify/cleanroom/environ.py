"""The way of a command into a copy of its folder, and where the records of verifications lie."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path


def inside(env: Mapping[str, str], root: Path, folder: Path, wdir: Path) -> dict[str, str]:
    """The environment for a run in the copy `folder` of `root`: PYTHONPATH and PWD lead into the copy."""
    moved = {**env, "PWD": str(wdir)}
    if "PYTHONPATH" in env:
        parts = env["PYTHONPATH"].split(os.pathsep)
        moved["PYTHONPATH"] = os.pathsep.join(moved_path(part, root, folder) for part in parts)
    return moved


def moved_path(path: str, root: Path, folder: Path) -> str:
    """`path` in the copy, if it lies in the original."""
    return f"{folder}{path[len(str(root)) :]}" if path == str(root) or path.startswith(f"{root}/") else path


def moved_command(command: str, root: Path, folder: Path) -> str:
    """A command with absolute paths into the original led into the copy."""
    return re.sub(rf"{re.escape(str(root))}(?=[/\s'\";:]|$)", lambda _: str(folder), command)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where records of verifications lie: FOSSML_CACHE_DIR, else `fossml` below XDG_CACHE_HOME or ~/.cache."""
    if own := environ.get("FOSSML_CACHE_DIR"):
        return Path(own).absolute() / "verify"
    base = environ.get("XDG_CACHE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "fossml" / "verify"
