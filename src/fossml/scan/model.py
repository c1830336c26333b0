"""What one file says: the frozen values that a scan yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

MarkKind: TypeAlias = Literal[
    "home path",
    "machine path",
    "seed",
    "clock seed",
    "random",
    "download",
    "read",
    "write",
    "secret",
    "flag",
    "command",
    "trains",
    "evaluates",
    "metric",
    "hyper-parameter",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth knowing on one line. `what` is the bare thing (a path, a call), `text` the line that shows it.

    `group` says which library a seed or a random call belongs to, `checked` a download that is compared with
    a digest, `definition` a function whose name says what it is for, and how a hyper-parameter
    is written: `constant`, `flag`, `argument`.
    """

    kind: MarkKind
    line: int | None
    what: str
    text: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a file imports: dotted `module`; `optional` when the file can do without it.

    `lazy` is an import inside a function: it happens only when that is called.
    """

    module: str
    line: int | None
    text: str
    optional: bool = False
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """`fossml: ignore[CODES] because REASON` on a line; an empty `reason` waives nothing."""

    line: int
    codes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class NotebookScan:
    """The order in which a notebook's cells of code ran: `counts[i]` is None for a cell never executed."""

    language: str
    counts: tuple[int | None, ...]
    lines: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class PickleScan:
    """What loading a file would import, found without loading it.

    `verdict` is safe (everything is on the allow-list), unsafe, or unknown with `reason`. `forms` names the layers
    that were opened, outermost first. `imports` holds what is not on the allow-list, `module name` each.
    """

    verdict: Literal["safe", "unsafe", "unknown"]
    forms: tuple[str, ...]
    imports: tuple[str, ...] = ()
    reason: str = ""


Parsed: TypeAlias = Literal["ast", "tolerant", "text", "binary", "none"]


@dataclass(frozen=True, slots=True)
class FileScan:
    """What one file says. `parsed` is how it was read; `problem` says what could not be read and why."""

    path: str
    parsed: Parsed
    imports: tuple[Import, ...] = ()
    marks: tuple[Mark, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    main: int | None = None
    acts: bool = False
    sys_path: bool = False
    notebook: NotebookScan | None = None
    pickle: PickleScan | None = None
    problem: str = ""

    def of(self, *kinds: MarkKind) -> tuple[Mark, ...]:
        """The marks of these kinds, in the order of the file."""
        return tuple(mark for mark in self.marks if mark.kind in kinds)
