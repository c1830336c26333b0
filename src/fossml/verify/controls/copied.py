"""Numbers that nothing computed: outputs with the bytes, or the numbers, of a file which nothing makes."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fossml import compare
from fossml.project.declared import Project
from fossml.types import Evidence, Finding
from fossml.verify.controls.watched import Watched
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.released import WEIGHTS

COPIED = "CTL005"
_FRACTION = re.compile(rb"(?<![\w.])-?\d+\.\d+(?![\w.])")
_LARGEST_TEXT = 2**24


def copies(watched: Iterable[Watched], project: Project, base: Built) -> Iterator[Finding]:
    """Metrics that have the bytes of a file which nothing in the project makes."""
    root = project.root
    for one in watched:
        digest = base.outs.get(one.source)
        for path in one.given(project) if digest else ():
            if (root / path).is_file() and not (root / path).is_symlink() and _digest(root / path) == digest:
                message = f"{one.source} has the same bytes as {path}, which no stage makes: it is copied, not computed"
                hint = "let a stage compute it"
                yield Finding(COPIED, "fail", "hard", one.id, message, (Evidence(path),), hint)


def brought(
    watched: Iterable[Watched],
    project: Project,
    folder: Path,
    base: Built,
    *,
    seeded: Sequence[Built],
    varied: Sequence[Built],
) -> Iterator[Finding]:
    """Trained outputs that say what a file says which nothing makes, and that move with nothing but that file.

    `folder` is the copy of `base`, `seeded` are builds with other seeds, `varied` of changed inputs.
    """
    root = project.root
    for one in watched:
        for given in one.given(project):
            others = [*seeded, *(built for built in varied if not _changes(built, given))]
            if not any(one.source in built.outs and one.moved_outs(base, built) for built in others):
                continue
            for path in sorted(one.outs - {one.source}):
                still = all(built.outs.get(path, "") in (base.outs.get(path), "") for built in others)
                if still and _same_numbers(root / given, folder / path):
                    yield _brought(one, path, given, len(others), _mentioned(root, one.up.sources(), given))


def _changes(built: Built, path: str) -> bool:
    """Whether a changed build was one of changes to `path`."""
    subject = built.variant.removeprefix("control: ").partition(":")[0]
    return path in subject.split(", ")


def _brought(one: Watched, path: str, given: str, builds: int, places: tuple[Evidence, ...]) -> Finding:
    message = (
        f"the result does not depend on the training: {path} says what {given} says, which no stage makes, and stays "
        f"so in {builds} builds with other seeds or other data"
    )
    hint = "train it in the pipeline, or declare it as an input and state that it is only evaluated"
    return Finding(COPIED, "fail", "hard", one.id, message, (*places, Evidence(given)), hint)


def _same_numbers(given: Path, made: Path) -> bool:
    """Whether two files say the same, and what they say are measured numbers, not settings or names."""
    if not (given.is_file() and made.is_file()) or given.is_symlink() or made.is_symlink():
        return False
    return compare.compare_paths(given, made).same and _holds_numbers(given)


def _holds_numbers(path: Path) -> bool:
    """Whether a file is of a form in which models are kept, or is a text with fractions in it."""
    if path.suffix.lower() in WEIGHTS:
        return True
    if path.stat().st_size > _LARGEST_TEXT:
        return False
    return len(_FRACTION.findall(path.read_bytes())) > 1


def _mentioned(root: Path, sources: Iterable[str], name: str) -> tuple[Evidence, ...]:
    """The lines of the code that name a file."""
    short = name.rpartition("/")[2]
    found = []
    for path in sorted(set(sources)):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lines = (root / path).read_text(encoding="utf-8").splitlines()
            found += [
                Evidence(path, number, line.strip()[:200]) for number, line in enumerate(lines, 1) if short in line
            ]
    return tuple(found[:3])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
