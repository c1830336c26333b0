"""What git says of a folder: the commit, whether files differ from it, which files it tracks."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# A repository is hostile until shown otherwise: nothing that its own configuration names is run.
SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*")


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out (40 hex digits), and whether tracked files differ from it."""

    id: str
    dirty: bool


def git(root: Path, *args: str) -> str | None:
    """What `git args` prints in `root`; None where it fails or there is no git."""
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *SAFE, *args], cwd=root, env=env, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
    except OSError:
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def commit(root: Path) -> Commit | None:
    """The commit of `root`; None outside a repository and before the first commit."""
    head = git(root, "rev-parse", "--verify", "HEAD")
    if head is None:
        return None
    changed = git(root, "status", "--porcelain", "--untracked-files=no")
    return Commit(head.strip(), dirty=bool(changed))


def files(root: Path) -> list[str] | None:
    """The files below `root` that git tracks or would track, sorted; None outside a repository."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        return None
    return sorted({name for name in listed.split("\0") if name and (root / name).is_file()})
