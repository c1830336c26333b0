"""What a uv.lock holds, as uv writes it out, with nothing of the repository's own settings or code."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from fossml.types import Evidence, Finding
from fossml.verify.environment.pythons import Python
from fossml.verify.environment.uv import Uv
from fossml.verify.environment.wanted import Wanted, checked_indexes, parse_exported

_MOST_MEMBERS = 100


def with_lock(wanted: Wanted, root: Path, first: Python | None, uv: Uv, folder: Path) -> Wanted:
    """`wanted` with what its uv.lock holds, read in the empty `folder`; as it is where it has none."""
    if [name.rpartition("/")[2] for name in wanted.files] != ["uv.lock"]:
        return wanted
    members = [path for path in sorted(root.glob("**/pyproject.toml")) if _is_own(path, root)]
    for path in members[:_MOST_MEMBERS]:
        copy = folder / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (folder / "uv.lock").write_bytes((root / wanted.files[0]).read_bytes())
    python = ("--python", first.path) if first else ()
    # Nothing of [tool.uv] counts: it may name where Pythons are downloaded from, and uv runs them.
    alone = ("--no-config", "--no-python-downloads", "--offline")
    flags = ("--frozen", "--no-default-groups", "--no-emit-project", "--no-header", "--no-annotate", *alone)
    said = uv.run("export", "--quiet", "--project", str(folder), *python, *flags)
    if not said.good:
        at = (Evidence(wanted.files[0]),)
        found = Finding("ENV009", "fail", "hard", "uv.lock", f"cannot be read: {said.why}", at, "uv lock writes it")
        return replace(wanted, findings=(*wanted.findings, found))
    return _exported(wanted, said.out, (root / wanted.files[0]).read_text(encoding="utf-8", errors="replace"))


def _exported(wanted: Wanted, exported: str, lock: str) -> Wanted:
    """`wanted` with the requirements that uv wrote out of its lock, and the indexes that the lock names."""
    path = wanted.files[0]
    lines, found = parse_exported(exported, path, lock)
    registries = sorted(set(re.findall(r"registry = \"([^\"]+)\"", lock)))
    allowed, refused = checked_indexes(registries, path, lock)
    return replace(wanted, lines=lines, indexes=allowed, findings=(*wanted.findings, *found, *refused))


def _is_own(path: Path, root: Path) -> bool:
    """Whether it is a file of the repository: a link may lead to the reader's."""
    return path.resolve().is_relative_to(root.resolve()) and path.is_file()
