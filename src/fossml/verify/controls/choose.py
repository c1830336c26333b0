"""Which controls a verification runs: changes after which a result that was computed must come out differently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from fossml.engine.graph import make_graph, select
from fossml.project.declared import Project
from fossml.types import Claim, Run
from fossml.verify.controls import chance, rows
from fossml.verify.controls.upstream import Data, Parameter, Upstream, made_data, parameters, sources_of_data, upstream
from fossml.verify.metrics.metric import Metric
from fossml.verify.rebuild.budget import Check

Kind: TypeAlias = Literal["repeat", "seed", "rows", "parameter"]
_FILES = 3
"""So many data files at most get a control of their own; the others are thinned together."""

_PARAMETERS = 3
"""So many parameters are tried one after the other, the next only where the one before moved nothing."""
_IDLE = re.compile(r"(^|[._])(n_jobs|num_workers|workers|threads|verbos\w*|log\w*|version|port|timeout)($|[._])", re.I)
"""Parameters that say how, not what."""


class Claimed(Protocol):
    """A claim with its metric, the address of the stage that makes it, and all that this stage makes."""

    @property
    def claim(self) -> Claim:
        """The claim."""

    @property
    def metric(self) -> Metric:
        """Where its number comes out."""

    @property
    def stage(self) -> str:
        """The address of its stage."""

    @property
    def made(self) -> tuple[str, ...]:
        """The outputs of its stage."""


@dataclass(frozen=True, slots=True)
class Control:
    """One change: `subject` in words, the `claims` (ids) that must move, the `stages` that run again for it.

    `paths` are the files that are changed, `files` those among which some are left out, `parameters` what is moved, one
    after the other until one does.
    `alone`: only `stages` are built, since what is changed is the output of another one.
    """

    kind: Kind
    subject: str
    claims: tuple[str, ...]
    stages: tuple[str, ...]
    paths: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    alone: bool = False

    @property
    def said(self) -> str:
        """The change in words, by which the plan knows it."""
        words = {"rows": "rows left out of ", "parameter": "another value of ", "seed": "another seed: "}
        return words.get(self.kind, "") + self.subject

    @property
    def check(self) -> Check:
        """It as a part of a plan, at the price of one build: a further one is made where that moved nothing."""
        return Check("control", self.claims, self.stages, what=self.said)


def plan(
    project: Project,
    claims: Sequence[Claimed],
    *,
    folder: Path | None = None,
    runs: Sequence[Run] = (),
    measured: Iterable[str] = (),
    chosen: Mapping[str, Sequence[Control]] | None = None,
    reached: Mapping[str, frozenset[str]] | None = None,
) -> tuple[Control, ...]:
    """The controls for `claims`, in the order in which they are worth their price; each is at least one training.

    `folder` is where the files lie (the project's own), `runs` what stages were seen to read. `measured` are the ids
    of claims for which several builds with fresh seeds (without a seed: as it is) are made anyway. `chosen` are the
    changes for some stages, as `changes` gave them before. `reached` maps the stages of claims to those that another
    seed makes run again (None: all that they need).
    """
    wheres = {target.stage: upstream(project, target.stage, runs) for target in claims}
    known = changes(project, claims, folder=folder, runs=runs, chosen=chosen)
    found = [replace(one, claims=(target.claim.id,)) for target in claims for one in known[target.stage]]
    found.sort(key=lambda one: one.kind == "parameter")
    draw = {stage for stage, up in wheres.items() if chance.draws(project.root, up.sources())["draw"]}
    return (*_together(found), *_seeds(project, claims, frozenset(measured), draw, reached or {}))


def changes(
    project: Project,
    claims: Sequence[Claimed],
    *,
    folder: Path | None = None,
    runs: Sequence[Run] = (),
    chosen: Mapping[str, Sequence[Control]] | None = None,
) -> dict[str, tuple[Control, ...]]:
    """By the stages of `claims`, what is to be changed before them, for no claim as yet; of `chosen` where it is there.

    Rows of the data, of what a stage makes of it where there is none, else parameters.
    """
    found = dict(chosen or {})
    place = folder or project.root
    for stage in {target.stage: None for target in claims if target.stage not in found}:
        up = upstream(project, stage, runs)
        some = [*_rows(project, up, place)] or [*_made(up, place)] or [*_moved(project, up)]
        found[stage] = tuple(some)
    return {stage: tuple(some) for stage, some in found.items()}


def from_json(table: Mapping[str, Any]) -> Control:
    """A Control out of JSON. TypeError, KeyError, ValueError where it is none."""
    lists = {name: tuple(table[name]) for name in ("claims", "stages", "paths", "files")}
    moved = tuple(Parameter(**{**one, "readers": tuple(one["readers"])}) for one in table["parameters"])
    return Control(**{**table, **lists, "parameters": moved})


def _rows(project: Project, up: Upstream, folder: Path) -> Iterator[Control]:
    able = [data for data in sources_of_data(project, up, folder) if can_be_thinned(data, folder)]
    yield from _of_data(able, up, folder, alone=False)


def _made(up: Upstream, folder: Path) -> Iterator[Control]:
    """Where the data comes out of a stage (a download, a library): what that stage made, the first that can be."""
    able = [data for data in made_data(up, folder) if can_be_thinned(data, folder)]
    first = [data for data in able if data.made_by == able[0].made_by]
    yield from _of_data(first, up, folder, alone=True)


def _of_data(able: Sequence[Data], up: Upstream, folder: Path, *, alone: bool) -> Iterator[Control]:
    groups = _aligned(able, folder)
    own = groups if len(groups) <= _FILES else groups[: _FILES - 1]
    rest = [data for group in groups[len(own) :] for data in group]
    for group in [*own, *([rest] if rest else [])]:
        readers = {reader for data in group for reader in data.readers}
        paths = tuple(data.path for data in group)
        files = tuple(name for data in group for name in data.files)
        yield Control("rows", ", ".join(paths), (), up.after(readers), paths, files, alone=alone)


def _aligned(able: Sequence[Data], folder: Path) -> list[list[Data]]:
    """Files that go row by row (as many rows, the same readers) belong together: `X.npy` and `y.npy`."""
    groups: dict[object, list[Data]] = {}
    for data in able:
        number = None if data.files else rows.count(folder / data.path)
        groups.setdefault((number, data.readers) if number else data.path, []).append(data)
    return list(groups.values())


def can_be_thinned(data: Data, folder: Path) -> bool:
    """Whether rows (or files) of it can be left out; of one that is not here its name tells."""
    if data.files:
        return True
    path = folder / data.path
    if not path.exists():
        return rows.can_hold_rows(data.path)
    return rows.can_hold_rows(data.path) and (rows.count(path) or 0) > 1


def _moved(project: Project, up: Upstream) -> Iterator[Control]:
    route = project.config.seed
    seed = route.name if route and route.kind == "param" else None
    found = [one for one in parameters(project, up, seed) if not _IDLE.search(one.key)][:_PARAMETERS]
    if found:
        stages = up.after({reader for one in found for reader in one.readers})
        yield Control("parameter", ", ".join(map(str, found)), (), stages, parameters=tuple(found))


def _seeds(
    project: Project,
    claims: Sequence[Claimed],
    measured: frozenset[str],
    draw: set[str],
    reached: Mapping[str, frozenset[str]],
) -> Iterator[Control]:
    """Another seed, and the same seed again, where the builds that are made anyway do not tell."""
    route = project.config.seed
    stages = _closure(project, {target.stage for target in claims})
    ids = tuple(target.claim.id for target in claims)
    lacking = tuple(name for name in ids if name not in measured)
    if route is not None and lacking:
        stems = {one.stage for one in claims if one.claim.id in lacking}
        moved = frozenset().union(*(reached.get(stage, frozenset(_closure(project, {stage}))) for stage in stems))
        again = tuple(address for address in stages if address in moved)
        yield Control("seed", f"{route.kind} {route.name}", lacking, again)
    by_itself = tuple(one.claim.id for one in claims if one.claim.id in lacking and one.stage in draw)
    whole = ids if route is not None else by_itself
    if whole:
        yield Control("repeat", "everything again, as it is", whole, stages)


def _closure(project: Project, stages: set[str]) -> tuple[str, ...]:
    graph = make_graph(project.stages)
    chosen = select(graph, sorted(stages)) if stages else frozenset()
    return tuple(address for address in graph.stages if address in chosen)


def _together(found: Sequence[Control]) -> Iterator[Control]:
    """The same change for several claims is one control."""
    merged: dict[object, Control] = {}
    for one in found:
        name = (one.kind, one.subject, one.alone)
        before = merged.get(name)
        if before is None:
            merged[name] = one
        else:
            stages = tuple(dict.fromkeys((*before.stages, *one.stages)))
            merged[name] = replace(before, claims=(*before.claims, *one.claims), stages=stages)
    yield from merged.values()
