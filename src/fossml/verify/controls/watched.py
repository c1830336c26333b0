"""What is watched: a claim with what it rests on, what the stages behind it make, and what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fossml.project.declared import Project
from fossml.project.dvc import rooted
from fossml.types import Run
from fossml.verify.controls.choose import Claimed
from fossml.verify.controls.upstream import Upstream, upstream
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built


@dataclass(frozen=True, slots=True)
class Watched:
    """A claim under control: its id, its metric, what it rests on, the outputs of its stage."""

    id: str
    metric: str
    source: str
    up: Upstream
    made: tuple[str, ...]

    @property
    def outs(self) -> set[str]:
        """Everything that the stages behind the claim make."""
        stages = [self.up.graph.stages[address] for address in self.up.closure]
        return {rooted(stage, out.path) for stage in stages for out in stage.outs}

    def given(self, project: Project) -> tuple[str, ...]:
        """The files that the stages behind the claim read, none makes, and that are no Python and no table."""
        made = {rooted(stage, out.path) for stage in project.stages for out in stage.outs}
        read = {path for address in self.up.closure for path in self.up.inputs(address)}
        return tuple(sorted(path for path in read if path not in made and not path.endswith((".py", ".csv", ".tsv"))))

    def moved_outs(self, base: Built, built: Built) -> list[str]:
        """Which of the outputs behind the claim have other bytes in `built`."""
        return sorted(path for path in self.outs if base.outs.get(path) != built.outs.get(path))


def watch(rebuilder: Rebuilder, targets: Sequence[Claimed], runs: Sequence[Run] = ()) -> tuple[Watched, ...]:
    """The claims `targets` with what they rest on, as the build as declared (or else `runs`) was seen to read it."""
    project, runs = rebuilder.project, rebuilder.runs() or runs
    return tuple(
        Watched(one.claim.id, one.metric.text, one.metric.source, upstream(project, one.stage, runs), tuple(one.made))
        for one in targets
    )
