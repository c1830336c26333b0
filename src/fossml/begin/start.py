"""A new project in an empty folder: small, without dependencies, and it builds."""

from __future__ import annotations

import re
from pathlib import Path

from fossml.begin.change import Change
from fossml.begin.files import list_files

TEMPLATE = Path(__file__).parent / "template"


def is_empty(root: Path) -> bool:
    """Whether there is nothing but what every new repository has: README, LICENSE, hidden files."""
    return all(re.match(r"(readme|licen[cs]e|copying)[^/]*$", path, re.IGNORECASE) for path in list_files(root))


def template(root: Path) -> tuple[Change, ...]:
    """The files of the project; one that is there stays as it is. `gitignore` stands for .gitignore."""
    files = sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = {re.sub(r"^gitignore$", ".gitignore", path.relative_to(TEMPLATE).as_posix()): path for path in files}
    return tuple(
        Change(name, None, path.read_text(encoding="utf-8"))
        for name, path in names.items()
        if not (root / name).exists()
    )
