"""Builds that are done, and where they are on record: whatever has been built is not built again."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fossml.canon import key
from fossml.engine.records import OWN_LOCK, dump_own_lock, read_own_lock, read_runs
from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.types import Finding, Run
from fossml.verify.cleanroom import contained, room
from fossml.verify.metrics.metric import Measured
from fossml.verify.rebuild.copies import leaves_out


@dataclass(frozen=True, slots=True)
class Built:
    """What one build from nothing gave: each metric by its text, each output's digest, why stages failed.

    `seed` None: with the seed that the author recorded. `costs` are the seconds that each stage took which ran.
    `variant` names what was changed before it, if anything was; `note` says how. `findings`: what the room kept
    from the stages; `room`: what was other there than on the reader's machine. `seedless`: the digests of outputs that
    hold the seed, without it.
    """

    seed: int | None
    seconds: float
    measured: Mapping[str, Measured] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    costs: Mapping[str, float] = field(default_factory=dict)
    variant: str = ""
    note: str = ""
    findings: tuple[Finding, ...] = ()
    room: str = ""
    seedless: Mapping[str, str] = field(default_factory=dict)

    @property
    def was_made(self) -> bool:
        """Whether anything was built at all, or begun."""
        return bool(self.costs or self.failed or self.measured)

    def of(self, metric: str) -> Measured:
        """What it gave for a metric (its text); empty where that was not asked of it."""
        return self.measured.get(metric, Measured())


CUT = "cut off: the budget is used"
"""Why a stage failed that was still running when the time was over."""
INTERRUPTED = "it was interrupted"
"""Why a stage failed that was still running when the user wanted no more."""


def merged(old: Built, new: Built) -> Built:
    """Two builds with one seed, of different stages, as one."""
    return replace(
        new,
        seconds=round(old.seconds + new.seconds, 3),
        measured={**old.measured, **new.measured},
        outs={**old.outs, **new.outs},
        seedless={**old.seedless, **new.seedless},
        costs={**old.costs, **new.costs},
    )


class Records:
    """Builds that are done, one JSON line each, so that a verification that was interrupted goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "builds.jsonl"
        self._chosen = folder / "controls.json"
        self._lock = threading.Lock()

    def all(self) -> list[Built]:
        """Every whole record, in the order in which they were made."""
        found = []
        for line in self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else ():
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                fields = json.loads(line)
                measured = {name: Measured(**one) for name, one in fields.pop("measured").items()}
                noticed = tuple(contained.finding(one) for one in fields.pop("findings", ()))
                found.append(Built(**fields, measured=measured, findings=noticed))
        return [replace(built, recorded=True) for built in found]

    def add(self, built: Built) -> None:
        """Append one record, synced."""
        line = json.dumps(asdict(built), ensure_ascii=False) + "\n"
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def forget(self) -> None:
        """Remove them all, and copies that wait to be finished."""
        room.remove(self.folder / "rooms")
        self._file.unlink(missing_ok=True)
        self._chosen.unlink(missing_ok=True)

    def chosen(self) -> dict[str, Any]:
        """What was chosen when the copy was there, as it was put to `choose`; {} where nothing was."""
        try:
            found = json.loads(self._chosen.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def choose(self, chosen: Mapping[str, Any]) -> None:
        """Keep a choice, so that a repeat of the verification, which may have no copy to look into, makes it again."""
        self._chosen.write_text(json.dumps(chosen), encoding="utf-8")

    def keep_runs(self, copy: Path) -> None:
        """Keep what the stages in `copy` read: a repeat of the verification asks for it without the copy.

        What was kept of stages that this copy has not run, or not yet, stays.
        """
        kept = self.folder / OWN_LOCK
        whole = kept.with_suffix(".new")
        whole.write_text(dump_own_lock({**_own_lock(self.folder), **_own_lock(copy)}), encoding="utf-8")
        whole.replace(kept)

    def runs(self) -> tuple[Run, ...]:
        """What stages were seen to read."""
        return read_runs(self.folder)


def _own_lock(folder: Path) -> dict[str, Any]:
    """The Runs of the fossml.lock there; none where it is damaged."""
    try:
        return read_own_lock(folder)
    except FossmlError:
        return {}


def records_for(project: Project, cache: Path, python: object, caches: Sequence[Path] | None = None) -> Records:
    """The records of this state of the project: its files, how the seed goes in, the Python.

    Of fossml.toml, in which claims may change, only what the stages are given counts: their seeds and variables.
    """
    content, _ = room.digest(project.root, leaves_out(project, caches) | {project.root / "fossml.toml"})
    route = project.config.seed
    given = {name: [table.get(one) for one in ("seed", "env")] for name, table in project.config.stages.items()}
    given = {name: values for name, values in given.items() if any(one is not None for one in values)}
    parts = [content, asdict(route) if route else None, python, *([given] if given else [])]
    folder = cache / f"project-{key(parts)[:24]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "set FOSSML_CACHE_DIR to a folder that can be written"
        raise FossmlError(f"cannot keep records: {error.strerror}", where=str(folder), hint=hint) from error
    return Records(folder)
