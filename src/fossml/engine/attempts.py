"""The folder of a stage that runs: its trace, and checkpoints that outlive a crash as long as nothing has changed."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from fossml.canon import key
from fossml.engine.assess import Assessment
from fossml.engine.discoveries import differences, merged
from fossml.engine.observe import Observer
from fossml.engine.site import Site
from fossml.store.record import discovered_from_json, to_json
from fossml.trace import collect
from fossml.types import Discovered, Stage

_FOUND = "found.json"
"""What the attempts so far rest on."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of a stage. `earlier` is what the attempts that it goes on from rest on; `note` what became of them.

    `cmd` is the shell's text that the hook is to enter, "" where it is not used.
    """

    folder: Path
    cmd: str = ""
    earlier: Discovered | None = None
    note: str | None = None

    @property
    def checkpoints(self) -> Path:
        """The folder that the stage is told of in FOSSML_CHECKPOINT_DIR."""
        return self.folder / "checkpoints"

    @property
    def trace(self) -> Path:
        """Where the hook and strace write."""
        return self.folder / "trace"

    def rests_on(self, observer: Observer, stage: Stage, root: Path) -> Discovered | None:
        """What the stage rests on so far, together with the attempts that it goes on from."""
        found = observer.discover(stage, collect(self.trace, root, self.cmd))
        return merged(self.earlier, found) if self.earlier and found else found or self.earlier

    def stopped(self, observer: Observer, stage: Stage, root: Path) -> None:
        """The stage did not come to its end: its checkpoints stay, with what they rest on."""
        if not _has_files(self.checkpoints):
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        _write(self.folder, self.rests_on(observer, stage, root))
        shutil.rmtree(self.trace, ignore_errors=True)

    def discard(self) -> None:
        """The stage has its result: no attempt at it is needed any more, whatever its recipe was."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


def discard_all(home: Path, address: str) -> None:
    """The stage has its result, which an earlier run made: what a killed build left of that one's end goes."""
    shutil.rmtree(home / key(address)[:16], ignore_errors=True)


def begin(home: Path, site: Site, found: Assessment, *, afresh: bool) -> Attempt:
    """The folder for a start of a stage below `home`: with the checkpoints of an earlier start of the same key.

    Same key: the same recipe, and nothing of what the earlier start had read is another now. Otherwise, and when it is
    to begin `afresh`, they are removed.
    """
    stage = found.stage
    folder = home / key(stage.address)[:16] / (found.recipe or "")[:32]
    earlier, note = None, None
    if _has_files(folder / "checkpoints"):
        earlier = _found(folder, site, stage)
        moved = differences(earlier, site.observer.again(stage, earlier), found.settings.packages) if earlier else ()
        if afresh or moved:
            why = moved[0] if moved else "--force was given"
            note = f"the checkpoints of an earlier attempt are of no use and were removed: {why}"
            earlier = None
            shutil.rmtree(folder)
        else:
            note = "it goes on from the checkpoints of an earlier attempt"
            _write(folder, earlier)  # first: a kill between the two must not lose what the checkpoints rest on
            shutil.rmtree(folder / "trace", ignore_errors=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    cmd = stage.cmd if isinstance(stage.cmd, str) else "\n".join(stage.cmd)
    attempt = Attempt(folder, cmd if found.settings.trace == "hook" else "", earlier, note)
    attempt.checkpoints.mkdir(parents=True, exist_ok=True)
    attempt.trace.mkdir(exist_ok=True)
    return attempt


def _write(folder: Path, found: Discovered | None) -> None:
    temporary = folder / f"{_FOUND}.new"
    temporary.write_text(json.dumps(to_json(found) if found else None), encoding="utf-8")
    temporary.replace(folder / _FOUND)


def _found(folder: Path, site: Site, stage: Stage) -> Discovered | None:
    """What earlier attempts rest on: as they recorded it when they failed, and what a killed one left of its trace."""
    recorded = None
    with contextlib.suppress(OSError, ValueError):
        data = json.loads((folder / _FOUND).read_bytes())
        recorded = discovered_from_json(data) if data else None
    left = site.observer.discover(stage, collect(folder / "trace", site.root))
    if recorded is None or left is None:
        return recorded or left
    return merged(recorded, left)


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))
