"""The folders without which a Python does not run in a sandbox: its own, and those that it imports from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from fossml.errors import FossmlError
from fossml.executors.sandbox import SYSTEM

_HOPS = 40


def python_folders(program: str, imports: Iterable[str], home: Path) -> tuple[Path, ...]:
    """What a Python needs: its environment, the one that is built on, every link between, the folders of `imports`.

    The system's are left out, and what lies inside another of them. FossmlError where one of them holds all of `home`.
    """
    wanted = [Path(path) for path in (*_prefixes(program), *imports) if path.startswith("/") and Path(path).exists()]
    for path in wanted:
        if home.is_relative_to(path) and str(path) not in SYSTEM:
            message = f"the Python at {program} lies so that all of {path} would have to be shown to the code that runs"
            raise FossmlError(message, hint="make a virtual environment in a folder of its own and activate it")
    return outermost(path for path in wanted if not _of_system(path))


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """`paths` without those that lie in another, in order."""
    found: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(one) for one in found):
            found.append(path)
    return tuple(found)


def _of_system(path: Path) -> bool:
    return any(path.is_relative_to(one) for one in SYSTEM)


def _prefixes(program: str) -> Iterator[str]:
    """The folder above `bin` for each link from `program` to the file itself, and what pyvenv.cfg is built on."""
    path = Path(os.path.abspath(program))  # noqa: PTH100  # links count, `..` does not
    for _ in range(_HOPS):
        yield str(path.parent.parent)
        yield from _built_on(path.parent.parent / "pyvenv.cfg")
        if not path.is_symlink():
            break
        path = Path(os.path.normpath(path.parent / path.readlink()))
    yield str(path.resolve().parent.parent)


def _built_on(config: Path) -> Iterator[str]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in config.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            # Any folder could be named there; only one of a Python is shown.
            if name.strip() == "home" and any(os.access(one, os.X_OK) for one in Path(value.strip()).glob("python*")):
                yield str(Path(value.strip()).parent)
