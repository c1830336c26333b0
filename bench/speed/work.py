"""The work that is measured, row by row, and the bar of each."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from speed import projects
from speed.bars import Bar, beyond, of_cores, of_dvc, seconds

CORES = len(os.sched_getaffinity(0))
BUILD = {"fossml": ("build",), "dvc": ("repro",), "snakemake": ("--cores", "all")}
LINKS = ("default", "hardlink", "copy")
FILES, GIB = 20_000, 2**30
MANY = 1000

Change = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Work:
    """A project to make, the processes to compare on it, and the bar.

    `sides` are the arguments of each program. `undo` is done before each process, so that the work is there again.
    `built` says that everything is done once before. `links` is the link type of the cache. `less` makes a smaller
    project for a program that does not finish within `limit` seconds. `md5` is the output whose digests alone are
    timed.
    """

    key: str
    name: str
    make: Change
    sides: Mapping[str, tuple[str, ...]]
    bar: Bar
    undo: Change | None = None
    built: bool = True
    links: str = "default"
    times: int = 5
    limit: float = 300
    less: tuple[str, Change] | None = None
    md5: str | None = None


def without(*names: str) -> Change:
    """Removes what matches, and what fossml, dvc and snakemake keep of it."""

    def undo(root: Path) -> None:
        kept = (".fossml", ".snakemake", ".dvc/cache", ".dvc/tmp", "dvc.lock", "fossml.lock", ".gitignore")
        for path in [root / name for name in kept] + [path for name in names for path in root.glob(name)]:
            remove(path)
        remove(root.parent / "home")

    return undo


def outputs(*names: str) -> Change:
    """Removes these outputs and nothing that is known of them."""

    def undo(root: Path) -> None:
        for name in names:
            remove(root / name)

    return undo


def remove(path: Path) -> None:
    """A file or a folder; nothing where there is none.

    A folder of many files is moved away and removed when all is measured: for a minute ext4 steps over every inode
    that was freed, one by one, whenever it looks for one, which then takes most of the time of any program.
    """
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
    elif sum(len(files) for _, _, files in os.walk(path)) < MANY:
        shutil.rmtree(path)
    else:
        path.rename(gone() / str(time.time_ns()))


@functools.cache
def gone() -> Path:
    """The folder of what was moved away, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fossml-bench-gone-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def some(**sides: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The usual build of some programs, with other arguments for others."""
    return {"fossml": BUILD["fossml"], **sides}


COMMAND = ("-c", ". ./command")

WORK = (
    Work("help", "`--help`", lambda _: None, dict.fromkeys(BUILD, ("--help",)), seconds(0.1), built=False, times=9),
    Work("chain", "nothing to do, 50 stages in a chain", lambda r: projects.chain(r, 50), BUILD, of_dvc(10)),
    Work(
        "foreach",
        "nothing to do, 1,000 foreach stages",
        lambda r: projects.fan(r, 1000),
        BUILD,
        of_dvc(20),
        times=3,
        less=("300", lambda r: projects.fan(r, 300)),
    ),
    Work(
        "folder",
        "nothing to do, a dependency of 20,000 files, beside `dvc status`",
        lambda r: projects.folder(r, FILES),
        some(dvc=("status",)),
        of_dvc(5),
    ),
    Work(
        "fresh",
        "50 trivial stages from nothing",
        lambda r: projects.chain(r, 50),
        BUILD,
        of_dvc(3),
        undo=without("f*[1-9]", "f*[1-9]0"),
        built=False,
        times=3,
    ),
    Work(
        "parallel",
        "8 independent one-second stages",
        lambda r: projects.busy(r, 8),
        {**BUILD, "command": COMMAND},
        of_cores(min(CORES, 8)),
        undo=without("out-*"),
        built=False,
        times=3,
    ),
    *(
        Work(
            f"large-{links}",
            f"an output of 1 GiB into the cache, {links}",
            lambda r: projects.large(r, GIB),
            some(dvc=BUILD["dvc"], command=COMMAND),
            beyond(2 if links == "copy" else 3),
            undo=without("out"),
            built=False,
            links=links,
            times=3,
            md5="out",
        )
        for links in LINKS
    ),
    *(
        Work(
            f"many-{links}",
            f"an output of 20,000 files into the cache, {links}",
            lambda r: projects.scattered(r, FILES),
            some(dvc=BUILD["dvc"], command=COMMAND),
            beyond(2 if links == "copy" else 3),
            undo=without("out"),
            built=False,
            links=links,
            times=3,
            md5="out",
        )
        for links in LINKS
    ),
    *(
        Work(
            f"restore-{links}",
            f"20,000 files out of the cache, {links}",
            lambda r: projects.scattered(r, FILES),
            some(dvc=("checkout",)),
            of_dvc(5),
            undo=outputs("out"),
            links=links,
            times=3,
        )
        for links in LINKS
    ),
)
"""In the order in which they are measured."""
