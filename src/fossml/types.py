"""The words of fossml, frozen and without behaviour: Stages make, Checks judge, a Run is the only record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes with a name.

    `path` is POSIX and relative to the repository root. `digest` is the MD5 in hex as DVC writes it, ending in
    `.dir` for a folder. `size` is in bytes; `nfiles` is set for folders only. `sha256` is that of the same bytes,
    in hex, for a folder of the canonical list of its paths with theirs; None where it is not known. It says nothing
    that `digest` does not, so two Artifacts that differ in it alone are equal.
    """

    path: str
    digest: str
    size: int
    nfiles: int | None = None
    isexec: bool = False
    sha256: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Output:
    """A path that a Stage makes. `path` is as written in dvc.yaml: relative to the Stage's `wdir`."""

    path: str
    kind: Literal["out", "metric", "plot"] = "out"
    cache: bool = True
    persist: bool = False
    push: bool = True
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class ParamSource:
    """Parameters that a Stage reads: dotted `keys` of one file, or all of it where `keys` is None."""

    path: str
    keys: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Stage:
    """What may happen: a command with what it needs and makes. DVC's word and DVC's meaning.

    `file` is the dvc.yaml that declares it, relative to the repository root; `wdir` the folder the command runs
    in, likewise. The paths in `deps`, `outs` and `params` are as written: relative to `wdir`.
    """

    name: str
    cmd: str | tuple[str, ...]
    file: str = "dvc.yaml"
    wdir: str = "."
    deps: tuple[str, ...] = ()
    outs: tuple[Output, ...] = ()
    params: tuple[ParamSource, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    desc: str | None = None

    @property
    def address(self) -> str:
        """`name`, or `sub/dvc.yaml:name` for a Stage that is not declared at the root: as DVC addresses it."""
        return self.name if self.file == "dvc.yaml" else f"{self.file}:{self.name}"


@dataclass(frozen=True, slots=True)
class Todo:
    """A Stage that must run, with the reasons, one sentence each.

    `rests_on` names an earlier Run that spares it that. `cannot` says why a build would fail at it.
    """

    stage: Stage
    reasons: tuple[str, ...]
    rests_on: str | None = None
    cannot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """The interpreter and the distributions a Run ran on: name -> version, names normalised (PEP 503)."""

    python: str
    distributions: Mapping[str, str] = field(default_factory=dict)
    hardware: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one process tree opened. `how` names the means: an audit hook in Python, strace, or none.

    Paths inside the repository are POSIX and relative to its root; `outside` holds absolute ones (data only, no
    interpreter or package files), and `listed` such folders where data was read below them. `sources` are the
    repository's Python files that were executed. `missing` are paths of the repository that were opened in vain and
    are not there; `searched` maps its folders to the top-level modules that were looked for in them and found
    elsewhere or nowhere (`name/*`); `absent` are those that code of the repository looked for and that are nowhere.
    `changed` are those of `sources` and `read` that somebody else changed after they were read: what was read of
    them is not known. `distributions` are those that were imported, name -> version, out of the folders `packages`
    (absolute). `python` is the version of the interpreter, "" where no Python ran. `network` maps the other machines
    that were tried (`example.org:443`) to the line of the repository that did (`train.py:12`, "" where none is
    known). `untraced` are the commands of Pythons that the hook could not enter (`python -I`): what those read is not
    known.
    """

    how: Literal["hook", "strace", "none"]
    sources: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    searched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    distributions: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    python: str = ""
    network: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...] = ()
    untraced: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a Run rests on beyond what its Stage declares, with the digests it had; `how` as in Trace.

    `sources` are the repository's Python files that were executed: digests that comments and formatting do not move.
    `files` were opened: MD5 as DVC writes it; paths are relative to the root, those outside absolute, with `~` for
    the home folder. `listed` maps folders to a digest of the names in them. A digest "" means that it is not known:
    the file was changed while the stage ran. `missing`, `searched` and `absent` are as in Trace; `searched` has the
    modules executed, too, that a package of the same name would hide (`name/`). `wrote` was written and is no
    declared output. `packages` are the folders of packages where they are not those of the Python that the command
    finds. `network` is as in Trace; no key rests on it. `untraced` are commands that the trace could not enter: what
    those read is not known.
    """

    how: Literal["hook", "strace"]
    python: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    searched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    wrote: tuple[str, ...] = ()
    distributions: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    network: Mapping[str, str] = field(default_factory=dict)
    untraced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The author's word that outputs are current although `reasons` say otherwise, and why: `because`."""

    because: str
    reasons: tuple[str, ...]
    when: str


@dataclass(frozen=True, slots=True)
class Run:
    """What did happen; the only record. `started` is ISO 8601 in UTC, `seconds` wall-clock.

    `recipe` is the key of what was known before it ran, `key` that of all it rests on. `deps` and `outs` carry the
    paths of the Stage (relative to its `wdir`), `params` the values read, by file, `env` the declared environment
    variables (None: not set). `origin` is who ran it. `discovered` None: what it read beyond its declared inputs is
    unknown, as for each Run of origin `dvc`.
    """

    key: str
    stage: str
    cmd: str | tuple[str, ...]
    recipe: str = ""
    deps: tuple[Artifact, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    outs: tuple[Artifact, ...] = ()
    seed: int | None = None
    env: Mapping[str, str | None] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0
    commit: str | None = None
    dirty: bool = False
    origin: Literal["fossml", "dvc"] = "fossml"
    environment: Environment | None = None
    discovered: Discovered | None = None
    accepted: Accepted | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """What is happening: the stream that terminal, JSON and log read. `notes` are worth a look and no failure.

    `again`: the stage failed before another had made what it reads undeclared, and is started once more behind that.
    `network` is what a stage that is done tried to reach, as in Trace.
    """

    event: Literal["start", "done", "current", "restored", "failed", "again", "cancelled"]
    stage: str
    reasons: tuple[str, ...] = ()
    seconds: float = 0.0
    log: str | None = None
    notes: tuple[str, ...] = ()
    network: Mapping[str, str] = field(default_factory=dict)


ReadingKind: TypeAlias = Literal["one", "mean", "best", "best-epoch", "exact"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a printed number is meant: one run, the mean of `n`, the best of `n`, the best epoch, or exact."""

    kind: ReadingKind
    n: int | None = None

    def __str__(self) -> str:
        return self.kind if self.n is None else f"{self.kind}:{self.n}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A number or an order that a paper states.

    `metric` says where the number comes out (`metrics.json:test.accuracy`, `stdout:"acc: (\\S+)"`). `value` is the
    number, `text` how it is printed: its last digit sets the rounding slack. `reading` None means that nobody has
    said; every reading is answered then.

    A comparison names other claims by their ids: `better_than`, by the printed difference `by` where one is stated, or
    an `order`, the best first. Where it states no number of its own `value` is NaN and `text` empty. `better` says
    whether more or less is good where the name of the metric does not. Claims with one `table` are cells of it;
    `cells`: how many those are. `run` names the command that makes the number, where there are several.
    """

    id: str
    metric: str
    value: float
    text: str
    reading: Reading | None = None
    comparison: Literal["=", ">=", "<="] = "="
    spread: float | None = None
    spread_kind: Literal["sd", "se", "ci95"] | None = None
    margin: float | None = None
    hard: bool = True
    statement: str = ""
    where: str = ""
    reason: str = ""
    line: int | None = None
    better_than: str = ""
    by: str = ""
    order: tuple[str, ...] = ()
    better: Literal["more", "less"] | None = None
    table: str = ""
    cells: int = 1
    run: str = ""

    @property
    def others(self) -> tuple[str, ...]:
        """The ids of the claims that this one is compared with, in order; none where it is about a number alone."""
        return self.order or ((self.better_than,) if self.better_than else ())


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured number and how sure it is: `low` to `high` is the interval that `method` names, from `n` runs."""

    value: float
    low: float
    high: float
    n: int
    method: str
    sd: float | None = None


VerdictName: TypeAlias = Literal[
    "exact",
    "numeric",
    "reproduced",
    "consistent",
    "better",
    "inconclusive",
    "direction only",
    "not reproduced",
    "underspecified",
    "not evaluable",
]

HOLDS: frozenset[VerdictName] = frozenset({"exact", "numeric", "reproduced", "consistent", "better"})
FAILS: frozenset[VerdictName] = frozenset({"not reproduced", "direction only"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verify says of a Claim. The verdicts and rungs are told in docs/fossml-toml.md."""

    claim: Claim
    name: VerdictName
    rung: Literal["L0", "L1", "L2", "L3", "L4", "L5"] | None
    reading: Reading | None
    runs: int
    reason: str
    estimate: Estimate | None = None
    margin: float | None = None
    seconds: float = 0.0
    not_checked: tuple[str, ...] = ()


Status: TypeAlias = Literal["pass", "fail", "unknown", "not applicable", "declared"]
Level: TypeAlias = Literal["hard", "soft"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a Finding rests: a file and line of the repository, and the text that stands there."""

    path: str
    line: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says of a `subject` (a file, a package, the repository). `hint` is the next thing to do."""

    code: str
    status: Status
    level: Level
    subject: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    hint: str = ""
