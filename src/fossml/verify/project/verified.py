"""Everything that the verification of a project gave: verdicts, builds, outputs beside the author's, findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fossml.compare import Comparison
from fossml.project.declared import Project
from fossml.project.dvc import read_lock, rooted
from fossml.types import Artifact, Finding
from fossml.verify.claims.loop import Measurement
from fossml.verify.diff.outputs import how
from fossml.verify.project.done import not_evaluable
from fossml.verify.rebuild.budget import Plan
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.repeat import Repeated
from fossml.verify.rebuild.targets import Target
from fossml.views.sentence import Judged


@dataclass(frozen=True, slots=True)
class Compared:
    """The outputs of the rebuild beside those that the author's dvc.lock records; `left_out` were not rebuilt.
    `not_reached` are those of them which claims rest on.

    `different` have other bytes; `how` says of each of them how much that means.
    """

    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    not_reached: tuple[str, ...] = ()
    how: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that was rebuilt, measured and judged, the claims in the order of fossml.toml.

    `beside` maps ids to what released weights gave. `accepted` are recorded results that their author kept by hand;
    `findings` are what was noticed on the way. `also` are builds beside the rebuild and the repetitions: of released
    weights, controls, probes, and those that tell what of the room makes a difference.
    """

    judged: tuple[Judged, ...]
    rebuilt: Built
    compared: Compared
    repeated: tuple[Repeated, ...] = ()
    accepted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    plan: Plan = field(default_factory=lambda: Plan(()))
    beside: Mapping[str, Judged] = field(default_factory=dict)
    interrupted: bool = False
    also: tuple[Built, ...] = ()

    @property
    def measurement(self) -> Measurement | None:
        """All repetitions together; None where nothing was repeated."""
        if not self.repeated:
            return None
        parts = [one.measurement for one in self.repeated]
        stopped = "; ".join(dict.fromkeys(one.stopped for one in parts))
        outcomes = tuple(outcome for one in parts for outcome in one.outcomes)
        return Measurement(outcomes, stopped, any(one.interrupted for one in parts))


def unbuilt(targets: Sequence[Target], reason: str) -> Verified:
    """Nothing was built, and why: no claim can be evaluated."""
    return Verified(tuple(not_evaluable(one, reason) for one in targets), Built(None, 0.0), Compared())


def compare(
    project: Project,
    base: Built,
    rebuilt: Path | None = None,
    records: Path | None = None,
    authors: Sequence[Path] = (),
    wanted: Collection[str] = (),
) -> Compared:
    """Each output of the rebuild beside the author's dvc.lock: the same bytes, different and how, or not on record.

    `rebuilt` is the folder of the rebuild, None where that is on record; what it is compared to is kept in `records`.
    `authors` are further folders in which the author's results may lie, `wanted` the stages that were to be built.
    """
    known: dict[str, Artifact] = {}
    of_wanted: set[str] = set()
    for file in sorted({stage.file for stage in project.stages}):
        lock = read_lock(project.root, file)
        for stage in (stage for stage in project.stages if stage.file == file and stage.name in lock):
            outs = {
                path: replace(out, path=path) for out in lock[stage.name].outs for path in [rooted(stage, out.path)]
            }
            known.update(outs)
            of_wanted |= outs.keys() if stage.address in wanted else set()
    recorded = {path: artifact.digest for path, artifact in known.items()}
    pairs = {path: recorded.get(path) for path in sorted(base.outs)}
    apart = {path: known[path] for path, was in pairs.items() if was is not None and was != base.outs[path]}
    return Compared(
        tuple(path for path, was in pairs.items() if was == base.outs[path]),
        tuple(apart),
        tuple(path for path, was in pairs.items() if was is None),
        tuple(sorted(recorded.keys() - base.outs.keys())),
        tuple(sorted(of_wanted - base.outs.keys())),
        how(project, apart, base.outs, rebuilt, records, authors) if records else {},
    )
