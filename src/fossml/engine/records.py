"""What is recorded of earlier runs, and where: dvc.lock, fossml.lock and the ledger, all written from the Run."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from fossml.engine.plan import entry_of
from fossml.errors import FossmlError
from fossml.project.dvc import LockEntry, dump_lock, read_lock
from fossml.store import durable
from fossml.store.ledger import Ledger, from_json, to_json
from fossml.types import Run, Stage

OWN_LOCK = "fossml.lock"
_VERSION = 1
_MARK = "fossml.lock"
"""The last key of the file. No stage has a dot in its name, and with it last every entry ends in the same way: so two
branches that change or add different stages merge."""


class Records:
    """The records of the repository at `root`; `save` writes the locks, from what was told.

    `order` are the addresses of the stages, each after what it needs: new entries of a lock come in that order,
    whichever stage ended first, as if they had run one by one. FossmlError where fossml.lock is damaged.
    """

    def __init__(self, root: Path, order: Sequence[str] = ()) -> None:
        self._root = root
        self._order = {address: place for place, address in enumerate(order)}
        self._ledger = Ledger(root / ".fossml" / "ledger.jsonl")
        self._entries: dict[str, dict[str, LockEntry]] = {}
        self._changed: set[str] = set()
        self._kept = read_own_lock(root)
        self._new: dict[str, Run] = {}

    def entry(self, stage: Stage) -> LockEntry | None:
        """What dvc.lock says of `stage`."""
        return self._of(stage.file).get(stage.name)

    def _of(self, file: str) -> dict[str, LockEntry]:
        if file not in self._entries:
            self._entries[file] = dict(read_lock(self._root, file))
        return self._entries[file]

    def last(self, stage: Stage) -> Run | None:
        """The Run that the entry of `stage` in dvc.lock tells of; None where nobody recorded it but dvc."""
        entry = self.entry(stage)
        if entry is None:
            return None
        run = self._new.get(stage.address) or self._from_own_lock(stage.address)
        if run is not None and entry_of(run) == entry:
            return run
        return next((run for run in self._ledger.of(stage.address) if entry_of(run) == entry), None)

    def _from_own_lock(self, address: str) -> Run | None:
        try:
            return from_json(self._kept[address])
        except (KeyError, ValueError):
            return None

    def opened(self, address: str) -> Iterator[str]:
        """The files that the stage at `address` was seen to open beyond its inputs, as fossml.lock says."""
        yield from self._seen(address, "files")

    def wrote(self) -> dict[str, tuple[str, ...]]:
        """What each stage was last seen to write beside its outputs, by address."""
        kept = {address: tuple(self._seen(address, "wrote")) for address in self._kept}
        return {**kept, **{address: run.discovered.wrote for address, run in self._new.items() if run.discovered}}

    def _seen(self, address: str, what: str) -> Iterator[str]:
        run = self._kept.get(address)
        found = run.get("discovered") if isinstance(run, dict) else None
        told = found.get(what) if isinstance(found, dict) else None
        yield from (path for path in told if isinstance(path, str)) if isinstance(told, dict | list) else ()

    def newest(self, stage: Stage) -> Run | None:
        """The newest Run of `stage` that is recorded here or in fossml.lock, whatever its recipe."""
        runs = self._ledger.of(stage.address)
        return runs[0] if runs else self._from_own_lock(stage.address)

    def with_recipe(self, recipe: str) -> Sequence[Run]:
        """The recorded Runs with this recipe, the newest first."""
        return self._ledger.with_recipe(recipe)

    def ran(self, stage: Stage, run: Run) -> None:
        """Record `run` for good: it is in the ledger when this returns."""
        self._ledger.append(run)
        self.restored(stage, entry_of(run), run)

    def restored(self, stage: Stage, entry: LockEntry, run: Run | None) -> None:
        """`entry` is what lies there again, which `run` made (None: one that only dvc knows of)."""
        if self._of(stage.file).get(stage.name) != entry:
            self._of(stage.file)[stage.name] = entry
            self._changed.add(stage.file)
        if run is not None and self._from_own_lock(stage.address) != _travelling(run):
            self._new[stage.address] = run

    def save(self) -> None:
        """Write the locks that changed, each to a temporary name first."""
        for file in sorted(self._changed):
            lock = self._root / PurePosixPath(file).with_suffix(".lock")
            prior = lock.read_text(encoding="utf-8") if lock.exists() else None
            _replace(lock, dump_lock(self._sorted(file), prior))
        self._changed.clear()
        if self._new:
            kept = {**read_own_lock(self._root), **{name: to_json(_travelling(run)) for name, run in self._new.items()}}
            _replace(self._root / OWN_LOCK, dump_own_lock(kept))
            self._kept = kept
            self._new.clear()

    def _sorted(self, file: str) -> dict[str, LockEntry]:
        """The entries of one lock, those without a known place (their stage is gone) first."""
        prefix = "" if file == "dvc.yaml" else f"{file}:"
        return dict(sorted(self._of(file).items(), key=lambda item: self._order.get(prefix + item[0], -1)))


def _travelling(run: Run) -> Run:
    """`run` as fossml.lock has it: without what only this machine's packages folder could tell."""
    environment = replace(run.environment, distributions={}) if run.environment else None
    return replace(run, environment=environment)


def read_own_lock(root: Path) -> dict[str, Any]:
    """The newest good Run of each stage as fossml.lock holds it, as JSON; {} where there is none.

    FossmlError where it cannot be read or is damaged.
    """
    path = root / OWN_LOCK
    try:
        data = json.loads(path.read_bytes())
        if not isinstance(data, dict) or data.pop(_MARK, None) != _VERSION:
            raise ValueError("it was not written by this version of fossml")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=OWN_LOCK) from error
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise FossmlError(
            f"is damaged: {error}",
            where=f"{OWN_LOCK}:{line}" if line else OWN_LOCK,
            hint="take it from git again (of a merge conflict either side), or remove it: what is lost is what the "
            "stages were seen to read",
        ) from error
    return data


def read_runs(root: Path) -> tuple[Run, ...]:
    """The Runs of fossml.lock, by address; what is no Run is passed over. FossmlError where the file is damaged."""
    found = []
    for _, data in sorted(read_own_lock(root).items()):
        with contextlib.suppress(ValueError):
            found.append(from_json(data))
    return tuple(found)


def dump_own_lock(stages: Mapping[str, Any]) -> str:
    """The text of fossml.lock: entries that stand alone, sorted by address, one field a line."""
    entries = (f"{_json(address)}: {_json(stages[address])},\n" for address in sorted(stages))
    return "{\n" + "".join(entries) + f'"{_MARK}": {_VERSION}\n}}\n'


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)


def _replace(path: Path, text: str) -> None:
    temporary = durable.temporary(path.parent)
    try:
        with temporary.open("w", encoding="utf-8", newline="\n", errors="surrogatepass") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FossmlError(f"cannot be written: {error.strerror}", where=path.name) from error
