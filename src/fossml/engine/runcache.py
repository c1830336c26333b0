"""DVC's run cache, both ways: results that `dvc repro` may take from fossml, and fossml from it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from fossml.engine.assess import Assessment
from fossml.engine.discoveries import beyond
from fossml.engine.plan import entry_of
from fossml.project.dvc import LockEntry, dump_run, load_run, run_key, run_value
from fossml.project.dvc.places import is_url
from fossml.store import durable
from fossml.types import Artifact, Run, Stage


class RunCache:
    """The run cache in the folder `runs` of DVC's cache.

    DVC looks results up by command, inputs and parameters. So it is neither asked nor told of a stage that has a seed
    or declared variables, or that was seen to rest on more than it declares.
    """

    def __init__(self, cache: Path) -> None:
        self._folder, self._temporary = cache / "runs", cache / "tmp"

    def find(self, found: Assessment, known: Run | None) -> LockEntry | None:
        """The newest entry for what `found` would do, as dvc takes it; `known` is the newest Run of the stage."""
        if not _may_share(found) or (known and beyond(known.discovered, found.settings.packages)):
            return None
        wanted = _wanted(found)
        folder = self._place(run_key(wanted))
        for path in _newest_first(folder):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                entry = load_run(path.read_text(encoding="utf-8"))
                if entry is not None and run_key(entry) == folder.name and run_value(entry) == path.name:
                    return entry
        return None

    def tell(self, found: Assessment, run: Run) -> None:
        """Let dvc know of `run`."""
        cached = all(out.cache for out in found.stage.outs if out.kind == "out")
        if not _may_share(found) or not cached or beyond(run.discovered, found.settings.packages):
            return
        entry = entry_of(run)
        place = self._place(run_key(entry)) / run_value(entry)
        if place.exists():
            return
        temporary = durable.temporary(self._temporary)
        with contextlib.suppress(OSError):  # a cache that cannot be written costs a rerun, no result
            self._temporary.mkdir(parents=True, exist_ok=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(dump_run(entry), encoding="utf-8")
            temporary.replace(place)

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key


def _may_share(found: Assessment) -> bool:
    stage = found.stage
    told = found.recipe is not None and found.seed is None and not found.env
    return told and not stage.always_changed and not stage.frozen and _is_whole(stage)


def _is_whole(stage: Stage) -> bool:
    """Whether DVC keeps runs of such a stage: with inputs and outputs, all of them here, none that persists."""
    local = not any(is_url(dep) for dep in stage.deps)
    return bool(stage.deps or stage.params) and bool(stage.outs) and local and not any(o.persist for o in stage.outs)


def _wanted(found: Assessment) -> LockEntry:
    deps = tuple(artifact for _, artifact in sorted(found.now.deps.items()) if artifact)
    outs = tuple(Artifact(out.path, "", 0) for out in sorted(found.stage.outs, key=lambda out: out.path))
    return LockEntry(found.stage.cmd, deps, found.now.params, outs)


def _newest_first(folder: Path) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
        return sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError:
        return []
