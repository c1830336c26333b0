"""Environments on the disk: which are whole, and what is known of one that was made before."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fossml.env import installed
from fossml.types import Evidence, Finding
from fossml.verify.environment.made import Environment, packages


def is_whole(folder: Path, marker: Path) -> bool:
    """Whether it was made to the end, its Python is there, and nothing was installed into it or taken out since."""
    try:
        names = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    python = folder / "bin" / "python"
    return os.access(python, os.X_OK) and [list(pair) for pair in sorted(installed(packages(folder)).items())] == names


def write(file: Path, content: Any) -> None:
    """A small file, whole or not at all, and lasting."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}.new")
    with temporary.open("w", encoding="utf-8") as opened:
        json.dump(content, opened, default=str)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)


def recalled(file: Path) -> Environment | None:
    """The environment that was made of the same before; None where it is not there any more."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = tuple(_finding(one) for one in kept.pop("findings"))
        folder = Path(kept.pop("folder"))
        environment = Environment(folder=folder, findings=found, files=tuple(kept.pop("files")), **kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return environment if is_whole(folder, folder.with_suffix(".made")) else None


def _finding(one: dict[str, Any]) -> Finding:
    return Finding(**{**one, "evidence": tuple(Evidence(**at) for at in one["evidence"])})


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """One fossml at a time works on what `file` stands for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def compile_all(folder: Path, here: Path) -> None:
    """Bytecode for what was installed, as nothing may be written there later; of that itself nothing is run (-S)."""
    python = str(folder / "bin" / "python")
    for installed_in in packages(folder):
        args = [python, "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "0", installed_in]
        with contextlib.suppress(OSError):
            quiet = subprocess.DEVNULL
            subprocess.run(args, cwd=here, stdin=quiet, capture_output=True, check=False, umask=0o022)
