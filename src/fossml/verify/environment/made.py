"""The environment that stages run in, as a value, and its Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fossml.env import Interpreter
from fossml.types import Finding


@dataclass(frozen=True, slots=True)
class Environment:
    """What the stages run in. `kind`: made of what the project declares, of what it imports, or the Python on PATH.

    `folder` is the virtual environment (None: PATH), `digest` names what is in it, `date` is the day as of which
    versions were chosen ("" where a lock has them). `failed` says why there is none.
    """

    kind: Literal["project", "imports", "path"]
    folder: Path | None = None
    python: str = ""
    version: str = ""
    distributions: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    files: tuple[str, ...] = ()
    date: str = ""
    itself: bool = False
    findings: tuple[Finding, ...] = ()
    failed: str = ""

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What the choice of environment leaves open."""
        if self.kind == "path":
            return (
                "the environment: the Python on this machine's PATH was used, not one made from the project's own lock",
            )
        if self.kind == "imports":
            return (f"the environment of the author: no file declares it; made of what is imported, as of {self.date}",)
        missing = sorted(
            {one.subject for one in self.findings if one.code in ("ENV003", "ENV004") and one.status == "fail"}
        )
        return (f"with all that is declared: not installed: {', '.join(missing)}",) if missing else ()


def as_interpreter(made: Environment) -> Interpreter:
    """The Python of a made environment, known without running it: what is installed may run code when it starts."""
    folders = packages(made.folder) if made.folder else []
    names = sorted(path.name for folder in folders for path in Path(folder).iterdir() if path.suffix == ".dist-info")
    return Interpreter(made.python, made.version, tuple(names), tuple(folders))


def packages(folder: Path) -> list[str]:
    """The folders of a virtual environment that hold what is installed."""
    return [str(path) for path in sorted(folder.glob("lib*/python*/site-packages"))]
