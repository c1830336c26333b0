"""What must hold of a repository at any moment, however a build of it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from fossml.engine.plan import entry_of
from fossml.engine.records import read_own_lock
from fossml.project.dvc import LockEntry, read_lock
from fossml.store.ledger import Ledger, from_json
from fossml.types import Run
from tests.engine.kill.pipeline import Start


def check_records(root: Path, begin: Start) -> set[str]:
    """No lock lies, no object that a record names is lost; the stages whose new result is recorded already."""
    runs = recorded(root)
    entries = [*read_lock(root).items(), *((run.stage, entry_of(run)) for run in runs)]
    entries += [(run.stage, entry_of(run)) for run in own_lock(root)]
    for stage, entry in entries:
        assert entry in begin.known[stage], f"a record of {stage} says what no build made: {entry}"
        for out in entry.outs:
            check_object(root, out.digest)
    return {run.stage for run in runs if entry_of(run) == begin.known[run.stage][0]}


def recorded(root: Path) -> list[Run]:
    """The Runs of the ledger."""
    return list(Ledger(root / ".fossml" / "ledger.jsonl").runs())


def own_lock(root: Path) -> Iterator[Run]:
    """The Runs of fossml.lock."""
    return map(from_json, read_own_lock(root).values())


def check_object(root: Path, digest: str) -> None:
    """The object is in the cache with the right bytes, and so is what it names."""
    path = root / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    assert path.is_file(), f"the object {digest} is lost"
    data = path.read_bytes()
    assert hashlib.md5(data).hexdigest() == digest[:32], f"the object {digest} is damaged"
    if digest.endswith(".dir"):
        for row in json.loads(data):
            check_object(root, row["md5"])


def processes(root: Path) -> list[str]:
    """The processes that a build of `root` started and that run now."""
    mark, found = f"DVC_ROOT={root}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = mark in (process / "environ").read_bytes().split(b"\0")
            if is_ours and (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def true_entries(begin: Start) -> dict[str, LockEntry]:
    """What dvc.lock says after the build."""
    return {stage: known[0] for stage, known in begin.known.items()}
