"""A git directory as it lies there: its commits, what each holds, and the bytes; nothing is checked out."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

LARGE = 2 * 2**20
"""Bytes; a larger file is stood in for by its name in git, which changes whenever it does."""


@dataclass(slots=True)
class Mirror:
    """A bare git directory. Call `close` at the end."""

    folder: Path
    _reader: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """owner/name, as the folders of mirrors are called (owner+name/repo), else the folder's name."""
        parts = [part for part in self.folder.resolve().parts if part not in ("repo", ".git", "/")]
        return parts[-1].replace("+", "/", 1)

    def commits(self) -> list[str]:
        """The first parents of HEAD, the oldest first."""
        return self._git("log", "--first-parent", "--reverse", "--format=%H", "HEAD").decode().split()

    def tree(self, commit: str) -> dict[str, str]:
        """The files of `commit`, path -> blob: no links, no submodules, no path that leaves the folder."""
        found = {}
        for line in self._git("ls-tree", "-r", "-z", commit).split(b"\0"):
            about, _, name = line.partition(b"\t")
            path = name.decode("utf-8", "surrogateescape")
            if about.startswith(b"100") and ".." not in PurePosixPath(path).parts and "\n" not in path:
                found[path] = about.split()[2].decode()
        return found

    def blob(self, name: str) -> bytes:
        """Its bytes; those of its name where the mirror lacks it or it is large."""
        stdin, stdout = self._pipe()
        stdin.write(f"{name}\n".encode())
        stdin.flush()
        head = stdout.readline().split()
        if head[-1] == b"missing":
            return name.encode()
        size = int(head[2])
        content = stdout.read(size)
        stdout.read(1)
        return content if size <= LARGE else name.encode()

    def close(self) -> None:
        """End the process that reads blobs."""
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def _pipe(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._reader is None:
            self._reader = subprocess.Popen(
                ["git", f"--git-dir={self.folder}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert self._reader.stdin and self._reader.stdout
        return self._reader.stdin, self._reader.stdout

    def _git(self, *args: str) -> bytes:
        return subprocess.run(["git", f"--git-dir={self.folder}", *args], check=True, capture_output=True).stdout
