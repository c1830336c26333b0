"""The environment that commands run in: their PATH, and which Python with which distributions they will find there."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fossml.types import Environment

# Runs in the other interpreter, which may be old: standard library only, Python >= 3.8.
_ASK = """
import json, sys
from importlib.metadata import distributions
found = {}
for d in distributions():
    name = d.metadata["Name"]
    if name:
        found.setdefault(name, d.version)
print(json.dumps({"python": "%d.%d.%d" % sys.version_info[:3], "distributions": found}))
"""


def command_env(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for a command of the user's: without fossml's own environment in front of PATH.

    uvx puts the tool's private environment first on PATH; a `python` in the user's command would then be the tool's.
    An environment that was activated (VIRTUAL_ENV names it) is the user's choice and stays.
    """
    env = dict(environ)
    own = Path(sys.prefix)
    activated = env.get("VIRTUAL_ENV")
    if sys.prefix != sys.base_prefix and not (activated and Path(activated).resolve() == own.resolve()):
        folders = env.get("PATH", "").split(os.pathsep)
        env["PATH"] = os.pathsep.join(folder for folder in folders if not folder or Path(folder).parent != own)
    return env


def find_python(env: Mapping[str, str]) -> str | None:
    """The interpreter that `python` (or else `python3`) is for a command with this `env`; None where there is none."""
    path = env.get("PATH")
    return shutil.which("python", path=path) or shutil.which("python3", path=path)


def environment(env: Mapping[str, str]) -> Environment | None:
    """The Environment of `find_python(env)`; None where there is no Python or it does not answer."""
    python = find_python(env)
    return _ask(python, env.get("PYTHONPATH", "")) if python else None


@cache
def _ask(python: str, python_path: str) -> Environment | None:
    env = {**os.environ, "PYTHONPATH": python_path}
    try:
        done = subprocess.run(
            [python, "-c", _ASK], env=env, capture_output=True, stdin=subprocess.DEVNULL, check=True, timeout=60
        )
        said = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    return Environment(
        python=said["python"],
        distributions={_normal(name): version for name, version in sorted(said["distributions"].items())},
        hardware={"machine": platform.machine(), "system": platform.system(), "cores": str(os.cpu_count())},
    )


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()
