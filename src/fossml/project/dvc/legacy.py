"""What DVC 2 recorded: its MD5 takes CRLF as LF in text, and its entries in dvc.lock carry no `hash`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fossml.project.dvc.walk import ignored
from fossml.types import Artifact

if TYPE_CHECKING:
    from fossml.project.dvc.lock import LockEntry

_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"
# DVC decides for each such piece of a file whether it is text, by its first bytes.
_PIECE, _FIRST = 1 << 20, 512


def as_now(root: Path, entry: LockEntry, now: Mapping[str, Artifact | None], place: Callable[[str], str]) -> LockEntry:
    """`entry` with the digests of `now` (by path as in the entry) wherever DVC 2 recorded what still lies there.

    `place` gives a path of the entry relative to `root`. Nothing is read for what DVC 3 recorded, or where the digests
    are equal, as they are for all but texts with CRLF.
    """
    if not entry.legacy:
        return entry
    left_out = ignored(root)

    def one(was: Artifact) -> Artifact:
        here = now.get(was.path)
        if was.path not in entry.legacy or here is None or here.digest == was.digest:
            return was
        path = place(was.path)
        then = digest(root / path, lambda inner, is_folder: left_out(f"{path}/{inner}", is_folder))
        return replace(was, digest=here.digest) if then == was.digest else was

    return replace(entry, deps=tuple(map(one, entry.deps)), outs=tuple(map(one, entry.outs)))


def digest(path: Path, left_out: Callable[[str, bool], bool] = lambda _path, _is_folder: False) -> str:
    """The digest by which DVC 2 knew the file or folder `path`; `left_out` is asked for paths below it."""
    if not path.is_dir():
        return file_digest(path)
    files = sorted(_files(path, "", left_out))
    listed = [{"md5": file_digest(path / file), "relpath": file} for file in files]
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def file_digest(path: Path) -> str:
    """The MD5 of a file, of a text with LF for CRLF."""
    found = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece.replace(b"\r\n", b"\n") if _is_text(piece[:_FIRST]) else piece)
    return found.hexdigest()


def bring(cache: Path, wanted: str, target: Path) -> bool:
    """Copy the object `wanted`, a file or a folder, from DVC 2's cache to `target`, which must not exist.

    False, and nothing is written, where it is not there whole.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        for name, each in _objects(cache, wanted).items():
            place = temporary / name if name else temporary
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_object(cache, each), place)
            if file_digest(place) != each:
                return False
        temporary.rename(target)
    except (OSError, ValueError, LookupError, TypeError):
        return False
    finally:
        shutil.rmtree(temporary, ignore_errors=True) if temporary.is_dir() else temporary.unlink(missing_ok=True)
    return True


def _object(cache: Path, wanted: str) -> Path:
    return cache / wanted[:2] / wanted[2:]


def _objects(cache: Path, wanted: str) -> dict[str, str]:
    """The files of `wanted`: path in the folder ("" for a file) -> digest. ValueError for a path that leaves it."""
    if not wanted.endswith(".dir"):
        return {"": wanted}
    rows = json.loads(_object(cache, wanted).read_bytes())
    files = {str(row["relpath"]): str(row["md5"]) for row in rows}
    if any(part in ("", ".", "..", ".git") for path in files for part in path.split("/")):
        raise ValueError(f"the folder {wanted} names a path outside of it")
    return files


def _is_text(block: bytes) -> bool:
    return b"\0" not in block and len(block.translate(None, _TEXT)) <= 0.3 * len(block)


def _files(folder: Path, below: str, left_out: Callable[[str, bool], bool]) -> Iterator[str]:
    with os.scandir(folder / below) as entries:
        for entry in entries:
            inner = f"{below}/{entry.name}" if below else entry.name
            if left_out(inner, entry.is_dir()):
                continue
            if entry.is_dir():
                yield from _files(folder, inner, left_out)
            else:
                yield inner
