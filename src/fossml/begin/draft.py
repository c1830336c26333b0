"""From one traced run to a stage of dvc.yaml: a pure decision, with a note for everything that was left out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from fossml.begin.inputs import Params, inputs, is_params, modules, named, names_in, params
from fossml.begin.outputs import Outputs, Text, outputs, written
from fossml.begin.paths import below, holder
from fossml.begin.traced import Ran
from fossml.errors import FossmlError
from fossml.types import Stage


@dataclass(frozen=True, slots=True)
class Draft:
    """A stage as dvc.yaml has it, and what its author should know about it."""

    name: str
    stage: Mapping[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the repository has: the stages, the paths that git tracks, the data that .dvc files name."""

    stages: tuple[Stage, ...] = ()
    tracked: AbstractSet[str] = frozenset()
    data: tuple[str, ...] = ()
    params: Params | None = None


def draft(cmd: str, ran: Ran, known: Known, text: Text, name: str | None = None) -> Draft:
    """The stage that `cmd` is. FossmlError where another stage makes what it makes."""
    owned = owners(known.stages)
    made = written(ran.trace, ran.before, ran.after)
    changed = {path for path in made if path in ran.trace.read and path in ran.before}
    found = outputs(made - changed, ran.after, known.tracked, text)
    _refuse_shared(made - changed, owned)
    there = ran.before.keys() | known.tracked
    deps = inputs(cmd, ran.trace, there, made, [*owned, *known.data])
    files = {path: values for path, values in (known.params or {}).items() if path in deps and values}
    stage = {
        "cmd": escaped(cmd),
        "deps": [escaped(path) for path in deps if path not in files],
        "params": params(files, names_in(ran.trace.sources, text)),
        **{key: _escaped_keys(getattr(found, key)) for key in ("outs", "metrics", "plots")},
    }
    return Draft(
        name=unique(name or stage_name(cmd), {stage.name for stage in known.stages if stage.file == "dvc.yaml"}),
        stage={key: value for key, value in stage.items() if value},
        notes=(*_notes(ran, changed, found, deps), *_left(modules(cmd, ran.trace), deps)),
    )


def params_read(ran: Ran) -> list[str]:
    """The files of parameters that the run read: what `Known.params` is about."""
    return [path for path in ran.trace.read if is_params(path) and path in ran.before]


def owners(stages: Iterable[Stage]) -> dict[str, str]:
    """Output -> address of the stage that makes it; paths relative to the root."""
    return {
        posixpath.normpath(posixpath.join(stage.wdir, out.path)): stage.address
        for stage in stages
        for out in stage.outs
    }


def same(cmd: str, stages: Iterable[Stage]) -> Stage | None:
    """The stage at the root that has this command already."""
    return next((stage for stage in stages if stage.cmd == cmd and stage.wdir == "."), None)


def stage_name(cmd: str) -> str:
    """The name of the script in a command, as far as a stage may be called so."""
    words = named(cmd)
    module = re.search(r"\s-m\s+([\w.]+)", cmd)
    script = next((word for word in words if re.search(r"\.\w{1,5}$", word) and not word.startswith("/")), None)
    stem = posixpath.basename(script).rpartition(".")[0] if script else posixpath.basename((words or ["stage"])[0])
    picked = module[1].rpartition(".")[2] if module else stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", picked).strip("-") or "stage"


def unique(name: str, taken: AbstractSet[str]) -> str:
    """`name`, with a number where there is one of that name."""
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def escaped(text: str) -> str:
    """`text` so that DVC takes `${` as it stands."""
    return text.replace("${", "\\${")


def _escaped_keys(entries: Iterable[Any]) -> list[Any]:
    return [
        escaped(entry) if isinstance(entry, str) else {escaped(path): flags for path, flags in entry.items()}
        for entry in entries
    ]


def _refuse_shared(made: AbstractSet[str], owned: Mapping[str, str]) -> None:
    for path in sorted(made):
        for out, stage in owned.items():
            if below(path, out) or below(out, path):
                raise FossmlError(
                    f"the command writes {path}, which the stage {stage!r} makes already",
                    where="dvc.yaml",
                    hint="let it write elsewhere, or delete the other stage; no file of ours was written",
                )


def _notes(ran: Ran, changed: AbstractSet[str], found: Outputs, deps: list[str]) -> Iterator[str]:
    yield from found.notes
    for path in sorted(changed):
        yield f"{path} is read and changed by the same run; it is left out: a stage cannot be its own input"
    if ran.trace.outside:
        yield f"{_few(ran.trace.outside)}: outside the repository, left out; others do not have it"
    if ran.trace.how == "none":
        yield "no Python process reported what it read: add the dependencies by hand"
    if not (found.outs or found.metrics or found.plots):
        yield "the command wrote no file: without an output, what it did is known from its log only"
    if not deps:
        yield "the command read no file of the repository"


def _left(modules: tuple[str, ...], deps: list[str]) -> Iterator[str]:
    left = tuple(path for path in modules if holder(path, deps) is None)
    if left:
        yield (
            f"{_few(left)}: imported, so each `fossml build` sees a change there by itself, and a comment is none; "
            "dvc does not: for `dvc repro` add them to the deps"
        )


def _few(paths: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
