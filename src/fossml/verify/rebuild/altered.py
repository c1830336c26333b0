"""A project altered before it is built: with another seed, with fewer stages, with nothing frozen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fossml.engine.graph import make_graph, order
from fossml.project.config import Config, SeedRoute
from fossml.project.declared import Project
from fossml.project.dvc import select_params


def moved(before: Project, after: Project) -> frozenset[str]:
    """The stages that have another definition or read another parameter, and those that need one of them."""
    graph, other = make_graph(before.stages), make_graph(after.stages)
    found: set[str] = set()
    for address in order(graph):
        stage, now = graph.stages[address], other.stages.get(address)
        moved = stage != now or select_params(before.root, stage) != select_params(after.root, now)
        if moved or found.intersection(graph.needs[address]):
            found.add(address)
    return frozenset(found)


def with_seed(project: Project, route: SeedRoute, seed: int) -> Project:
    """`project` with `seed` in place of every one that its author set: a build then gives it to the stages."""
    config = project.config
    tables = {name: {**table, "seed": seed} if "seed" in table else table for name, table in config.stages.items()}
    return replace(project, config=replace(config, seed=replace(route, value=seed), stages=tables))


def thawed(project: Project) -> Project:
    """A frozen stage keeps what its author has; from nothing it must run."""
    return replace(project, stages=tuple(replace(stage, frozen=False) for stage in project.stages))


def narrowed(project: Project, only: Collection[str]) -> Project:
    """`project` with only these stages: what the others make is there, and is an input like any other."""
    stages = tuple(stage for stage in project.stages if stage.address in only)
    config = project.config
    kept = {
        name: table for name, table in config.stages.items() if Config(stages={name: table}).unmatched(only) is None
    }
    return replace(project, stages=stages, config=replace(config, stages=kept))
