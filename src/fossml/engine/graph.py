"""The stages as a graph: an edge wherever one stage's input is, holds or lies in another stage's output."""

from __future__ import annotations

import bisect
import fnmatch
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fossml.errors import FossmlError
from fossml.project.dvc import rooted
from fossml.types import Stage


@dataclass(frozen=True, slots=True)
class Graph:
    """Stages by address, in the order of their files, and the addresses each one needs done first."""

    stages: Mapping[str, Stage]
    needs: Mapping[str, tuple[str, ...]]


def make_graph(stages: Iterable[Stage]) -> Graph:
    """Connect `stages` by their paths. FossmlError where two make the same path or the graph has a cycle."""
    by_address = {stage.address: stage for stage in stages}
    makers = _makers(by_address.values())
    inner = sorted(makers)
    needs = {
        address: tuple(dict.fromkeys(m for dep in stage.deps for m in _makers_of(rooted(stage, dep), makers, inner)))
        for address, stage in by_address.items()
    }
    graph = Graph(by_address, needs)
    order(graph)
    return graph


def _makers(stages: Iterable[Stage]) -> dict[str, str]:
    makers: dict[str, str] = {}
    for stage in stages:
        for out in stage.outs:
            path = rooted(stage, out.path)
            if path in makers:
                raise FossmlError(
                    f"{path} is an output of both {makers[path]} and {stage.address}",
                    where=stage.file,
                    hint="let each stage write files of its own",
                )
            makers[path] = stage.address
    for path, maker in makers.items():
        for parent in _parents(path):
            if parent in makers:
                raise FossmlError(
                    f"{path}, an output of {maker}, lies in {parent}, an output of {makers[parent]}",
                    where=file_of(maker),
                    hint="list either the folder or the files in it",
                )
    return makers


def file_of(address: str) -> str:
    """The dvc.yaml that declares the stage."""
    return address.rpartition(":")[0] or "dvc.yaml"


def check_tracked(graph: Graph, tracked: Iterable[str]) -> None:
    """FossmlError where a stage makes what a .dvc file tracks, something in it, or a folder around it; as DVC."""
    makers = {rooted(stage, out.path): address for address, stage in graph.stages.items() for out in stage.outs}
    around = {parent: path for path in makers for parent in _parents(path)}
    for data in tracked:
        path = next((place for place in (data, *_parents(data)) if place in makers), around.get(data))
        if path is not None:
            inner = "" if path == data else f", as {data}"
            raise FossmlError(
                f"{path}, an output of {makers[path]}, is tracked by a .dvc file too{inner}",
                where=file_of(makers[path]),
                hint="`dvc remove` the .dvc file, or take the path out of the outputs",
            )


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _makers_of(dep: str, makers: Mapping[str, str], inner: list[str]) -> Iterator[str]:
    """The stages that make `dep`, a folder around it, or something inside it. `inner` is sorted(makers)."""
    for path in (dep, *_parents(dep)):
        if path in makers:
            yield makers[path]
    start = 0 if dep == "." else bisect.bisect_left(inner, dep + "/")
    for path in inner[start:]:
        if dep != "." and not path.startswith(dep + "/"):
            break
        yield makers[path]


def with_needs(graph: Graph, more: Iterable[tuple[str, str]]) -> Graph:
    """`graph`, in which of each pair the first waits for the second too, unless that would close a circle."""
    needs = dict(graph.needs)
    for address, maker in more:
        if maker not in needs[address] and address not in _with_all_below(needs, [maker]):
            needs[address] = (*needs[address], maker)
    return Graph(graph.stages, needs)


def order(graph: Graph) -> tuple[str, ...]:
    """All addresses, each after what it needs, otherwise in file order. FossmlError names a cycle."""
    done: dict[str, None] = {}
    for start in graph.stages:
        trail: dict[str, Iterator[str]] = {start: iter(graph.needs[start])}
        while trail:
            here = next(reversed(trail))
            if here in done:
                trail.pop(here)
                continue
            upstream = next((n for n in trail[here] if n not in done), None)
            if upstream is None:
                done[here] = None
                trail.pop(here)
            elif upstream in trail:
                cycle = [*list(trail)[list(trail).index(upstream) :], upstream]
                message = f"stages need each other in a circle: {' <- '.join(cycle)}"
                raise FossmlError(message, where=file_of(upstream))
            else:
                trail[upstream] = iter(graph.needs[upstream])
    return tuple(done)


def select(graph: Graph, targets: Iterable[str], folder: str = ".") -> frozenset[str]:
    """What `targets` (addresses, globs, groups of a foreach, outputs) need, themselves included; all for no target.

    Like DVC's, targets count from `folder`; those that mean nothing there, from the root.
    """
    wanted = [address for target in targets for address in _match(graph, target, folder)] or list(graph.stages)
    return _with_all_below(graph.needs, wanted)


def _with_all_below(needs: Mapping[str, tuple[str, ...]], addresses: Iterable[str]) -> frozenset[str]:
    wanted = list(addresses)
    found: set[str] = set()
    while wanted:
        address = wanted.pop()
        if address not in found:
            found.add(address)
            wanted.extend(needs[address])
    return frozenset(found)


def _match(graph: Graph, target: str, folder: str) -> list[str]:
    for name in (f"{folder}/dvc.yaml:{target}", posixpath.join(folder, target), target):
        if found := _named(graph, posixpath.normpath(name).removeprefix("dvc.yaml:")):
            return found
    import difflib  # for what is wrong only

    near = difflib.get_close_matches(target, graph.stages, n=1)
    raise FossmlError(
        f"there is no stage and no output named {target!r}",
        hint=f"did you mean {near[0]!r}?" if near else f"the stages are: {', '.join(graph.stages) or 'none'}",
    )


def _named(graph: Graph, name: str) -> list[str]:
    stages = [a for a in graph.stages if a == name or a.startswith(name + "@") or fnmatch.fnmatchcase(a, name)]
    return stages or [a for a, s in graph.stages.items() if any(rooted(s, out.path) == name for out in s.outs)]
