"""uv, called so that nothing of a stranger's configuration reaches it and nothing of theirs is run by it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.verify.environment.pythons import Python, parse

_KEPT = re.compile(
    r"UV_(CACHE_DIR|DEFAULT_INDEX|INDEX_URL|INDEX|EXTRA_INDEX_URL|SYSTEM_CERTS|NATIVE_TLS|HTTP_TIMEOUT|HTTP_RETRIES|OFFLINE"
    r"|TORCH_BACKEND|PYTHON_DOWNLOADS|PYTHON_INSTALL_DIR|PYTHON_INSTALL_MIRROR|CONCURRENT_\w+)"
)
_DROPPED = frozenset({"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"})


@dataclass(frozen=True, slots=True)
class Said:
    """How a call of uv ended, and what it said: its output, or one line on why it failed."""

    good: bool
    out: str
    why: str = ""
    err: str = ""

    @property
    def unreached(self) -> bool:
        """Whether it is the network that failed: another version would not help."""
        return (
            not self.good
            and re.search(r"error sending request|[Rr]equest failed after|dns error", self.err) is not None
        )


@dataclass(frozen=True, slots=True)
class Uv:
    """The program `path`, called in the empty folder `here`."""

    path: str
    here: Path
    environ: Mapping[str, str]

    def run(self, *args: str, given: str | None = None) -> Said:
        """`uv args`; `given` is its input."""
        env = {name: value for name, value in self.environ.items() if _is_kept(name)}
        call = [self.path, "--no-progress", "--color", "never", *args]
        try:
            done = subprocess.run(
                call,
                cwd=self.here,
                env={**env, "PATH": _with_pyenv(env)},
                input=given,
                stdin=subprocess.DEVNULL if given is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                umask=0o022,  # what is installed is read by the user inside a sandbox, whoever installed it
            )
        except OSError as error:
            raise FossmlError(f"uv cannot be started: {error.strerror}", where=self.path) from error
        return Said(done.returncode == 0, done.stdout, _why(done.stderr), done.stderr)

    def pythons(self) -> list[Python]:
        """Every Python 3 on this machine that uv finds, the first on PATH first."""
        said = self.run("python", "list", "--only-installed", "--output-format", "json")
        try:
            found = json.loads(said.out)
        except ValueError:
            return []
        pythons = {(version := parse(one["version"])): Python(version, one["path"]) for one in reversed(found)}
        return [one for version, one in sorted(pythons.items(), reverse=True) if version[:1] == (3,)]


def _is_kept(name: str) -> bool:
    """The reader's own way to the index counts; where uv is to work, and on what, is said by each call.

    Nothing else of the reader's: uv puts the values of variables into addresses that a stranger may have written.
    """
    return name not in _DROPPED and (_OWN.fullmatch(name) or _KEPT.fullmatch(name)) is not None


_OWN = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_\w+|TZ|XDG_\w+|PYENV_ROOT|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY"
    r"|LD_LIBRARY_PATH",
    re.IGNORECASE,
)


def _with_pyenv(env: Mapping[str, str]) -> str:
    """PATH with the Pythons that pyenv keeps at its end, and without its shims, which answer for none."""
    root = Path(env.get("PYENV_ROOT") or Path(env.get("HOME") or "/nonexistent") / ".pyenv")
    parts = [part for part in env.get("PATH", "").split(os.pathsep) if part != str(root / "shims")]
    kept = sorted(root.glob("versions/3.*/bin"), key=lambda path: parse(path.parent.name), reverse=True)
    return os.pathsep.join([*parts, *map(str, kept)])


_UNREAD = re.compile(r"could not be parsed:\s*\n.*\n(.+)\n")
"""The line of a package's metadata that uv cannot read, which it shows below what is wrong with it."""


def _why(stderr: str) -> str:
    """One line: the cause that uv gives, else the first line of the error."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("warning")]
    causes = [re.sub(r"^(cause:|╰─▶|├─▶)\s*", "", line) for line in lines if re.match(r"cause:|╰─▶|├─▶", line)]
    errors = [re.sub(r"^(error:|×)\s*", "", line) for line in lines]
    why = causes[-1] if causes else errors[0] if errors else "uv failed"
    if (unread := _UNREAD.search(stderr)) and "invalid metadata" in why:
        why = f"{why.rstrip('.')}: `{unread[1].strip()}`"
    return why[:500]


def find(environ: Mapping[str, str]) -> str | None:
    """uv: what started fossml, what is on PATH, or what is installed beside it; None where there is none."""
    beside = Path(sys.prefix) / "bin" / "uv"
    for path in (environ.get("UV"), shutil.which("uv", path=environ.get("PATH", "")), str(beside)):
        if path and os.access(path, os.X_OK) and not Path(path).is_dir():
            return path
    return None
