"""Old outputs put aside while their stage runs: an output is never gone before its replacement is whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "FOSSML_ATTEMPT"
_PLACES = "places.json"


@dataclass(frozen=True, slots=True)
class Aside:
    """A folder that holds outputs of one stage under 0, 1, ... and their places in `places.json`."""

    folder: Path
    places: tuple[Path, ...]

    @property
    def mark(self) -> tuple[str, str]:
        """Name and value of the variable by which the processes that write the new outputs are known."""
        return MARK, self.folder.name

    def restore(self) -> None:
        """Bring the old outputs back, in place of whatever a failed run left there."""
        for number, place in enumerate(self.places):
            kept = self.folder / str(number)
            if os.path.lexists(kept):
                _remove(place)
                place.parent.mkdir(parents=True, exist_ok=True)
                kept.rename(place)
        self.discard()

    def discard(self) -> None:
        """The new outputs are whole: let the old ones go."""
        # First the list: a kill in the middle must not bring half of a folder back over the new one.
        (self.folder / _PLACES).unlink(missing_ok=True)
        _remove(self.folder)


def put_aside(folder: Path, places: Iterable[Path]) -> Aside:
    """Move what lies at `places` below `folder` (on the same file system); what is not there is left out.

    OSError where one cannot be moved; then all are where they were.
    """
    here = tuple(place for place in places if os.path.lexists(place))
    aside = Aside(folder / os.urandom(8).hex(), here)
    aside.folder.mkdir(parents=True)
    # Written before the first move, so that a kill between two moves loses nothing.
    (aside.folder / _PLACES).write_text(json.dumps([str(place) for place in here]), encoding="utf-8")
    try:
        for number, place in enumerate(here):
            _open_up(place)
            place.rename(aside.folder / str(number))
    except OSError:
        aside.restore()
        raise
    return aside


def recover(folder: Path, end: Callable[[str], None]) -> None:
    """After a kill: bring back what earlier builds had put aside below `folder`.

    `end` gets NAME=value, the mark of processes that may still write there.
    """
    for left in sorted(folder.iterdir()) if folder.is_dir() else ():
        end(f"{MARK}={left.name}")
        try:
            places = tuple(Path(place) for place in json.loads((left / _PLACES).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):  # killed before anything was moved, or while it was let go
            places = ()
        Aside(left, places).restore()


def _open_up(path: Path) -> None:
    """A folder that its owner cannot write can be neither moved nor emptied."""
    if path.is_dir() and not path.is_symlink():
        path.chmod(path.stat().st_mode | 0o700)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        _open_up(path)
        for folder, names, _files in os.walk(path):
            for name in names:
                _open_up(Path(folder, name))
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
