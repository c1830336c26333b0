"""Why two results differ: what went into each stage on both sides, what came out, and where they part first."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from fossml import compare
from fossml.compare import Comparison
from fossml.scan import scan_file
from fossml.types import Artifact, Environment, Run
from fossml.verify.diff.bytesof import Finder
from fossml.verify.diff.sides import Side, Snapshot

_SUFFIXES = "py pyx ipynb r rmd jl sh bash sql c cc cpp cu h hpp java js ts m do pl rb go rs scala lua f90"
CODE = frozenset(f".{suffix}" for suffix in _SUFFIXES.split(" "))
_THREADS = frozenset({"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"})


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is `left` on one side and `right` on the other; None: not there."""

    what: str
    left: str | None
    right: str | None

    def __str__(self) -> str:
        """`lr 0.1 -> 0.2`."""
        if self.left is None:
            return f"{self.what} is new: {self.right}"
        return f"{self.what} {self.left} -> {self.right if self.right is not None else 'gone'}"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file or folder of which the bytes differ, or that only one side has.

    `comparison` says how, `text` is the unified diff of code; None where the bytes of a side cannot be had.
    """

    path: str
    left: str | None
    right: str | None
    comparison: Comparison | None = None
    text: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class StageDiff:
    """What differs about one stage. `only` names the side that has it, if the other has not.

    `upstream` are the inputs in `data` that another stage makes. `untold` says what one side does not record.
    `stale` is why the working tree's stage would run again. `draws` are the random calls of its code without a seed.
    """

    address: str
    only: str = ""
    command: tuple[Change, ...] = ()
    parameters: tuple[Change, ...] = ()
    code: tuple[FileChange, ...] = ()
    data: tuple[FileChange, ...] = ()
    packages: tuple[Change, ...] = ()
    python: tuple[Change, ...] = ()
    environment: tuple[Change, ...] = ()
    hardware: tuple[Change, ...] = ()
    seed: tuple[Change, ...] = ()
    outputs: tuple[FileChange, ...] = ()
    upstream: frozenset[str] = frozenset()
    untold: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    seeds: tuple[int | None, int | None] = (None, None)
    draws: tuple[str, ...] = ()

    @property
    def causes(self) -> dict[str, tuple[Change | FileChange, ...]]:
        """What went in and differs, by what it is, without what another stage of the same comparison made."""
        own = tuple(one for one in self.data if one.path not in self.upstream)
        found: dict[str, tuple[Change | FileChange, ...]] = {
            "command": self.command,
            "parameters": self.parameters,
            "code": self.code,
            "data": own,
            "packages": self.packages,
            "Python": self.python,
            "environment": self.environment,
            "seed": self.seed,
            "hardware": self.hardware,
        }
        return {name: some for name, some in found.items() if some}

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return bool(self.only or self.causes or self.data or self.outputs or self.stale)


@dataclass(frozen=True, slots=True)
class Diff:
    """Two sides: the stages that differ, in order, of `looked_at` that both have or one.

    `first` is the first stage that has other outputs though it was given the same; None: there is none.
    """

    left: str
    right: str
    stages: tuple[StageDiff, ...]
    looked_at: int
    first: str | None = None

    @property
    def verdict(self) -> str:
        """`same`, `different`, or `unknown`: nothing to compare, or it cannot be told whether outputs differ."""
        if not self.looked_at:
            return "unknown"
        return "different" if any(one.differs for one in self.stages) else "same"


def diff(left: Side, right: Side, finder: Finder, say: Callable[[str], None] = lambda _line: None) -> Diff:
    """Compare two sides stage by stage; a side of one Run limits the other to its stage."""
    narrow = [side for side in (left, right) if side.name.startswith("run ")]
    addresses = list(dict.fromkeys((*left.stages, *right.stages)))
    if narrow:
        addresses = [address for address in addresses if all(address in side.stages for side in narrow)]
    stages = []
    for address in addresses:
        say(address)
        one = _stage(address, left, right, finder)
        stages.append(replace(one, upstream=frozenset()) if narrow else one)
    first = next((one.address for one in stages if one.outputs and not one.causes and not one.data), None)
    return Diff(left.name, right.name, tuple(one for one in stages if one.differs), len(addresses), first)


def _stage(address: str, left: Side, right: Side, finder: Finder) -> StageDiff:
    a, b = left.stages.get(address), right.stages.get(address)
    if a is None or b is None:
        return StageDiff(address, only=right.name if a is None else left.name)
    code = tuple(_code(a, b, left, right, finder))
    data = tuple(
        _file(path, a.inputs.get(path), b.inputs.get(path), left, right, finder)
        for path in _changed(a.inputs, b.inputs)
        if not is_code(path) and not _is_code_folder(path, a, b)
    )
    outputs = tuple(
        _file(path, a.outs.get(path), b.outs.get(path), left, right, finder) for path in _changed(a.outs, b.outs)
    )
    found = StageDiff(
        address,
        command=(Change("command", a.cmd, b.cmd),) if a.cmd != b.cmd else (),
        parameters=_mappings(_shown(a.params), _shown(b.params)),
        code=code,
        data=data,
        outputs=outputs,
        upstream=a.made | b.made,
        stale=(*a.stale, *b.stale),
    )
    found = _with_runs(found, a.run, b.run)
    return replace(found, draws=tuple(_draws(b, right, finder))) if outputs and not found.causes else found


def is_code(path: str) -> bool:
    """Whether a file is a program, by its name."""
    return PurePosixPath(path).suffix.lower() in CODE


def _is_code_folder(path: str, a: Snapshot, b: Snapshot) -> bool:
    """Whether a declared folder is one whose sources a trace tells one by one."""
    sources = [*_sources(a), *_sources(b)]
    is_folder = any(one.inputs[path].digest.endswith(".dir") for one in (a, b) if path in one.inputs)
    return is_folder and any(source.startswith(f"{path}/") for source in sources)


def _changed(a: Mapping[str, Artifact], b: Mapping[str, Artifact]) -> list[str]:
    """The paths of which the digests differ, or that only one side has."""
    both = dict.fromkeys((*a, *b))
    return [path for path in both if path not in a or path not in b or a[path].digest != b[path].digest]


def _shown(values: Mapping[str, object]) -> dict[str, str]:
    return {name: json.dumps(value, ensure_ascii=False, default=str) for name, value in values.items()}


def _mappings(a: Mapping[str, str], b: Mapping[str, str], prefix: str = "") -> tuple[Change, ...]:
    names = sorted({*a, *b})
    return tuple(Change(f"{prefix}{name}", a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name))


def _file(path: str, a: Artifact | None, b: Artifact | None, left: Side, right: Side, finder: Finder) -> FileChange:
    """How a file or folder differs; its bytes are looked for on the side that had it."""
    change = FileChange(path, a.digest if a else None, b.digest if b else None)
    if a is None or b is None:
        return change
    x, y = _found(a, left, finder), _found(b, right, finder)
    if x is None or y is None:
        gone = left.name if x is None else right.name
        return replace(change, comparison=Comparison("unknown", reason=f"the bytes of {gone} cannot be had"))
    return replace(change, comparison=compare.compare_paths(x, y))


def _found(what: Artifact, side: Side, finder: Finder) -> Path | None:
    return _at(side, finder).find(what)


def _at(side: Side, finder: Finder) -> Finder:
    return replace(finder, folders=(side.folder,) if side.folder else ())


def _sources(one: Snapshot) -> Mapping[str, str]:
    return one.run.discovered.sources if one.run and one.run.discovered else {}


def _code(a: Snapshot, b: Snapshot, left: Side, right: Side, finder: Finder) -> Iterator[FileChange]:
    """Programs that differ: declared inputs by their bytes, other sources that ran by what they mean."""
    declared = [path for path in _changed(a.inputs, b.inputs) if is_code(path)]
    for path in declared:
        x, y = a.inputs.get(path), b.inputs.get(path)
        yield _text(path, x.digest if x else None, y.digest if y else None, left, right, finder)
    some, others = _sources(a), _sources(b)
    if not (a.run and b.run and a.run.discovered and b.run.discovered):
        return
    for path in sorted({*some, *others} - {*a.inputs, *b.inputs}):
        if some.get(path) != others.get(path):
            yield _text(path, some.get(path), others.get(path), left, right, finder)


def _text(path: str, a: str | None, b: str | None, left: Side, right: Side, finder: Finder) -> FileChange:
    before = _at(left, finder).source(path, a, left.commit or _commit(left, path)) if a else b""
    after = _at(right, finder).source(path, b, right.commit or _commit(right, path)) if b else b""
    if before is None or after is None:
        return FileChange(path, a, b)
    lines = difflib.unified_diff(
        _lines(before), _lines(after), f"{path} ({left.name})", f"{path} ({right.name})", "", "", 2, ""
    )
    return FileChange(path, a, b, text=tuple(lines))


def _commit(side: Side, _path: str) -> str | None:
    return next((one.run.commit for one in side.stages.values() if one.run and one.run.commit), None)


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def _with_runs(found: StageDiff, a: Run | None, b: Run | None) -> StageDiff:
    """What only Runs tell: seed, variables, Python, packages, hardware."""
    if a is None or b is None:
        lacking = "neither side" if a is b else "one side"
        return replace(found, untold=(f"packages, Python, seed and hardware: {lacking} has a recorded run of fossml",))
    env, packages = _mappings(_plain(a.env), _plain(b.env)), _packages(a, b)
    x, y = a.environment or Environment(""), b.environment or Environment("")
    seeds = _mappings(_plain({"seed": a.seed}), _plain({"seed": b.seed}))
    untold = []
    if a.discovered is None or b.discovered is None:
        untold.append("imported packages and sources: they were not traced on both sides")
    return replace(
        found,
        environment=env,
        packages=packages,
        python=_mappings({"Python": x.python}, {"Python": y.python}) if x.python and y.python else (),
        hardware=_mappings(x.hardware, y.hardware) if x.hardware and y.hardware else (),
        seed=seeds,
        seeds=(a.seed, b.seed),
        untold=tuple(untold),
    )


def _plain(values: Mapping[str, object]) -> dict[str, str]:
    return {name: "not set" if value is None else str(value) for name, value in values.items()}


def _packages(a: Run, b: Run) -> tuple[Change, ...]:
    """Distributions: those that were imported, where both sides were traced; else all that were installed."""
    if a.discovered and b.discovered:
        return _mappings(a.discovered.distributions, b.discovered.distributions)
    x, y = (one.environment.distributions if one.environment else {} for one in (a, b))
    return _mappings(x, y) if x and y else ()


def _draws(one: Snapshot, side: Side, finder: Finder) -> Iterator[str]:
    """Where the stage's own programs draw random numbers: `train.py:12 random.random`."""
    digests = {**{path: art.digest for path, art in one.inputs.items() if path.endswith(".py")}, **_sources(one)}
    for path, digest in digests.items():
        data = _at(side, finder).source(path, digest, side.commit)
        marks = scan_file(path, data).marks if data is not None else ()
        yield from (f"{path}:{mark.line} {mark.what}" for mark in marks if mark.kind == "random")


def is_thread_count(name: str) -> bool:
    """Whether a variable says how many threads a library uses."""
    return name in _THREADS
