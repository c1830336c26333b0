"""A folder that holds one commit after the other, as somebody does who builds after each `git pull`."""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_{what}": "replay" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@dataclass(slots=True)
class Workspace:
    """`files` says what was put there: path -> a name of its content."""

    root: Path
    files: dict[str, str] = field(default_factory=dict)

    def start(self, *, git: bool) -> None:
        """Make it a DVC repository, and a git repository or none."""
        (self.root / ".dvc").mkdir(parents=True)
        config = "[core]\n    analytics = false\n" + ("" if git else "    no_scm = true\n")
        (self.root / ".dvc" / "config").write_text(config)
        (self.root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
        if git:
            self._git("init", "-q")

    def put(self, files: Mapping[str, str], load: Callable[[str], bytes], outs: frozenset[str]) -> None:
        """Make the sources those of `files`; what a build wrote stays, also where it once was a source (`outs`)."""
        for path in self.files.keys() - files.keys():
            if not below(path, outs):
                (self.root / path).unlink(missing_ok=True)
        for path, name in files.items():
            if self.files.get(path) != name:
                _place(self.root, path, load(name))
        self.files = dict(files)

    def commit(self) -> None:
        """Put the sources, and nothing else, into git."""
        self._git("read-tree", "--empty")
        self._git("add", "-f", "--pathspec-from-file=-", "--pathspec-file-nul", text="\0".join(self.files))
        self._git("commit", "-q", "--allow-empty", "-m", "next")

    def _git(self, *args: str, text: str = "") -> None:
        env = {**os.environ, **GIT, "GIT_LITERAL_PATHSPECS": "1"}
        data = text.encode("utf-8", "surrogateescape")
        subprocess.run(["git", *args], cwd=self.root, env=env, input=data, check=True, capture_output=True)


def below(path: str, folders: frozenset[str]) -> bool:
    """Whether `path` is one of `folders` or lies below one."""
    while path:
        if path in folders:
            return True
        path = posixpath.dirname(path)
    return False


def _place(root: Path, path: str, content: bytes) -> None:
    place = root / path
    for parent in list(place.relative_to(root).parents)[-2::-1]:
        if (root / parent).is_file() or (root / parent).is_symlink():
            (root / parent).unlink()
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
