"""The one error that a user sees: what is wrong, where, what to do, and the exit code."""

from __future__ import annotations

GOOD, NOT, USAGE, UNKNOWN = 0, 1, 2, 3
"""Exit codes: good · something does not hold · usage or configuration · could not tell."""


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
