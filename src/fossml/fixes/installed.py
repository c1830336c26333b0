"""What the project's Python has installed, told by files alone: no Python is run, wherever it lies."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from fossml.env import by_files, installed

_OWN = (".venv", "venv", "env")
_PACKAGES = (
    "lib/{0}/site-packages",
    "local/lib/{0}/dist-packages",
    "lib/{0}/dist-packages",
    "lib/python3/dist-packages",
)


def versions(root: Path, named: str | None, env: Mapping[str, str]) -> dict[str, str]:
    """Distribution -> version of the first Python that is there.

    That is the one `named`, and no other where one is; else an environment in `root`, the active one, that on PATH.
    """
    programs = _named(root, named, env) if named else _usual(root, env)
    return installed(next(filter(None, map(_folders, programs)), ()))


def _named(root: Path, named: str, env: Mapping[str, str]) -> Iterator[str]:
    found = str(root / named) if "/" in named else shutil.which(named, path=env.get("PATH", ""))
    if found:
        yield found


def _usual(root: Path, env: Mapping[str, str]) -> Iterator[str]:
    yield from (str(root / name / "bin" / "python") for name in _OWN)
    if env.get("VIRTUAL_ENV"):
        yield f"{env['VIRTUAL_ENV']}/bin/python"
    yield from filter(None, (shutil.which(name, path=env.get("PATH", "")) for name in ("python", "python3")))


def _folders(program: str) -> tuple[str, ...]:
    """The folders of packages that belong to a Python: of its environment, or beside the program itself."""
    if found := by_files(program):
        return found.folders
    path = Path(os.path.realpath(program))
    if not path.is_file() or not re.fullmatch(r"python3\.\d+", path.name):
        return ()
    places = (path.parent.parent / one.format(path.name) for one in _PACKAGES)
    return tuple(str(place) for place in places if place.is_dir())
