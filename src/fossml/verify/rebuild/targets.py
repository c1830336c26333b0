"""Which claims are to be verified, each with the metric and the stage that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from fossml.errors import UNKNOWN, FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import rooted
from fossml.types import Claim
from fossml.verify.claims.compared import resolve, with_others
from fossml.verify.claims.parse import parse_claim
from fossml.verify.metrics.metric import Metric, parse_metric


@dataclass(frozen=True, slots=True)
class Target:
    """A claim with its metric, the stage that makes it, and all that this stage makes."""

    claim: Claim
    metric: Metric
    stage: str
    made: tuple[str, ...] = ()


def read_targets(project: Project, only: Sequence[str] = ()) -> tuple[Target, ...]:
    """The claims of `project`, each with the stage that makes it.

    If any id is given in `only`, those alone with what they are compared with. FossmlError for a claim that is not
    well formed, given twice, or about a metric that no stage makes.
    """
    file = project.config.file or "fossml.toml"
    if not project.config.claims:
        raise FossmlError(
            f"there is no [[claim]] to verify{'' if project.config.file else ', as there is no fossml.toml'}",
            where=project.config.file or str(project.root),
            hint="add one to fossml.toml, or verify any command with --cmd (`fossml verify --help` shows how)",
            code=UNKNOWN,
        )
    claims = resolve([parse_claim(one.table, f"{file}:{one.line}") for one in project.config.claims], file)
    found = {one.id: _target(project, one, f"{file}:{one.line}") for one in claims}
    for name in only:
        if name not in found:
            raise FossmlError(f"there is no claim {name!r}", where=file, hint=f"the claims are: {', '.join(found)}")
    wanted = with_others(only or found, claims)
    return tuple(target for name, target in found.items() if name in wanted)


def _target(project: Project, claim: Claim, where: str) -> Target:
    metric = parse_metric(claim.metric, where)
    makers = {rooted(stage, out.path): stage.address for stage in project.stages for out in stage.outs}
    for path in (PurePosixPath(place) for place in metric.places):
        maker = next((makers[str(one)] for one in (path, *path.parents) if str(one) in makers), None)
        if maker:
            return Target(claim, metric, maker, tuple(path for path, address in makers.items() if address == maker))
    made = ", ".join(sorted(makers)) or "nothing"
    raise FossmlError(f"no stage makes {metric.source}", where=where, hint=f"the stages make: {made}")
