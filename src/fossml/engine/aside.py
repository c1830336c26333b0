"""Old outputs put aside while their stage runs: an output is never gone before its replacement is whole."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Aside:
    """A folder that holds outputs of one stage under 0, 1, ... and their places in `places.json`."""

    folder: Path
    places: tuple[Path, ...]

    def restore(self) -> None:
        """Bring the old outputs back, in place of whatever a failed run left there."""
        for number, place in enumerate(self.places):
            kept = self.folder / str(number)
            if os.path.lexists(kept):
                _remove(place)
                place.parent.mkdir(parents=True, exist_ok=True)
                kept.rename(place)
        shutil.rmtree(self.folder, ignore_errors=True)

    def discard(self) -> None:
        """The new outputs are whole: let the old ones go."""
        shutil.rmtree(self.folder, ignore_errors=True)


def put_aside(folder: Path, places: Iterable[Path]) -> Aside:
    """Move what lies at `places` below `folder` (on the same file system); what is not there is left out."""
    here = tuple(place for place in places if os.path.lexists(place))
    aside = Aside(folder / uuid.uuid4().hex, here)
    if here:
        aside.folder.mkdir(parents=True)
        # Written before the first move, so that a kill between two moves loses nothing.
        (aside.folder / "places.json").write_text(json.dumps([str(place) for place in here]), encoding="utf-8")
        for number, place in enumerate(here):
            place.rename(aside.folder / str(number))
    return aside


def recover(folder: Path) -> None:
    """After a kill: bring back what earlier builds had put aside below `folder`."""
    for left in sorted(folder.glob("*/places.json")) if folder.is_dir() else ():
        try:
            places = tuple(Path(place) for place in json.loads(left.read_text(encoding="utf-8")))
        except ValueError:  # killed while this was written: nothing had been moved yet
            places = ()
        Aside(left.parent, places).restore()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
