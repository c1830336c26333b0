"""Only for the wording of DVC's messages."""

from collections.abc import Iterable


def join(words: Iterable[str]) -> str:
    """`a and b`."""
    return " and ".join(words)
