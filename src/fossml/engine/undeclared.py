"""Inputs that a stage was seen to read, that another stage makes, and that it does not declare."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fossml.errors import FossmlError
from fossml.project.dvc import rooted
from fossml.types import Artifact, Run, Stage


@dataclass(frozen=True, slots=True)
class Undeclared:
    """`stage` opened `path` (relative to the root), an output of the stage `maker` or a file in one."""

    stage: Stage
    path: str
    maker: str

    @property
    def dep(self) -> str:
        """The path as the stage would declare it: relative to its `wdir`."""
        return posixpath.relpath(self.path, self.stage.wdir)

    def __str__(self) -> str:
        """What to do about it."""
        return f"it read {self.path}, which {self.maker} makes: add `- {self.dep}` to its deps in {self.stage.file}"


class StageError(FossmlError):
    """A stage that ran has no result. `sought` are outputs of others that it opened, or tried to, undeclared."""

    def __init__(self, stage: Stage, error: FossmlError, hint: str | None, sought: Iterable[Undeclared]) -> None:
        super().__init__(error.message, where=error.where, hint=hint)
        self.stage = stage
        self.sought = tuple(sought)


def undeclared(stage: Stage, opened: Iterable[str], made: Mapping[str, str]) -> Iterator[Undeclared]:
    """Which of the paths `opened` are outputs of other stages; `made` maps outputs to the address of their stage.

    Each output once, whatever was opened in it.
    """
    own = {rooted(stage, path) for path in (*stage.deps, *(out.path for out in stage.outs))}
    told: set[str] = set()
    for path in opened:
        out = _output(path, made)
        if out is not None and out not in told and made[out] != stage.address and not _covered(out, own):
            told.add(out)
            yield Undeclared(stage, out, made[out])


def _output(path: str, made: Mapping[str, str]) -> str | None:
    while path not in made:
        if "/" not in path:
            return None
        path = path.rpartition("/")[0]
    return path


def _covered(path: str, places: set[str]) -> bool:
    return path in places or any(path.startswith(place + "/") or place.startswith(path + "/") for place in places)


def declaring(run: Run, stage: Stage, found: Mapping[str, Artifact]) -> Run:
    """`run` as it would have been recorded, had its stage declared the inputs `found` (by path as declared); its keys
    are still to be made anew.

    What it was seen to read of them moves from the discoveries to the inputs.
    """
    assert run.discovered is not None
    places = {rooted(stage, path) for path in found}
    files = {path: digest for path, digest in run.discovered.files.items() if not _covered(path, places)}
    known = {dep.path: dep for dep in run.deps}
    deps = {**known, **{path: replace(artifact, path=path) for path, artifact in found.items()}}
    return replace(
        run,
        deps=tuple(deps[path] for path in sorted(deps)),
        discovered=replace(run.discovered, files=files),
    )
