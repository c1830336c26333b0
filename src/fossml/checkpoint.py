"""Checkpoints for a training script: `save` after each epoch, `latest` at the start, and a killed build goes on.

    from fossml import checkpoint

    last = checkpoint.latest()
    if last is not None:
        model = pickle.loads(last.read())
    for epoch in range(last.step + 1 if last else 0, 100):
        train(model)
        checkpoint.save(pickle.dumps(model), step=epoch)

The folder is the one that the environment variable FOSSML_CHECKPOINT_DIR names. `fossml build` sets it for every stage:
the folder is empty at first, outlives a crash of the stage, and is removed once the stage has ended well. Where the
variable is not set (the script was started by hand) there is nowhere to save to: `save` writes nothing, `latest` is
None, and the script runs as if neither were there. Set the variable by hand to have checkpoints there too.

The rule for names, for scripts that import nothing: a checkpoint is a file or folder named `step-<number>` or
`step-<number>.<anything>`, such as `step-0000000040.pt`; the highest number is the latest. Names that begin with a dot
are not finished and do not count: write to one of those, sync, rename. `save` does just that.

This file needs the standard library of Python 3.8 or later and nothing else: where fossml is not installed beside the
script, copy it.
"""

from __future__ import annotations

import contextlib
import operator
import os
import re
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "FOSSML_CHECKPOINT_DIR"
"""The environment variable that names the folder."""

_NAME = re.compile(r"step-([0-9]+)(?:\..*)?", re.DOTALL)
_UNFINISHED = ".unfinished-"
_STARTED = time.time()


class Checkpoint(NamedTuple):
    """A checkpoint that is whole: its step, and the path of its file or folder. `open` and `torch.load` take it too."""

    step: int
    path: str

    def __fspath__(self) -> str:
        return self.path

    def read(self) -> bytes:
        """The bytes that were saved. OSError where it is a folder."""
        with open(self.path, "rb") as file:
            return file.read()


def latest() -> Checkpoint | None:
    """The whole checkpoint with the highest step; None where there is none, or FOSSML_CHECKPOINT_DIR is not set."""
    folder = os.environ.get(VARIABLE)
    found = _checkpoints(folder) if folder else []
    return found[-1] if found else None


def save(
    state: bytes | bytearray | memoryview | Callable[[str], object],
    step: int,
    *,
    keep: int = 2,
    suffix: str = "",
) -> Checkpoint | None:
    """Write `state` as the checkpoint of `step`; when this returns, it is on disk. Returns None, having written
    nothing, where FOSSML_CHECKPOINT_DIR is not set.

    `state` is bytes, or a function that writes a file or a folder at the path it is given:
    `save(lambda path: torch.save(state, path), step=epoch)`. It is called at most once, before anything is removed.
    `step` counts epochs, batches or whatever you count, from 0 up. Of all checkpoints those with the `keep` highest
    steps stay. `suffix` (`.keras`) ends the path, for writers that insist on one; what a writer adds
    to the path by itself (`np.savez` does) is taken as it is.

    A kill at any moment leaves the checkpoints from before, or the new one as well, never half of one. A step that is
    saved again replaces what was there (a folder does so in two renames: a kill between them loses that step, not the
    one before). Whatever the writer raises is raised, and nothing has changed. In a run of several processes let one
    of them save. ValueError for a negative step, `keep` below 1 or a wrong suffix.
    """
    number = operator.index(step)
    if number < 0 or keep < 1:
        raise ValueError(f"step counts from 0, and at least 1 checkpoint is kept: step={step}, keep={keep}")
    if suffix and (not suffix.startswith(".") or os.sep in suffix):
        raise ValueError(f"a suffix begins with a dot and holds no {os.sep}: {suffix!r}")
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    os.makedirs(folder, exist_ok=True)
    name = f"step-{number:010d}{suffix}"
    unfinished = _unfinished(folder)
    os.mkdir(unfinished)
    try:
        made = _write(state, os.path.join(unfinished, name))
        path = os.path.join(folder, os.path.basename(made))
        _put(made, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _sync(folder)
    _prune(folder, path, keep)
    return Checkpoint(number, path)


def _checkpoints(folder: str) -> list[Checkpoint]:
    """Those of `folder`, by step; a step that is there twice (under two suffixes) by name."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    matches = ((_NAME.fullmatch(name), name) for name in names)
    return sorted(Checkpoint(int(match.group(1)), os.path.join(folder, name)) for match, name in matches if match)


def _write(state: bytes | bytearray | memoryview | Callable[[str], object], path: str) -> str:
    """Make `path`, or what the writer made of that name (some add an ending of their own), and bring it to disk."""
    if callable(state):
        state(path)
        made = os.listdir(os.path.dirname(path))
        if len(made) != 1 or not _NAME.fullmatch(made[0]):
            raise FileNotFoundError(f"the writer was to make the one file or folder {path!r}; it made {made}")
        path = os.path.join(os.path.dirname(path), made[0])
    else:
        with open(path, "wb") as file:
            file.write(state)
    _sync_all(path)
    return path


def _unfinished(folder: str) -> str:
    """A new name in `folder` that does not count as a checkpoint."""
    return os.path.join(folder, _UNFINISHED + os.urandom(4).hex())


def _put(made: str, path: str) -> None:
    """Rename. A folder cannot replace what is there, nor be replaced: the old one steps aside first."""
    if os.path.lexists(path) and (os.path.isdir(path) or os.path.isdir(made)):
        aside = _unfinished(os.path.dirname(path))
        os.rename(path, aside)
        os.rename(made, path)
        _remove(aside)
    else:
        os.replace(made, path)


def _prune(folder: str, saved: str, keep: int) -> None:
    """Remove all but the `keep` newest and the one just saved, and what earlier, killed processes left unfinished."""
    for old in _checkpoints(folder)[:-keep]:
        if old.path != saved:
            aside = _unfinished(folder)
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                os.rename(old.path, aside)
                _remove(aside)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with contextlib.suppress(FileNotFoundError):
            if name.startswith(_UNFINISHED) and os.lstat(path).st_mtime < _STARTED:
                _remove(path)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        os.unlink(path)


def _sync_all(path: str) -> None:
    """Return when a file, or a folder with all in it, is on disk."""
    if os.path.isdir(path) and not os.path.islink(path):
        for folder, _, names in os.walk(path):
            for name in names:
                _sync(os.path.join(folder, name))
            _sync(folder)
    else:
        _sync(path)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
