"""The example: a small research project with its paper's claims, kept as files and copied out as it stands."""

from __future__ import annotations

from pathlib import Path

from fossml.errors import FossmlError

PROJECT = Path(__file__).parent / "project"


def write(target: Path) -> list[str]:
    """Copy the example into `target`, a new or empty folder, and name its files. FossmlError where it is neither."""
    _must_be_empty(target)
    names = sorted(path.relative_to(PROJECT).as_posix() for path in PROJECT.rglob("*") if _belongs(path))
    for name in names:
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((PROJECT / name).read_bytes())
    return names


def _belongs(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _must_be_empty(target: Path) -> None:
    try:
        inside = next(target.iterdir(), None)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FossmlError(f"cannot be used: {error.strerror}", where=str(target), hint="name a new folder") from error
    if inside is not None:
        raise FossmlError(
            f"is not empty, {inside.name} is in it", where=str(target), hint="name a new or an empty folder"
        )
