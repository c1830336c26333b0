"""The environment that commands run in: their PATH, and which Python with which distributions they will find there."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.types import Environment

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
_DISTRIBUTION = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+?)(-py[0-9.]+)?\.(dist|egg)-info")
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


def environment(python: Interpreter | None) -> Environment | None:
    """What a Run records of `python`: version, distributions (named as by PEP 503), the machine."""
    if python is None:
        return None
    found = (_DISTRIBUTION.match(name) for name in python.distributions)
    return Environment(
        python=python.version,
        distributions={re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in found if one},
        hardware={"machine": platform.machine(), "system": platform.system(), "cores": str(os.cpu_count())},
    )
