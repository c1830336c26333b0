"""Numbers that nothing computed: outputs with the bytes, or the numbers, of a file which nothing makes."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from fossml import compare
from fossml.project.declared import Project
from fossml.project.dvc import rooted
from fossml.types import Evidence, Finding
from fossml.verify.controls.tables import UNREADABLE
from fossml.verify.controls.watched import Watched
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.released import WEIGHTS

COPIED = "CTL005"
BROUGHT_NAME = "looked for what was brought"
"""The name on record of what was found in the copy."""
_FRACTION = re.compile(rb"(?<![\w.])-?\d+\.\d+(?:[eE][+-]?\d+)?(?![\w.])")
_LARGEST_TEXT = 2**24
_ARRAYS = (".npy", ".npz")
_SETTINGS = frozenset({".toml", ".yaml", ".yml", ".cfg", ".ini"})
_ENOUGH = 3
"""So many measured numbers do not stand in two files by chance."""
_PART = 0.2
"""A checkpoint keeps, beside the weights, a few numbers for each of them."""


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
    watched: Iterable[Watched], project: Project, folder: Path, base: Built, changed: Sequence[Built]
) -> Iterator[Finding]:
    """Trained outputs that say what a file says which nothing makes, and that move with nothing but that file.

    `folder` is the copy of `base`, `changed` are builds with other seeds or on other data.
    """
    root = project.root
    settings = {rooted(stage, source.path) for stage in project.stages for source in stage.params}
    for one in watched:
        for given in one.given(project):
            others = [built for built in changed if built.outs and given not in _paths(built)]
            if not any(one.source in built.outs and one.moved_outs(base, built) for built in others):
                continue
            still = _still(one, base, others)
            same = [path for path in still if _same_numbers(root / given, folder / path)]
            places = _mentioned(root, one.up.sources(), given)
            yield from (_brought(one, path, f"says what {given} says", given, len(others), places) for path in same)
            if same or given in settings or PurePosixPath(given).suffix.lower() in _SETTINGS:
                continue
            for path in (path for path in still if _reads(one, path, given, base, others)):
                if _holds(root / given, folder / path):
                    yield _brought(one, path, f"holds numbers of {given}", given, len(others), places)
                elif PurePosixPath(given).suffix.lower() in WEIGHTS:
                    yield _unknown(one, path, given, len(others), places)


def _still(one: Watched, base: Built, others: Sequence[Built]) -> list[str]:
    """What stages make beside metrics, where nothing that the same stage makes moves."""

    def moves(path: str) -> bool:
        return any(built.outs.get(path, "") not in (base.outs.get(path), "") for built in others)

    found = [_outs(one, address) for address in sorted(one.up.closure)]
    return [path for outs in found if not any(map(moves, outs)) for path in outs if path != one.source]


def _outs(one: Watched, address: str) -> list[str]:
    stage = one.up.graph.stages[address]
    return [rooted(stage, out.path) for out in stage.outs if out.kind == "out"]


def _paths(built: Built) -> list[str]:
    """The files that were changed before a build."""
    return built.variant.removeprefix("control: ").partition(":")[0].split(", ") if built.variant else []


def _reads(one: Watched, path: str, given: str, base: Built, others: Sequence[Built]) -> bool:
    """Whether what makes `path` reads `given`, and ran again on other data too."""
    address = next(address for address in one.up.closure if path in _outs(one, address))
    inputs = set(one.up.inputs(address))
    again = [built for built in others if path in built.outs]
    return given in inputs and any(inputs & ({*_paths(built)} | _moved(base, built)) for built in again)


def _moved(base: Built, built: Built) -> set[str]:
    return {path for path, digest in built.outs.items() if base.outs.get(path) != digest}


def _brought(one: Watched, path: str, says: str, given: str, builds: int, places: tuple[Evidence, ...]) -> Finding:
    message = (
        f"the result does not depend on the training: {path} {says}, which no stage makes, and stays "
        f"so in {builds} builds with other seeds or other data"
    )
    hint = "train it in the pipeline, or declare it as an input and state that it is only evaluated"
    return Finding(COPIED, "fail", "hard", one.id, message, (*places, Evidence(given)), hint)


def _unknown(one: Watched, path: str, given: str, builds: int, places: tuple[Evidence, ...]) -> Finding:
    message = (
        f"whether {path} is trained is not known: it stays the same in {builds} builds with other seeds or other data, "
        f"and what makes it reads {given}, which is of a form of trained models and which no stage makes"
    )
    return Finding(COPIED, "unknown", "soft", one.id, message, (*places, Evidence(given)))


def _same_numbers(given: Path, made: Path) -> bool:
    """Whether two files say the same, and what they say are measured numbers, not settings or names."""
    if not _are_files(given, made):
        return False
    return compare.compare_paths(given, made).same and _holds_numbers(given)


def _are_files(*paths: Path) -> bool:
    return all(path.is_file() and not path.is_symlink() for path in paths)


def _holds_numbers(path: Path) -> bool:
    """Whether a file is of a form in which models are kept, or is a text with fractions in it."""
    return path.suffix.lower() in WEIGHTS or len(_fractions(path)) > 1


def _fractions(path: Path) -> list[str]:
    if path.stat().st_size > _LARGEST_TEXT:
        return []
    return [one.decode() for one in _FRACTION.findall(path.read_bytes())]


def _holds(given: Path, made: Path) -> bool:
    """Whether all measured numbers of `made` stand in `given` and are no small part of it, in whatever form."""
    if not _are_files(given, made):
        return False
    inside, whole = _measured(made), _measured(given)
    return len(inside) >= _ENOUGH and inside <= whole and len(inside) >= _PART * len(whole)


def _measured(path: Path) -> frozenset[str]:
    """The numbers of a file that nobody chooses: fractions of two digits and more, to six digits."""
    numbers = _elements(path) if path.suffix.lower() in _ARRAYS else map(float, _fractions(path))
    shown = (f"{number:.6g}" for number in numbers if abs(20 * number - round(20 * number)) > 1e-9)
    return frozenset(one for one in shown if len(one.partition("e")[0].lstrip("-0.").replace(".", "")) > 1)


def _elements(path: Path) -> Iterable[float]:
    """The numbers of an array or of several."""
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = [loaded] if isinstance(loaded, np.ndarray) else [loaded[name] for name in loaded.files]
        kinds = [one for one in arrays if one.dtype.kind == "f"]
        return [float(number) for one in kinds for number in one.ravel()[:_LARGEST_TEXT]]
    except UNREADABLE:
        return []


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
