"""What is recorded of earlier runs, and where: dvc.lock, fossml.lock and the ledger, all written from the Run."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from fossml.engine.plan import entry_of
from fossml.project.dvc import LockEntry, dump_lock, read_lock
from fossml.store.ledger import Ledger, to_json
from fossml.types import Run, Stage


class Records:
    """The records of the repository at `root`; `save` writes the locks once, from what was told.

    `order` are the addresses of the stages, each after what it needs: new entries of a lock come in that order,
    whichever stage ended first, as if they had run one by one.
    """

    def __init__(self, root: Path, order: Sequence[str] = ()) -> None:
        self._root = root
        self._order = {address: place for place, address in enumerate(order)}
        self._ledger = Ledger(root / ".fossml" / "ledger.jsonl")
        self._entries: dict[str, dict[str, LockEntry]] = {}
        self._changed: set[str] = set()
        self._ran: dict[str, Run] = {}

    def entry(self, stage: Stage) -> LockEntry | None:
        """What dvc.lock says of `stage`."""
        return self._of(stage.file).get(stage.name)

    def _of(self, file: str) -> dict[str, LockEntry]:
        if file not in self._entries:
            self._entries[file] = dict(read_lock(self._root, file))
        return self._entries[file]

    def find(self, recipe: str) -> Run | None:
        """The newest recorded Run with this recipe."""
        return self._ledger.find(recipe)

    def ran(self, stage: Stage, run: Run) -> None:
        """Record `run` for good: it is in the ledger when this returns."""
        self._ledger.append(run)
        self._ran[stage.address] = run
        self.restored(stage, entry_of(run))

    def restored(self, stage: Stage, entry: LockEntry) -> None:
        """`entry` is what lies there again."""
        if self._of(stage.file).get(stage.name) != entry:
            self._of(stage.file)[stage.name] = entry
            self._changed.add(stage.file)

    def save(self) -> None:
        """Write the locks that changed, each to a temporary name first."""
        for file in sorted(self._changed):
            lock = self._root / PurePosixPath(file).with_suffix(".lock")
            prior = lock.read_text(encoding="utf-8") if lock.exists() else None
            _replace(lock, dump_lock(self._sorted(file), prior))
        self._changed.clear()
        if self._ran:
            _replace(self._root / "fossml.lock", self._own_lock())
            self._ran.clear()

    def _sorted(self, file: str) -> dict[str, LockEntry]:
        """The entries of one lock, those without a known place (their stage is gone) first."""
        prefix = "" if file == "dvc.yaml" else f"{file}:"
        return dict(sorted(self._of(file).items(), key=lambda item: self._order.get(prefix + item[0], -1)))

    def _own_lock(self) -> str:
        kept = read_own_lock(self._root)
        kept.update({address: to_json(run) for address, run in self._ran.items()})
        return json.dumps({"stages": kept, "version": 1}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_own_lock(root: Path) -> dict[str, object]:
    """The newest good Run of each stage as fossml.lock holds it; {} where it is missing or not readable."""
    try:
        data = json.loads((root / "fossml.lock").read_text(encoding="utf-8"))
        return dict(data["stages"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
