"""Where the copy lies that `verify --keep` has left of a project, for whoever wants to look into it later."""

from __future__ import annotations

from pathlib import Path

from fossml.canon import key


def keep(cache: Path, home: Path, copy: Path) -> None:
    """Remember that `copy` is the last rebuild of the project in the folder `home`."""
    note = _note(cache, home)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(str(copy), encoding="utf-8")


def kept(cache: Path, home: Path) -> Path | None:
    """The last rebuild of the project in `home` that was kept and is still there."""
    try:
        copy = Path(_note(cache, home).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return copy if copy.is_dir() else None


def _note(cache: Path, home: Path) -> Path:
    return cache / "kept" / key(str(home.resolve()))[:24]
