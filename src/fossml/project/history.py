"""What git holds of earlier commits, byte for byte: nothing is checked out, no filter of the repository runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fossml.errors import FossmlError
from fossml.project.git import SAFE, git

_LARGEST = 256 * 2**20
_ENV = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_PARTS_OF_GIT = frozenset({"..", ".git"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit: its mode as git has it (`100644`, `100755`, `120000`), and the name of its blob."""

    mode: str
    blob: str


def resolve(root: Path, revision: str) -> str | None:
    """The commit that `revision` means, as 40 hex digits; None where it means none."""
    if revision.startswith("-"):
        return None
    found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return found.strip() if found else None


def tree(root: Path, commit: str) -> Mapping[str, Entry]:
    """The files of `commit` below `root`, which may lie inside of the repository."""
    found = {}
    for line in (git(root, "ls-tree", "-r", "-z", commit) or "").split("\0"):
        about, _, path = line.partition("\t")
        if path and about.split()[1] == "blob" and not _PARTS_OF_GIT & set(PurePosixPath(path).parts):
            found[path] = Entry(about.split()[0], about.split()[2])
    return found


def blob(root: Path, name: str) -> bytes | None:
    """The bytes of the blob `name`; None where git does not have it, or it is larger than is held in memory."""
    size = git(root, "cat-file", "-s", name)
    if size is None or int(size) > _LARGEST:
        return None
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *SAFE, "cat-file", "blob", name],
        cwd=root,
        env={**env, **_ENV},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


def write(root: Path, commit: str, folder: Path) -> None:
    """Write the files of `commit` into the empty `folder`; links are written as the text that they are."""
    for path, entry in tree(root, commit).items():
        data = blob(root, entry.blob)
        if data is None:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if entry.mode == "100755":
            target.chmod(0o755)
    if not folder.is_dir():
        raise FossmlError("is no folder", where=str(folder))


def versions(root: Path, path: str, most: int = 50) -> Iterator[bytes]:
    """The bytes that `path` had in the newest `most` commits that changed it, the newest first."""
    listed = git(root, "log", "--all", f"--max-count={most}", "--format=%H", "--", path) or ""
    seen = set()
    for commit in listed.split():
        said = (git(root, "ls-tree", "-z", commit, "--", path) or "").partition("\t")[0].split()
        if len(said) == 3 and said[1] == "blob" and said[2] not in seen:
            seen.add(said[2])
            data = blob(root, said[2])
            if data is not None:
                yield data
