"""What a build would run and why, without running it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fossml.engine.absent import meant
from fossml.engine.graph import select
from fossml.engine.plan import plan
from fossml.engine.site import Options, Site, open_site
from fossml.project.declared import Project
from fossml.project.dvc import rooted
from fossml.types import Todo


def dry(project: Project, options: Options) -> tuple[tuple[Todo, ...], int]:
    """What a build would run and why, and how many stages are current. Writes nothing but what it remembers."""
    own = project.root / ".fossml"
    with open_site(project, options, own if own.is_dir() else None) as site:
        selected = select(site.graph, options.targets, options.folder)

        def why(address: str, remade: frozenset[str]) -> tuple[tuple[str, ...], str | None]:
            found = site.assessor.assess(site.graph.stages[address], remade, options.force)
            spared = None if options.force or found.is_current else site.spared(found)
            named = (spared[1].key[:12] if spared[1] else "dvc's run cache") if spared else None
            return found.reasons, named

        todos = _told(site, plan(site.graph, selected, why))
    return todos, len(selected) - len(todos)


def _told(site: Site, todos: Iterable[Todo]) -> tuple[Todo, ...]:
    """Each with why it cannot run: an input is missing that nothing makes or brings, or it needs one that cannot."""
    told: dict[str, Todo] = {}
    for todo in todos:
        why = () if todo.rests_on else tuple(_why_not(site, todo, told))
        told[todo.stage.address] = replace(todo, cannot=why)
    return tuple(told.values())


def _why_not(site: Site, todo: Todo, told: dict[str, Todo]) -> Iterator[str]:
    stage = todo.stage
    for need in site.graph.needs[stage.address]:
        if need in told and told[need].cannot:
            yield f"it needs {need}, which cannot run"
    for dep in () if stage.frozen else stage.deps:
        place = rooted(stage, dep)
        if site.workspace.at(place) is None and not site.outputs.comes(place) and not _is_made(site, place):
            hint = meant(site.root, place)
            yield f"its input {dep} is missing" + (f": {hint}" if hint else "")


def _is_made(site: Site, place: str) -> bool:
    return any(place == out or place.startswith(out + "/") or out.startswith(place + "/") for out in site.made)
