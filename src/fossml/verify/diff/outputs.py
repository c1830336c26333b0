"""The outputs of a rebuild beside the author's: not only whether the bytes are the same, but how they differ."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fossml import compare
from fossml.compare import Comparison, Gap, Part
from fossml.errors import FossmlError
from fossml.project.declared import Project, read_project
from fossml.types import Artifact, Evidence, Finding
from fossml.verify.diff.bytesof import Finder
from fossml.verify.diff.causes import UNFOLLOWED, UNREACHED, cause
from fossml.verify.diff.differences import diff
from fossml.verify.diff.sides import recorded
from fossml.views.compared import summary

CODE = "OUT001"
_KEPT = "compared.json"


def how(
    project: Project,
    was: Mapping[str, Artifact],
    now: Mapping[str, str],
    rebuilt: Path | None,
    records: Path,
    authors: Sequence[Path] = (),
) -> dict[str, Comparison]:
    """How each output in `was`, which the author's lock records, differs from the one with the digest in `now`.

    `rebuilt` is the folder in which the rebuild lies; where it is gone, what was told before is taken out of `records`.
    The author's bytes come out of the cache, the working tree (also of the folders `authors`) or git; unknown where
    they cannot be had.
    """
    kept = _read(records / _KEPT)
    found: dict[str, Comparison] = {}
    with tempfile.TemporaryDirectory(prefix="fossml-outputs-") as name:
        finder = Finder(project.root, Path(name).resolve(), tuple(authors))
        for path, artifact in was.items():
            key = f"{path} {artifact.digest} {now[path]}"
            if rebuilt is not None:
                kept[key] = _compare(finder, artifact, rebuilt / path)
            gone = "the rebuild is on record and its files are gone: --fresh makes them again"
            found[path] = kept.get(key) or Comparison("unknown", reason=gone)
    if rebuilt is not None:
        with contextlib.suppress(OSError):
            text = json.dumps({key: asdict(one) for key, one in kept.items()})
            (records / _KEPT).write_text(text, encoding="utf-8")
    return found


def _compare(finder: Finder, was: Artifact, now: Path) -> Comparison:
    author = finder.find(was)
    if author is None:
        return Comparison("unknown", reason="the author's bytes are not in the cache, the working tree or git")
    return compare.compare_paths(author, now)


def _read(path: Path) -> dict[str, Comparison]:
    try:
        return {key: _comparison(one) for key, one in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _comparison(data: Mapping[str, Any]) -> Comparison:
    parts = tuple(Part(one["where"], one["left"], one["right"], _gap(one["gap"])) for one in data["parts"])
    return Comparison(**{**data, "parts": parts, "normalised": tuple(data["normalised"]), "gap": _gap(data["gap"])})


def _gap(data: Mapping[str, Any] | None) -> Gap | None:
    return Gap(**data) if data else None


def finding(project: Project, found: Mapping[str, Comparison], rebuilt: Path | None) -> Finding | None:
    """OUT001: outputs differ from the author's beyond order, times and last digits; with the likely cause."""
    apart = {path: one for path, one in found.items() if not one.same}
    if not apart:
        return None
    sentence, edit = _why(project, rebuilt)
    [first, *others] = apart
    told = f"differs from the author's: {summary(apart[first])}"
    if others:
        told = "differ from the author's: " + "; ".join(
            f"{path} {summary(one)}" for path, one in list(apart.items())[:3]
        )
    return Finding(
        code=CODE,
        status="unknown" if all(one.level == "unknown" for one in apart.values()) else "fail",
        level="soft",
        subject=f"{len(apart)} outputs" if others else first,
        message=told + (f". Likely: {sentence}" if sentence else ""),
        evidence=tuple(_evidence(project, path) for path in list(apart)[:3]),
        hint=edit,
    )


def beside_room(found: Finding, room: Finding) -> Finding:
    """`found` beside what is known of the `room`: where that makes the difference, or may, no seed is to blame."""
    for guess in (UNREACHED, UNFOLLOWED):
        before, there, _ = found.message.partition(guess)
        if there:
            said = "it depends on the room" if room.status == "fail" else "what the room does was not looked for"
            return replace(found, message=f"{before}{said} ({room.code})", hint=room.hint)
    return found


def _why(project: Project, rebuilt: Path | None) -> tuple[str, str]:
    """The likely cause and the edit that pins it, out of the author's records and those of the rebuild."""
    if rebuilt is None:
        return "", ""
    with contextlib.suppress(FossmlError, OSError), tempfile.TemporaryDirectory(prefix="fossml-outputs-") as name:
        left, right = recorded(project, "dvc.lock"), recorded(read_project(rebuilt), "the rebuild")
        told = cause(diff(left, right, Finder(project.root, Path(name).resolve())), left.files)
        if told is not None:
            return told.sentence, told.edit
    return "", ""


def _evidence(project: Project, path: str) -> Evidence:
    """Where a lock records the output."""
    for file in sorted({stage.file for stage in project.stages}):
        lock = Path(file).with_suffix(".lock")
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lines = (project.root / lock).read_text(encoding="utf-8").splitlines()
            name = path.rpartition("/")[2]
            places = [
                number
                for number, line in enumerate(lines, 1)
                if line.strip(" -").startswith("path:") and line.endswith(name)
            ]
            if places:
                return Evidence(lock.as_posix(), places[0], lines[places[0] - 1].strip())
    return Evidence("dvc.lock")
