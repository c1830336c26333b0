"""Repositories for the tests: a folder with git, written from a mapping."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from fossml.checks import RULES, judge
from fossml.facts import Facts, gather
from fossml.types import Finding

Content = str | bytes


def write(root: Path, files: Mapping[str, Content]) -> Path:
    """Write the files below `root`."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def git(root: Path, *args: str) -> None:
    """Call git in `root`, away from the configuration of this machine."""
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *args], cwd=root, check=True, capture_output=True
    )


def committed(root: Path, files: Mapping[str, Content], later: Mapping[str, Content] | None = None) -> Facts:
    """The facts of a git repository with `files` committed, and `later` written after that."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q")
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "first")
    return gather(write(root, later or {}))


def findings(facts: Facts, code: str) -> list[Finding]:
    """What one rule says."""
    return judge(facts, [RULES[code]])


def statuses(facts: Facts, code: str) -> list[str]:
    """The statuses of what one rule says."""
    return [one.status for one in findings(facts, code)]
