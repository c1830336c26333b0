"""What a claim's number rests on in the project: stages, the data and sources that they read, their parameters."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fossml.engine.graph import Graph, make_graph, select
from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import read_params, rooted
from fossml.types import Run, Stage
from fossml.verify.metrics.document import keys as document_keys

_CODE = re.compile(
    r"\.(py|pyi|ipynb|sh|bash|r|rmd|jl|c|cc|cpp|h|hpp|cu|rs|go|java|js|ts|lua|m|pl|scala|toml|yaml|yml|cfg|ini|md|rst|"
    r"lock|dvc|tex|bib|html|css|so)$|(^|/)(requirements[\w.-]*\.txt|licen[cs]e[\w.]*|readme[\w.]*|makefile|dockerfile)$",
    re.I,
)
_SEED = re.compile(r"(^|[._-])(seed|random_?state|rng)s?($|[._-])", re.I)
_MANY = 10
"""So many files of one format in a folder are rows of it."""


@dataclass(frozen=True, slots=True)
class Data:
    """A data file (or, with `files`, a folder of very many) and the stages of the closure that read it."""

    path: str
    readers: tuple[str, ...]
    files: tuple[str, ...] = ()
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a stage reads from a file."""

    file: str
    key: str
    value: int | float
    readers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}:{self.key}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """The stages that `stage` needs (itself included), their graph, and what they were seen to read: by address."""

    graph: Graph
    stage: str
    closure: frozenset[str]
    runs: Mapping[str, Run]

    def after(self, readers: Iterable[str]) -> tuple[str, ...]:
        """The stages of the closure that rest on `readers`, these included, in the order of the graph."""
        found = set(readers)
        for address in _ordered(self.graph, self.closure):
            if found.intersection(self.graph.needs[address]):
                found.add(address)
        return tuple(address for address in _ordered(self.graph, self.closure) if address in found)

    def ordered(self) -> tuple[str, ...]:
        """The closure, each stage after what it needs."""
        return _ordered(self.graph, self.closure)

    def sources(self) -> tuple[str, ...]:
        """The Python files of the repository that the closure declares, or was seen to execute."""
        found: set[str] = set()
        for address in self.closure:
            stage = self.graph.stages[address]
            words = [stage.cmd] if isinstance(stage.cmd, str) else list(stage.cmd)
            named = re.findall(r"[\w./-]+\.py\b", " ".join(words))
            found |= {rooted(stage, path) for path in (*stage.deps, *named) if path.endswith(".py")}
            if (run := self.runs.get(address)) and run.discovered:
                found |= set(run.discovered.sources)
        return tuple(sorted(found))

    def inputs(self, address: str) -> tuple[str, ...]:
        """What a stage declares to read, and was seen to read in the repository."""
        stage = self.graph.stages[address]
        run = self.runs.get(address)
        seen = run.discovered.files if run and run.discovered else ()
        return tuple(dict.fromkeys((*(rooted(stage, dep) for dep in stage.deps), *seen)))


def _ordered(graph: Graph, closure: frozenset[str]) -> tuple[str, ...]:
    from fossml.engine.graph import order

    return tuple(address for address in order(graph) if address in closure)


def upstream(project: Project, stage: str, runs: Sequence[Run] = ()) -> Upstream:
    """What `stage` of `project` rests on; `runs` are recorded ones, with what was seen."""
    graph = make_graph(project.stages)
    return Upstream(graph, stage, select(graph, [stage]), {run.stage: run for run in runs})


def sources_of_data(project: Project, up: Upstream, folder: Path) -> tuple[Data, ...]:
    """The data that nothing in the project makes and the closure reads, the files below `folder`; largest first."""
    made = [rooted(stage, out.path) for stage in project.stages for out in stage.outs]
    params = {rooted(stage, source.path) for stage in project.stages for source in stage.params}
    readers: dict[str, list[str]] = {}
    for address in up.ordered():
        for path in up.inputs(address):
            if _is_data(path) and path not in params and not _within(path, made):
                readers.setdefault(path, []).append(address)
    found: dict[str, Data] = {}
    for path, who in readers.items():
        for one in _expanded(folder, path, tuple(who)):
            if one.path in params or _within(one.path, made):
                continue
            before = found.get(one.path)
            who_all = tuple(dict.fromkeys((*(before.readers if before else ()), *one.readers)))
            found[one.path] = Data(one.path, who_all, one.files)
    return tuple(sorted(found.values(), key=lambda one: (-_size(folder / one.path), one.path)))


def made_data(up: Upstream, folder: Path) -> tuple[Data, ...]:
    """Data that one stage of the closure makes and another reads; what is nearest to the end comes last."""
    found = []
    for address in up.ordered():
        for out in up.graph.stages[address].outs:
            path = rooted(up.graph.stages[address], out.path)
            readers = tuple(
                other
                for other in up.ordered()
                if other != address and any(_same_place(path, dep) for dep in up.inputs(other))
            )
            if readers and _is_data(path):
                found += [Data(one.path, readers, one.files, address) for one in _expanded(folder, path, readers)]
    return tuple(found)


def parameters(project: Project, up: Upstream, seed: str | None) -> tuple[Parameter, ...]:
    """The numbers that the closure declares to read, without seeds; those of the last stages first."""
    found: dict[tuple[str, str], Parameter] = {}
    for address in reversed(up.ordered()):
        for file, key, value in _numbers(project.root, up.graph.stages[address]):
            if f"{file}:{key}" == seed or _SEED.search(key):
                continue
            before = found.get((file, key))
            readers = (*(before.readers if before else ()), address)
            found[file, key] = Parameter(file, key, value, readers)
    return tuple(found.values())


def _numbers(root: Path, stage: Stage) -> Iterator[tuple[str, str, int | float]]:
    for source in stage.params:
        file = rooted(stage, source.path)
        if PurePosixPath(file).suffix.lower() not in (".yaml", ".yml", ".json", ".toml"):
            continue
        try:
            values = read_params(root, file)
        except FossmlError:
            continue
        for key in document_keys(values):
            if source.keys is None or any(key == one or key.startswith(f"{one}.") for one in source.keys):
                value = _at(values, key)
                if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                    yield file, key, value


def _at(values: object, key: str) -> object:
    for part in key.split("."):
        if not isinstance(values, Mapping) or part not in values:
            return None
        values = values[part]
    return values


def _expanded(folder: Path, path: str, readers: tuple[str, ...]) -> Iterator[Data]:
    """A file as it is; of a folder the files, or the folder where there are very many of one format."""
    place = folder / path
    if not place.is_dir():
        yield Data(path, readers)
        return
    inner = sorted(one for one in place.rglob("*") if one.is_file() and not one.is_symlink())
    names = [one.relative_to(folder).as_posix() for one in inner if not one.name.startswith(".")]
    by_suffix: dict[str, list[str]] = {}
    for name in names:
        if not _CODE.search(name):
            by_suffix.setdefault(PurePosixPath(name).suffix.lower(), []).append(name)
    for kind in sorted(by_suffix):
        group = by_suffix[kind]
        if len(group) >= _MANY:
            yield Data(path if len(by_suffix) == 1 else f"{path}/**/*{kind}", readers, tuple(group))
        else:
            yield from (Data(name, readers) for name in group)


def _is_data(path: str) -> bool:
    return not posixpath.isabs(path) and not path.startswith(("~", ".git/", ".dvc/")) and not _CODE.search(path)


def _within(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _same_place(path: str, dep: str) -> bool:
    return path == dep or path.startswith(f"{dep}/") or dep.startswith(f"{path}/")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
