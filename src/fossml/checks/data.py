"""Rules on data: what the code reads is there, and under version control."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fossml.checks.places import is_data, is_test
from fossml.checks.rule import at, failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.scan import Mark
from fossml.types import Evidence, Finding

_BIG = 10 * 2**20
_FOLDER = re.compile(r"(^|/)(data|datasets?|raw|inputs?)/$", re.I)


@rule("DATA001", "data outside version control", level="hard", item="C4")
def data_versioned(facts: Facts) -> Iterator[Finding]:
    """Data that is here is tracked, by git or by DVC.

    Why: a file that only the author's disk has is gone for everybody else, and may change without a trace.

    Bad: `data/` in .gitignore, and nothing that says where it comes from.

    Good: `dvc add data/` and the .dvc file committed; a stage that makes the data; small files in git.

    How it is decided: files with a suffix of data that git does not track; ignored folders named data, dataset(s),
    raw or input(s); ignored files that code reads. What a .dvc file names, what a stage makes and what code in the
    repository writes is left out. Unknown where the folder is no git repository.
    """
    if not facts.git:
        yield unknown("data", "this is no git repository, so nothing says which files are tracked", hint="git init")
        return
    outside = [path for path in _candidates(facts) if not _accounted(path, facts)]
    for path in outside:
        uses = _uses(path, facts)
        said = "is ignored by git" if path not in facts.untracked else "is not tracked by git"
        yield failed(path, f"{path} {said} and not by DVC either", uses or [Evidence(path)], f"dvc add {path}")
    tracked = [path for path in facts.files if is_data(path) and path not in facts.untracked]
    if not outside and (tracked or facts.dvc_tracked):
        shown = [Evidence(one.path + ".dvc") for one in facts.dvc_tracked] + [Evidence(path) for path in tracked]
        yield passed("data", "the data found here is tracked", shown)
    elif not outside:
        yield not_applicable("data", "no file of data was found")


def _candidates(facts: Facts) -> list[str]:
    untracked = {path for path in facts.untracked if is_data(path)}
    ignored = {path for path in facts.ignored if _FOLDER.search(path)}
    read = {
        path for path in facts.present if not any(path.startswith(folder) for folder in ignored if folder.endswith("/"))
    }
    return sorted(untracked | ignored | read)


def _accounted(path: str, facts: Facts) -> bool:
    """True where DVC tracks the path, or a stage or the code makes it."""
    known = {one.path for one in facts.dvc_tracked}
    known |= {posixpath.normpath(posixpath.join(stage.wdir, out.path)) for stage in facts.stages for out in stage.outs}
    bare = path.rstrip("/")
    inside = any(bare == one or bare.startswith(one + "/") or one.startswith(bare + "/") for one in known)
    return inside or posixpath.basename(bare) in _written(facts)


def _written(facts: Facts) -> set[str]:
    return {posixpath.basename(mark.what) for scan in facts.scans.values() for mark in scan.of("write")}


def _uses(path: str, facts: Facts) -> list[Evidence]:
    name = posixpath.basename(path.rstrip("/"))
    marks = ((where, mark) for where, scan in facts.scans.items() for mark in scan.of("read"))
    return [at(where, mark) for where, mark in marks if posixpath.basename(mark.what) == name]


@rule("DATA002", "data that is nowhere", level="soft", item="C4")
def data_exists(facts: Facts) -> Iterator[Finding]:
    """Data that the code reads is in the repository, made by it, or its source is told.

    Why: missing data is what most often ends an attempt to repeat a result.

    Bad: `pd.read_csv("birds.csv")`, no birds.csv, and no word about it.

    Good: birds.csv in git or under DVC, a stage or script that fetches it with a digest, a README that says where
    it comes from.

    How it is decided: file names that are written out in calls that read (open, pandas, NumPy, h5py, torch and
    others), looked for from the script and from the root. Files that any code here writes or downloads do not
    count. Unknown where a README or script names the file: whether it can be had is not tried. Tests are left out.
    """
    missing = [
        (path, mark)
        for path, scan in facts.scans.items()
        if not is_test(path)
        for mark in scan.of("read")
        if not _is_there(path, mark, facts)
    ]
    for path, mark in sorted(missing, key=lambda one: (one[0], one[1].line or 0)):
        yield _missing(path, mark, facts)
    reads = [(path, mark) for path, scan in facts.scans.items() for mark in scan.of("read")]
    if reads and not missing:
        yield passed(
            "data", f"the {len(reads)} files that code reads by name are here or made here", [at(*one) for one in reads]
        )


def _missing(path: str, mark: Mark, facts: Facts) -> Finding:
    name = posixpath.basename(mark.what)
    told = next(_told(name, facts), None)
    if told:
        return unknown(
            mark.what,
            f"{mark.what} is not here; {told.path} speaks of it, and whether it can be had was not tried",
            [at(path, mark), told],
        )
    return failed(
        mark.what,
        f"{path} reads {mark.what}, which is not here and which nothing here makes",
        [at(path, mark)],
        f"track it (dvc add {mark.what}), or say in the README where it comes from",
    )


def _told(name: str, facts: Facts) -> Iterator[Evidence]:
    for document in facts.documents.values():
        for number, line in enumerate(document.lines, 1):
            if name in line:
                yield Evidence(document.path, number, line.strip()[:200])


def _is_there(path: str, mark: Mark, facts: Facts) -> bool:
    what = mark.what.replace("\\", "/")
    if what.startswith(("/", "~", "..")) or re.match(r"[A-Za-z]:", what):
        return True
    folder = posixpath.dirname(path)
    places = {posixpath.normpath(what), posixpath.normpath(posixpath.join(folder, what))}
    name = posixpath.basename(what)
    known = any(place in facts.files or place in facts.present or _accounted(place, facts) for place in places)
    return known or any(one.endswith("/" + what) for one in facts.files) or name in _fetched(facts)


def _fetched(facts: Facts) -> set[str]:
    return {
        posixpath.basename(mark.what.split("?")[0]) for scan in facts.scans.values() for mark in scan.of("download")
    }


@rule("DATA003", "large data in git", level="soft", item="C4")
def data_size(facts: Facts) -> Iterator[Finding]:
    """Large data is under DVC (or git-lfs), not in git itself.

    Why: each version of it stays in every clone for ever, and hosts refuse files above 100 MB.

    Bad: `train.csv` of 80 MB committed.

    Good: `dvc add train.csv`.

    How it is decided: files with a suffix of data above 10 MB that git tracks. DVC pointers and git-lfs pointers
    are small and pass.
    """
    for path, size in sorted(facts.files.items()):
        if facts.git and size > _BIG and is_data(path) and path not in facts.untracked:
            yield failed(
                path,
                f"{path} is {size / 2**20:.0f} MB in git",
                [Evidence(path)],
                f"git rm --cached {path} && dvc add {path}",
            )
