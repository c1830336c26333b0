"""The environment that turns the hook on for a command and for every Python process that it starts."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

SITE = str(Path(__file__).resolve().parent / "site")

_BIN = "bin"
_NAMES = ("python", "python3")
_DOOR = """\
#!/bin/sh
export FOSSML_TRACE_FOLDER={folder} FOSSML_TRACE_ROOT={root}
case ":$PYTHONPATH:" in
*:{site}:*) ;;
*) export PYTHONPATH={site}"${{PYTHONPATH:+:$PYTHONPATH}}" ;;
esac
{rest}exec {python} "$@"
"""
"""Stands before a Python on PATH. `rest` is for one that is a script, as pyenv's are: such look along PATH again."""


def traced_env(env: Mapping[str, str], folder: Path, root: Path) -> dict[str, str]:
    """`env` with the hook on: each Python process appends what it opens to a file of its own in `folder`.

    `root` is the repository. A command may set PYTHONPATH anew (`PYTHONPATH=src python train.py`): so `python` and
    `python3` on PATH are, for it, small scripts below `folder` that put the hook back and become the real one. A Python
    that ignores its environment (`python -I`, `-E`, `-S`) runs untraced.
    """
    paths = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path and path != SITE]
    own = {"FOSSML_TRACE_FOLDER": str(folder.absolute()), "FOSSML_TRACE_ROOT": str(root.absolute())}
    doors = _doors(env.get("PATH", ""), folder.absolute(), root.absolute())
    path = {"PATH": f"{folder.absolute() / _BIN}{os.pathsep}{env['PATH']}"} if doors else {}
    return {**env, "PYTHONPATH": os.pathsep.join([SITE, *paths]), **own, **path}


def _doors(path: str, folder: Path, root: Path) -> bool:
    """Write a door into `folder` for each Python that is found along `path`; whether there is one."""
    names = _NAMES if path and folder.is_dir() else ()
    found = {name: real for name in names if (real := shutil.which(name, path=path)) and Path(real).is_absolute()}
    if found:
        (folder / _BIN).mkdir(exist_ok=True)
    for name, real in found.items():
        here = shlex.quote(f"{folder / _BIN}:")
        with Path(real).open("rb") as file:
            rest = f"PATH=${{PATH#{here}}}\n" if file.read(2) == b"#!" else ""
        door = folder / _BIN / name
        quoted = {"folder": folder, "root": root, "site": SITE, "python": real}
        door.write_text(_DOOR.format(rest=rest, **{key: shlex.quote(str(value)) for key, value in quoted.items()}))
        door.chmod(0o755)
    return bool(found)
