"""Facts: a repository as one frozen value, so that every rule is a pure function of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fossml.facts.verification import Verification
from fossml.scan import FileScan
from fossml.scan.requirements import Declaration
from fossml.types import Artifact, Evidence, Run, Stage

if TYPE_CHECKING:
    from fossml.project.dvc import LockEntry


@dataclass(frozen=True, slots=True)
class Document:
    """A text that people read: a README, a licence, a Makefile."""

    path: str
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines, the first at index 0."""
        return self.text.splitlines()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a repository. Paths are POSIX and relative to its root.

    `files` maps what git tracks or would track to its size in bytes (what a bounded walk finds where there is no
    git), vendored code apart. `untracked` are those of them that git does not track, `ignored` what git is told to
    leave out (folders end in `/`), `present` the paths that code names, though they are no `files`, and that exist.
    `locks` maps a dvc.yaml to what its dvc.lock says, `found` the inputs and outputs of stages to what is there now.
    `unseen` names what was not looked at, and why; `problems` what could not be read.
    """

    git: bool
    files: Mapping[str, int] = field(default_factory=dict)
    vendored: tuple[str, ...] = ()
    untracked: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()
    present: frozenset[str] = frozenset()
    scans: Mapping[str, FileScan] = field(default_factory=dict)
    readme: Document | None = None
    licences: tuple[Document, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)
    declarations: tuple[Declaration, ...] = ()
    dependency_files: tuple[str, ...] = ()
    dependency_locks: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    locks: Mapping[str, Mapping[str, LockEntry]] = field(default_factory=dict)
    found: Mapping[str, Artifact | None] = field(default_factory=dict)
    dvc_tracked: tuple[Artifact, ...] = ()
    runs: tuple[Run, ...] = ()
    verification: Verification | None = None
    problems: tuple[Evidence, ...] = ()
    unseen: tuple[Evidence, ...] = ()
