"""What must run, and why: pure functions of what is declared, what was recorded and what lies there now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fossml.canon import key
from fossml.engine.discoveries import minor
from fossml.engine.graph import Graph, order
from fossml.project.dvc import LockEntry, rooted
from fossml.types import Artifact, Discovered, Json, Run, Stage, Todo

Params: TypeAlias = Mapping[str, Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Now:
    """What a stage finds: its inputs and outputs as they lie there (None: missing), and its parameters.

    Paths are as written in the stage: relative to its `wdir`.
    """

    deps: Mapping[str, Artifact | None]
    params: Params
    outs: Mapping[str, Artifact | None]


def recipe(stage: Stage, now: Now, seed: int | None = None, env: Mapping[str, str | None] | None = None) -> str | None:
    """The key of what `stage` would do now: command, inputs, parameters, outputs, and what it is given.

    None while an input is missing.
    """
    deps = {path: artifact.digest for path, artifact in now.deps.items() if artifact}
    if len(deps) < len(now.deps):
        return None
    return key(
        {
            "cmd": stage.cmd,
            "wdir": stage.wdir,
            "deps": deps,
            "params": now.params,
            "outs": sorted(out.path for out in stage.outs),
            "seed": seed,
            "env": env or {},
        }
    )


def run_key(recipe: str, discovered: Discovered | None) -> str:
    """The key of a Run: its recipe, and what it rests on beyond that."""
    if discovered is None:
        return key([recipe, None])
    rests = [discovered.sources, discovered.files, discovered.listed, discovered.missing, discovered.searched]
    environment = [minor(discovered.python), discovered.distributions, discovered.absent]
    return key([recipe, discovered.how, *environment, *rests])


def artifacts(found: Mapping[str, Artifact | None]) -> tuple[Artifact, ...]:
    """What is there of `found`, sorted by path."""
    return tuple(artifact for _, artifact in sorted(found.items()) if artifact)


def entry_of(run: Run) -> LockEntry:
    """The dvc.lock entry that says what `run` did."""
    return LockEntry(cmd=run.cmd, deps=run.deps, params=run.params, outs=run.outs)


def reasons(stage: Stage, entry: LockEntry | None, now: Now, remade: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Why `stage` cannot stay as `entry` recorded it, leaving its outputs aside; empty when it can.

    A frozen stage never runs: its outputs are taken as they lie there, as DVC does. `remade` holds inputs that
    another stage is about to write: nothing is said of them.
    """
    if stage.frozen:
        return tuple(f"it is frozen and its output {path} is missing" for path, out in now.outs.items() if not out)
    if entry is None:
        return ("no run of it is recorded",)
    if not stage.deps and not stage.params and not stage.outs:
        return ("it has no inputs and no outputs, so it always runs",)
    found = [] if entry.cmd == stage.cmd else [f"the command was `{_line(entry.cmd)}`, is `{_line(stage.cmd)}`"]
    found += _inputs(entry, now, remade) + _params(entry.params, now.params)
    if stage.always_changed:
        found.append("it is declared always_changed")
    return tuple(found)


def output_reasons(stage: Stage, entry: LockEntry, now: Now) -> tuple[str, ...]:
    """Where the outputs that lie there are not the ones that `entry` recorded."""
    if stage.frozen:
        return ()
    recorded = {artifact.path: artifact for artifact in entry.outs}
    found = []
    for out in stage.outs:
        was, here = recorded.pop(out.path, None), now.outs[out.path]
        if was is None:
            found.append(f"output {out.path} is new in {stage.file}")
        elif here is None:
            found.append(f"output {out.path} is missing")
        elif here.digest != was.digest:
            found.append(f"output {out.path} is not what the recorded run wrote")
    return (*found, *(f"output {path} is no longer declared" for path in recorded))


def _line(cmd: str | tuple[str, ...]) -> str:
    return cmd if isinstance(cmd, str) else " && ".join(cmd)


def _inputs(entry: LockEntry, now: Now, remade: frozenset[str]) -> list[str]:
    recorded = {artifact.path: artifact for artifact in entry.deps}
    found = []
    for path, here in now.deps.items():
        was = recorded.pop(path, None)
        if path in remade:
            continue
        if here is None:
            found.append(f"input {path} is missing")
        elif was is None:
            found.append(f"input {path} is new")
        elif was.digest != here.digest:
            found.append(f"{path} changed ({was.digest[:8]} -> {here.digest[:8]})")
    return found + [f"{path} is no longer an input" for path in recorded]


def _params(was: Params, now: Params) -> list[str]:
    found = []
    for path in dict.fromkeys((*now, *was)):
        before, after = was.get(path) or {}, now.get(path) or {}
        for name in sorted({*before, *after}, key=str):
            place = f"{path}:{name}"
            if name not in before:
                found.append(f"{place} is new ({_show(after[name])})")
            elif name not in after:
                found.append(f"{place} is no longer a parameter")
            elif before[name] != after[name]:
                found.append(f"{place} was {_show(before[name])}, is {_show(after[name])}")
    return found


def _show(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def plan(
    graph: Graph, selected: frozenset[str], why: Callable[[str, frozenset[str]], tuple[tuple[str, ...], str | None]]
) -> tuple[Todo, ...]:
    """The stages of `selected` that would run, in order.

    `why(address, remade)` gives a stage's own reasons from what lies there now, without the inputs in `remade`
    (as written in the stage), and the Run that would spare it. A stage below one that runs is listed too: whether it
    really runs is known only when its new inputs are there.
    """
    todo: dict[str, Todo] = {}
    for address in order(graph):
        if address not in selected:
            continue
        stage = graph.stages[address]
        above = [] if stage.frozen else [need for need in graph.needs[address] if need in todo]
        rests = {dep: need for need in above for dep in _between(graph.stages[need], stage)}
        own, rests_on = why(address, frozenset(rests))
        seen = [need for need in above if need not in rests.values()]
        first = (
            *(f"{rooted(stage, dep)} is made by {need}, which runs first" for dep, need in rests.items()),
            *(f"it was seen to read what {need} makes, which runs first" for need in seen),
        )
        if own or first:
            todo[address] = Todo(stage, (*own, *first), None if first else rests_on)
    return tuple(todo.values())


def _between(maker: Stage, stage: Stage) -> list[str]:
    """The inputs of `stage`, as written, that touch an output of `maker`."""
    made = [rooted(maker, out.path) for out in maker.outs]
    return [dep for dep in stage.deps if any(_touch(rooted(stage, dep), path) for path in made)]


def _touch(a: str, b: str) -> bool:
    return a == b or a.startswith(b + "/") or b.startswith(a + "/")
