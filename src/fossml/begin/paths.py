"""Which of two paths holds the other. All are POSIX and relative to the root."""

from __future__ import annotations

from collections.abc import Iterable


def below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def parents(path: str) -> list[str]:
    """The folders above `path`, the highest first; the root is not among them."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def holder(path: str, folders: Iterable[str]) -> str | None:
    """The one of `folders` that is `path` or holds it."""
    return next((folder for folder in folders if below(path, folder)), None)
