"""What a command finds around it: the user's own python rather than the one that runs fossml, and where records lie."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DESCRIBE = """
import os, sys
sys.path[:1] = []  # the folder itself, whose modules must not be taken for the library's
print(sys.executable)
print(sys.version.split()[0])
names = set()
for folder in filter(os.path.isdir, sys.path):
    names.update(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info", ".egg-link")))
for name in sorted(names):
    print(name)
"""
_PYTHON = re.compile(r"(python|pypy)[0-9.]*(-[a-z]+)?")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The python that a command gets: its path, version, and distributions as their folders are named."""

    path: str
    version: str
    distributions: tuple[str, ...]


def child_environment(environ: Mapping[str, str], prefix: str, base_prefix: str) -> dict[str, str]:
    """The environment for a command: without the folder that `uvx` puts first on PATH for the tool itself.

    `prefix` is the environment that runs fossml. It stays where it is the user's own: active (VIRTUAL_ENV), or no
    tool environment of uv or pipx.
    """
    env = {name: value for name, value in environ.items() if name not in ("OLDPWD", "UV_RUN_RECURSION_DEPTH")}
    if prefix == base_prefix or not _foreign(environ, prefix):
        return env
    own = f"{prefix}/bin"
    path = os.pathsep.join(part for part in env.get("PATH", "").split(os.pathsep) if part != own)
    return {**env, "PATH": path} if _has_python(path) else env


def _foreign(environ: Mapping[str, str], prefix: str) -> bool:
    """Whether `prefix` is there for fossml alone: not active, and started by uv, or where uv and pipx keep tools.

    An image that only puts its environment on PATH, without VIRTUAL_ENV, keeps it.
    """
    by_tool = "UV" in environ or {"uv", "pipx"} & set(Path(prefix).parts)
    return environ.get("VIRTUAL_ENV") != prefix and bool(by_tool)


def _has_python(path: str) -> bool:
    return any(shutil.which(name, path=path) for name in ("python", "python3"))


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


def interpreter(command: str, env: Mapping[str, str], cwd: Path) -> Interpreter | None:
    """The python that `command` names, else the one on PATH; None if there is none."""
    for name in (*_named(command), "python", "python3"):
        path = str(cwd / name) if "/" in name else shutil.which(name, path=env.get("PATH", ""))
        if path and os.access(path, os.X_OK):
            return _describe(path, env, cwd)
    return None


def _named(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return [word for word in words if _PYTHON.fullmatch(Path(word).name)]


def _describe(path: str, env: Mapping[str, str], cwd: Path) -> Interpreter | None:
    try:
        done = subprocess.run(
            [path, "-c", _DESCRIBE], env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except OSError:
        return None
    lines = done.stdout.splitlines()
    return Interpreter(lines[0], lines[1], tuple(lines[2:])) if done.returncode == 0 and len(lines) > 1 else None


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where records of verifications lie: FOSSML_CACHE_DIR, else `fossml` below XDG_CACHE_HOME or ~/.cache."""
    if own := environ.get("FOSSML_CACHE_DIR"):
        return Path(own).absolute() / "verify"
    base = environ.get("XDG_CACHE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "fossml" / "verify"
