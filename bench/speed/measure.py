"""Measures one row: each program in a folder of its own, in turns, and the medians."""

from __future__ import annotations

import hashlib
import math
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from speed.programs import NEVER, Spent, call
from speed.work import BUILD, Change, Work, remove


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of one row by program: seconds, and MiB. `md5` is what the digests alone take, `note` what to know."""

    work: Work
    seconds: dict[str, float]
    peak: dict[str, float]
    md5: float | None = None
    note: str = ""


def measure(work: Work) -> Result:
    """Measure one row in a scratch folder."""
    scratch = Path(tempfile.mkdtemp(prefix="fossml-bench-"))
    try:
        roots = {program: prepare(work, work.make, scratch, program) for program in work.sides}
        spent: dict[str, list[Spent]] = {program: [] for program in work.sides}
        for _ in range(work.times):
            for program, args in work.sides.items():
                if spent[program][-1:] != [NEVER]:
                    spent[program].append(once(work, roots[program], program, args))
        md5 = digests(roots["command"] / work.md5) if work.md5 else None
        note = _with_less(work, spent, scratch) if work.less else ""
    finally:
        remove(scratch)
    medians = {program: statistics.median(one.seconds for one in all_) for program, all_ in spent.items()}
    peaks = {program: statistics.median(one.peak for one in all_) for program, all_ in spent.items()}
    return Result(work, medians, peaks, md5, note)


def prepare(work: Work, make: Change, scratch: Path, program: str) -> Path:
    """A repository for one program in `scratch`; everything done and once found done, where `built` says so.

    dvc's is a copy of what fossml built: dvc takes it over, and would need far longer to build it.
    """
    root = scratch / program / "work"
    if work.built and program == "dvc":
        model = scratch / "fossml" / "work"
        if not model.exists():
            prepare(work, make, scratch, "fossml")
        root.parent.mkdir(parents=True)
        subprocess.run(["cp", "-a", model, root], check=True)
    else:
        _make(root, make, work.links)
    if work.built:
        call(root, program, BUILD[program])
        once(work, root, program, work.sides[program])
    return root


def _make(root: Path, make: Change, links: str) -> None:
    """A git and DVC repository with the project in it."""
    (root / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (root / ".dvc" / "config").write_text("" if links == "default" else f"[cache]\n    type = {links}\n")
    (root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    make(root)


def once(work: Work, root: Path, program: str, args: tuple[str, ...]) -> Spent:
    """One process; where it writes much, what was written before is on the disk first."""
    if work.undo is not None:
        work.undo(root)
        os.sync()
    return call(root, program, args, work.limit)


def _with_less(work: Work, spent: dict[str, list[Spent]], scratch: Path) -> str:
    """Let programs that did not finish do less; what to say of it."""
    assert work.less
    size, make = work.less
    late = [program for program, all_ in spent.items() if all_[-1] == NEVER]
    for program in late:
        root = prepare(work, make, scratch / "less", program)
        spent[program][:] = [once(work, root, program, work.sides[program]) for _ in range(work.times)]
    finished = f"all finished within the limit of {work.limit:.0f} s"
    return f"{', '.join(late)} did not finish in {work.limit:.0f} s: the time for {size}" if late else finished


def digests(place: Path) -> float:
    """Seconds that MD5 of all that lies there takes, in one thread: the floor."""
    paths = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
    least = math.inf
    for _ in range(2):
        began = time.perf_counter()
        for path in paths:
            with path.open("rb") as file:
                hashlib.file_digest(file, "md5")
        least = min(least, time.perf_counter() - began)
    return least
