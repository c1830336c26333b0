"""Copies of a project as a stranger would get it: of the commit, without outputs, locks and caches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from fossml.facts.verification import RECORD
from fossml.project import git
from fossml.project.declared import Project
from fossml.project.dvc import rooted
from fossml.project.dvcconfig import read_cache_config
from fossml.store.objects import Objects
from fossml.verify.cleanroom import room


def leaves_out(project: Project, caches: Sequence[Path] | None = None) -> frozenset[Path]:
    """What a copy for a stranger does not get: outputs, locks, caches, and files that git is told to ignore.

    Nor tracked data that one of `caches` (None: the project's own) holds: it comes out of there, as recorded, whatever
    lies in the working tree.
    """
    root = project.root
    files = {stage.file for stage in project.stages}
    out = {root / rooted(stage, out.path) for stage in project.stages for out in stage.outs}
    out |= {root / PurePosixPath(file).with_suffix(".lock") for file in files}
    config = read_cache_config(root)
    out |= {root / "fossml.lock", root / RECORD, root / ".dvc" / "cache", root / ".dvc" / "tmp", config.folder}
    kept = [Objects(folder, root=root) for folder in ([config.folder] if caches is None else caches)]
    out |= {root / artifact.path for artifact in project.tracked if any(one.has(artifact) for one in kept)}
    listed = git.files(root)
    if listed is None:
        return frozenset(out)
    known, data = set(listed), tuple(artifact.path for artifact in project.tracked)
    found = (entry.path for entry in room.walk(root, out) if entry.kind in ("file", "link"))
    return frozenset(out | {root / path for path in found if path not in known and not _kept(path, data)})


def _kept(path: str, data: tuple[str, ...]) -> bool:
    """Whether a file comes along though git does not list it: git's own, and data that .dvc files name."""
    return path.startswith(".git/") or any(path == name or path.startswith(name + "/") for name in data)


class Copies:
    """The copies of one verification, each in a folder of its own below `folder` and named as the project's is.

    `caches` hold the data that .dvc files name; None: the project's own.
    """

    def __init__(self, project: Project, folder: Path, caches: Sequence[Path] | None) -> None:
        self.project, self.folder = project, folder
        self.caches = [read_cache_config(project.root).folder] if caches is None else list(caches)
        self._leave_out = leaves_out(project, self.caches)

    def place(self, name: str) -> Path:
        """Where the copy `name` lies, or would."""
        return self.folder / name / self.project.root.name

    def fresh(self, name: str, *, data: bool = True) -> Path:
        """A new copy of the commit; with its `data` out of the caches."""
        folder = self.place(name)
        room.remove(folder.parent)
        room.make(self.project.root, folder, self._leave_out)
        for objects in (Objects(cache, root=folder) for cache in self.caches if data):
            for artifact in self.project.tracked:
                if not (folder / artifact.path).exists() and objects.has(artifact):
                    objects.checkout(artifact, folder / artifact.path)
        return folder

    def again(self, name: str) -> Path:
        """The copy that an earlier verification left; git's folder is anew: it borrowed objects of another checkout."""
        folder, repository = self.place(name), self.project.root / ".git"
        room.remove(folder / ".git")
        if repository.is_dir():
            room.make(repository, folder / ".git")
        return folder

    def of(self, base: Path, name: str) -> Path:
        """A new copy of another one, with all that was built there."""
        folder = self.place(name)
        room.remove(folder.parent)
        room.make(base, folder)
        return folder

    def clear(self, but: str = "") -> None:
        """Remove them all; all but the one of the name `but`."""
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if folder.name != but:
                room.remove(folder)
        if not but:
            room.remove(self.folder)
