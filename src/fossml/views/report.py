"""The whole answer of one verification as one frozen value: every view is a pure function of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fossml.compare.model import Comparison
from fossml.types import HOLDS, Environment, Finding
from fossml.views.sentence import Judged

Outcome: TypeAlias = Literal["holds", "fails", "unknown"]

RUNGS = {
    "L0": "digests compared",
    "L1": "released weights evaluated again",
    "L2": "segments of the training replayed",
    "L3": "rebuilt from nothing with what the author recorded",
    "L4": "rebuilt with fresh seeds",
    "L5": "rewritten by others",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One claim: what was found, what it adds up to, and its verdicts on other rungs, which say no more than that."""

    judged: Judged
    outcome: Outcome
    beside: tuple[Judged, ...] = ()

    @property
    def verdict(self) -> str:
        """The verdict in a word; where the readings differ, each with its own."""
        names = [verdict.name for verdict in self.judged.verdicts]
        if len(set(names)) == 1:
            return names[0]
        return ", ".join(f"{one.reading.kind if one.reading else 'exact'}: {one.name}" for one in self.judged.verdicts)

    @property
    def soft(self) -> str:
        """Why the claim does not count; "" for one that does."""
        claim = self.judged.claim
        return "" if claim.hard else claim.reason or "soft: no reason is given"


@dataclass(frozen=True, slots=True)
class Source:
    """What was verified: a folder or a repository of `name`, at a commit (40 hex digits), `dirty` if files differ.

    `digests` are those of the locks and of the files that declare the environment, MD5 by path. `kind`: the files of
    the commit, those of a work tree, or those of a folder without git. `rev` is the revision that was asked for,
    `date` when the commit was made (ISO 8601, UTC), `uncommitted` what differs from it beside what was verified.
    """

    name: str
    url: str | None = None
    commit: str | None = None
    dirty: bool = False
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kind: Literal["commit", "worktree", "folder"] = "folder"
    rev: str | None = None
    date: str = ""
    uncommitted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """How the environment came to be: of what the project declares in `files`, of its imports, or the one on PATH.

    `digest` names what is in it, `date` is the day as of which versions were chosen, `failed` why there is none.
    """

    kind: Literal["project", "imports", "path"]
    files: tuple[str, ...] = ()
    digest: str = ""
    date: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Performed:
    """One run: `values` has an entry for each claim in order, None where the run says nothing of it.

    `seed` None: what the author recorded, or no seed is given. `recorded`: made by an earlier verification.
    """

    what: str
    seed: int | None
    seconds: float
    recorded: bool = False
    failure: str = ""
    values: tuple[Mapping[str, float] | None, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of the rebuild beside those on record; `how` says of some more: `same after normalising`, ...

    `compared` says of those in `different` which places differ, by how much.
    """

    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    how: Mapping[str, str] = field(default_factory=dict)
    compared: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the plan: what would be done for which claims at which price in seconds (None: not known).

    `left_out` says why it is not done; "" for what was.
    """

    what: str
    claims: tuple[str, ...]
    seconds: float | None
    left_out: str = ""


INTERRUPTED = "interrupted"
"""How the reason begins for which an interrupted verification has no more runs."""
_IDS = 5


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one verification says.

    `repeat` is the command that gives it again, `when` the time it was made (ISO 8601, UTC), `made_by` the version.
    `command` is what `--cmd` ran, "" for a project. `failed` maps stages to why they failed, `stopped` says why there
    are no more runs, `accepted` are results that their author kept by hand, `records` the folder that keeps the runs.
    """

    title: str
    source: Source
    claims: tuple[Told, ...]
    exit_code: int
    repeat: str
    when: str = ""
    made_by: str = ""
    command: str = ""
    python: str = ""
    environment: Environment | None = None
    made: Made | None = None
    findings: tuple[Finding, ...] = ()
    outputs: Outputs | None = None
    runs: tuple[Performed, ...] = ()
    plan: tuple[Step, ...] = ()
    budget: float | None = None
    failed: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    stopped: str = ""
    hints: tuple[str, ...] = ()
    records: str = ""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The fresh seeds, in order."""
        return tuple(dict.fromkeys(run.seed for run in self.runs if run.seed is not None))

    @property
    def seconds(self) -> float:
        """Seconds of this hardware that the answer rests on, whether spent now or by an earlier verification."""
        return sum(run.seconds for run in self.runs)

    @property
    def seconds_now(self) -> float:
        """Those of them that were spent now."""
        return sum(run.seconds for run in self.runs if not run.recorded)

    @property
    def is_interrupted(self) -> bool:
        """Whether its user wanted no more."""
        return self.stopped.startswith(INTERRUPTED)

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What no verdict rests on, the particular before the general; of some claims only, with their ids."""
        of: dict[str, list[str]] = {}
        for told in self.claims:
            for one in told.judged.verdicts[0].not_checked:
                of.setdefault(one, []).append(told.judged.claim.id)
        return tuple(one + self._which(ids) for one, ids in of.items())

    def _which(self, ids: Sequence[str]) -> str:
        if len(ids) == len(self.claims):
            return ""
        more = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
        return f" ({', '.join(ids[:_IDS])}{more})"

    @property
    def missed(self) -> tuple[Told, ...]:
        """The claims that do not hold or could not be told, soft ones too."""
        return tuple(told for told in self.claims if any(v.name not in HOLDS for v in told.judged.verdicts))


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`: to the precision that matters."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
