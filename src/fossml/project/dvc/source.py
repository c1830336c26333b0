"""A file of the repository with its text, so that every message can say file and line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from fossml.errors import FossmlError
from fossml.project.dvc.yaml12 import line_of

MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """`file` is relative to the root, `text` what stands in it, with "\\n" for every line end."""

    file: str
    text: str

    def error(
        self, message: str, path: Sequence[object] = (), *, containing: str | None = None, hint: str | None = None
    ) -> FossmlError:
        """An error about what `path` (keys and indices of the YAML) leads to."""
        line = line_of(self.text, path, containing)
        return FossmlError(message, where=f"{self.file}:{line}" if line else self.file, hint=hint)


def read(root: Path, file: str) -> Source:
    """The file `file` below `root`. FossmlError where it cannot be read or is not UTF-8."""
    return Source(file, decode(read_bytes(root, file), file))


def read_bytes(root: Path, file: str) -> bytes:
    """What stands in `file` below `root`. FossmlError where it cannot be read, is no file or is far too large."""
    try:
        status = (root / file).stat()
        if not S_ISREG(status.st_mode) and not S_ISDIR(status.st_mode):
            raise FossmlError("is not a regular file", where=file)
        if status.st_size > MOST_BYTES:
            raise FossmlError(f"is larger than {MOST_BYTES >> 20} MiB", where=file)
        return (root / file).read_bytes()
    except (OSError, ValueError) as error:
        raise FossmlError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=file) from error


def decode(data: bytes, file: str) -> str:
    """The text of `data` with every line end as "\\n". FossmlError with the line where it is not UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FossmlError("is not UTF-8", where=f"{file}:{line}", hint="save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


_ELSEWHERE = {
    **dict.fromkeys(("dependencies", "depends", "depends_on", "inputs", "input", "requires", "needs"), "deps"),
    **dict.fromkeys(("outputs", "output", "targets", "produces", "artifacts"), "outs"),
    **dict.fromkeys(("command", "commands", "run", "script", "shell", "exec"), "cmd"),
    **dict.fromkeys(("parameters", "args", "config"), "params"),
    **dict.fromkeys(("cwd", "workdir", "working_directory", "dir"), "wdir"),
    **dict.fromkeys(("description", "doc", "comment"), "desc"),
    **dict.fromkeys(("variables", "env", "with"), "vars"),
    **dict.fromkeys(("steps", "jobs", "rules", "tasks", "pipeline"), "stages"),
    **dict.fromkeys(("hash", "checksum", "digest"), "md5"),
    "locked": "frozen",
}
"""What other tools call it."""


def nearest(name: object, known: Iterable[str]) -> str:
    """A hint: the known name that `name` is nearest to, or all of them, if they are few."""
    import difflib

    names = sorted(known)
    other = _ELSEWHERE.get(str(name).lower())
    near = [other] if other in names else difflib.get_close_matches(str(name), names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known here: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"
