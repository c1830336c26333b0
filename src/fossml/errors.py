"""The one error that a user sees: what is wrong, where, what to do, and the exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

GOOD, NOT, USAGE, UNKNOWN = 0, 1, 2, 3
"""Exit codes: good · something does not hold · usage or configuration · could not tell."""


@contextlib.contextmanager
def told(where: object) -> Iterator[None]:
    """Errors of the system (a full disk, no permission) as a FossmlError that names the file, else `where`."""
    try:
        yield
    except OSError as error:
        raise FossmlError(error.strerror or str(error), where=str(error.filename or where)) from error


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is none: the one that was probably meant, else those that there are."""
    import difflib  # for what is wrong only

    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(names))}"


class FossmlError(Exception):
    """Something a user can cause or mend. `where` is `file:line` or a file, `hint` the next thing to try."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None, code: int = USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        """One line: `where: message`."""
        return f"{self.where}: {self.message}" if self.where else self.message
