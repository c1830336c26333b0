"""Where a command of `--cmd` is measured: in the folder where one stands, or in the files of a commit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fossml.env import child_environment
from fossml.errors import UNKNOWN, FossmlError
from fossml.facts.verification import digests
from fossml.project import git
from fossml.project.declared import find_root, read_project
from fossml.store.objects import Objects
from fossml.types import Finding
from fossml.verify.cleanroom import source as sources
from fossml.verify.cleanroom.data import bring
from fossml.verify.cleanroom.source import Source, moved_environment, open_source, uncommitted
from fossml.verify.cleanroom.target import parse_target
from fossml.verify.command.oneliner import Around, Asked
from fossml.verify.environment.made import Environment
from fossml.verify.environment.surroundings import Mode, made_of, surroundings
from fossml.views import report as views

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class There:
    """What was asked, led to the files of `source` (None: those that lie here) and into `environment` (None: PATH)."""

    asked: Asked
    around: Around
    source: Source | None = None
    environment: Environment | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said of the files and of the environment."""
        files = (*uncommitted(self.source), *self.source.findings) if self.source else ()
        return (*files, *(self.environment.findings if self.environment else ()))

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What the choice of files and environment leaves open."""
        files = self.source.not_checked if self.source else ()
        return (*files, *(self.environment.not_checked if self.environment else ()))

    @property
    def failed(self) -> str:
        """Why there is no environment to run in; "" where there is one."""
        return self.environment.failed if self.environment else ""

    def required(self) -> There:
        """This, with an environment to run in. FossmlError with the line that stands in the way where there is none."""
        if not self.failed or self.environment is None:
            return self
        last = self.environment.findings[-1]
        where = next((f"{at.path}:{at.line}" if at.line else at.path for at in last.evidence), None)
        message = f"the environment could not be made: {self.failed}"
        raise FossmlError(message, where=where, hint=last.hint, code=UNKNOWN)

    @property
    def made(self) -> views.Made | None:
        """How the environment came to be, as a view shows it."""
        return made_of(self.environment) if self.environment else None

    def told(self, root: Path) -> views.Source:
        """What was measured, as a view shows it."""
        if self.source:
            return sources.told(self.source, root.name, digests(root))
        head = git.commit(root)
        kind: sources.Kind = "worktree" if head else "folder"
        return views.Source(root.name, None, head.id if head else None, head.dirty if head else False, kind=kind)


def at_folder(asked: Asked, around: Around, mode: Mode, *, say: Say) -> There:
    """The folder where one stands, as it lies; in the Python on PATH unless another environment is asked for."""
    if mode == "path":
        return There(asked, around)
    root = asked.folder or around.cwd
    made = _inside(There(asked, around, Source(root, root, "folder")), root, mode, say)
    return replace(made, source=None)


@contextlib.contextmanager
def at_target(asked: Asked, around: Around, target: str, mode: Mode, *, as_it_lies: bool, say: Say) -> Iterator[There]:
    """The files of `target`, and the environment that they ask for. FossmlError where there is none."""
    place = parse_target(target, around.cwd)
    with open_source(place, around.cache, around.environ, as_it_lies=as_it_lies, say=say) as source:
        moved = replace(around, cwd=source.folder, environ=moved_environment(around.environ, source))
        source = replace(source, findings=(*source.findings, *_with_data(source, around, say)))
        there = There(replace(asked, folder=source.root), moved, source)
        yield _inside(there, find_root(source.folder), mode, say)


def _with_data(source: Source, around: Around, say: Say) -> tuple[Finding, ...]:
    """Lay the data that .dvc files name into a checkout; what could not be had. A work tree is left as it is."""
    if source.kind != "commit":
        return ()
    project = read_project(find_root(source.folder))
    brought = bring(project, sources.home_of(source, project), around.cache / "data", around.environ, say)
    for objects in (Objects(cache, root=project.root) for cache in brought.caches):
        for one in project.tracked:
            if not (project.root / one.path).exists() and objects.has(one):
                objects.checkout(one, project.root / one.path)
    return brought.findings


def _inside(there: There, root: Path, mode: Mode, say: Say) -> There:
    around, source = there.around, there.source
    assert source is not None
    env = child_environment(around.environ, around.prefix, around.base_prefix)
    place = surroundings(root, source, env, around.cache, mode, say=say)
    environment = place.environment
    if environment.failed:
        return replace(there, environment=environment)
    return replace(there, around=replace(around, environ=place.env, prefix=around.base_prefix), environment=environment)
