"""The files of a repository that its author would call his: no tool's folders, no environments, no links followed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

TOOLS = frozenset({"__pycache__", "node_modules", "site-packages", "mlruns", "mlartifacts", "wandb", "lightning_logs"})
"""Folders that tools fill, and number anew with every run. Hidden ones are left out as well."""

Snapshot = Mapping[str, tuple[int, int, int]]
"""Path -> time of the content's last change and of any last change, in ns, and size in bytes."""

MOST_FILES = 50_000
MOST_BYTES = 2_000_000


def list_files(root: Path) -> list[str]:
    """Paths relative to `root`, POSIX, sorted within each folder; at most MOST_FILES."""
    found: list[str] = []
    for path in _walk(root):
        found.append(path)
        if len(found) >= MOST_FILES:
            break
    return found


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not _is_foreign(here / name))
        for name in sorted(files):
            if not name.startswith(".") and not (here / name).is_symlink():
                yield (here / name).relative_to(root).as_posix()


def _is_foreign(folder: Path) -> bool:
    name = folder.name
    return name.startswith(".") or name in TOOLS or name.endswith(".egg-info") or (folder / "pyvenv.cfg").exists()


def text_of(root: Path, path: str) -> str | None:
    """The text of a file, None where it is no file of UTF-8 text, too large, or outside by a link."""
    target = root / path
    try:
        inside = target.resolve().is_relative_to(root.resolve())
        if not inside or not target.is_file() or target.stat().st_size > MOST_BYTES:
            return None
        return target.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def snapshot(root: Path) -> Snapshot:
    """How the files are now."""
    seen = {}
    for path in list_files(root):
        try:
            stat = (root / path).stat()
        except OSError:
            continue
        seen[path] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
    return seen
