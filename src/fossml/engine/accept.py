"""The author's word: outputs that stay current although what they rest on changed; inputs declared after the fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fossml.engine import seed as seeds
from fossml.engine.alone import alone
from fossml.engine.assess import Assessment
from fossml.engine.graph import Graph
from fossml.engine.plan import Now, artifacts, recipe, run_key
from fossml.engine.site import Options, Site, open_site, own_folder
from fossml.engine.undeclared import Undeclared, declaring
from fossml.errors import FossmlError
from fossml.project.declared import Project, read_project
from fossml.project.dvc.edit import add_dep
from fossml.types import Accepted, Run


def accept(project: Project, options: Options, address: str, because: str) -> tuple[str, ...]:
    """Record that the outputs of the stage `address` are current, and why; the reasons that spoke against it.

    None speak against it: then nothing is recorded. FossmlError where there is no recorded run to stand on, or its
    outputs are not what lies there.
    """
    own = own_folder(project.root)
    with alone(project.root), open_site(project, options, own) as site:
        found = site.assessor.assess(site.graph.stages[_known(site.graph, address)])
        if found.is_current:
            return ()
        run = _accepted(site, found, because)
        site.records.ran(found.stage, run)
        site.records.save()
        return found.reasons


def _known(graph: Graph, address: str) -> str:
    if address not in graph.stages:
        raise FossmlError(f"there is no stage {address!r}", hint=f"the stages are: {', '.join(graph.stages)}")
    return address


def _accepted(site: Site, found: Assessment, because: str) -> Run:
    stage, entry = found.stage, found.entry
    if entry is None:
        raise FossmlError(f"no run of {stage.address} is recorded, so there is nothing to keep", where=stage.file)
    if found.changed:
        hint = "only what a recorded run made can be accepted; `fossml build` brings it back or makes it again"
        raise FossmlError(f"{stage.address}: {found.changed[0]}", where=stage.file, hint=hint)
    if stage.frozen or found.recipe is None:
        raise FossmlError(f"{stage.address}: {found.reasons[0]}", where=stage.file)
    before = found.run or Run(key="", stage=stage.address, cmd=stage.cmd, outs=entry.outs, origin="dvc")
    discovered = None
    if before.discovered is not None:
        again = site.observer.again(stage, before.discovered)
        versions = {**before.discovered.distributions, **again.distributions}
        discovered = replace(again, wrote=before.discovered.wrote, packages=before.discovered.packages)
        discovered = replace(discovered, network=before.discovered.network)
        discovered = replace(discovered, distributions=versions, python=again.python or before.discovered.python)
    return replace(
        before,
        key=run_key(found.recipe, discovered),
        recipe=found.recipe,
        cmd=stage.cmd,
        deps=artifacts(found.now.deps),
        params=found.now.params,
        seed=found.seed,
        env=found.env,
        discovered=discovered,
        accepted=Accepted(because, found.reasons, datetime.now(UTC).isoformat(timespec="seconds")),
    )


def declare(
    project: Project, options: Options, found: Sequence[Undeclared]
) -> tuple[list[Undeclared], list[Undeclared]]:
    """Write inputs that stages were seen to read into dvc.yaml, and into the records of the runs that read them.

    So nothing runs because of it. What was written, and what must be written by hand: the stages of a `foreach` or
    a `matrix` share one list of inputs.
    """
    by_hand = [one for one in found if "@" in one.stage.name]
    fixed = [one for one in found if "@" not in one.stage.name]
    for file in sorted({one.stage.file for one in fixed}):
        path = project.root / file
        text = path.read_text(encoding="utf-8")
        for one in fixed:
            if one.stage.file == file:
                text = add_dep(text, one.stage.name, one.dep, file)
        _write(path, text)
    own = own_folder(project.root)
    with alone(project.root), open_site(read_project(project.root), options, own) as site:
        for address in sorted({one.stage.address for one in fixed}):
            _record(site, address, [one for one in fixed if one.stage.address == address])
        site.records.save()
    return fixed, by_hand


def _record(site: Site, address: str, fixed: list[Undeclared]) -> None:
    stage = site.graph.stages[address]
    run = site.records.last(stage)
    here = {one.dep: site.workspace.artifact(stage, one.dep) for one in fixed}
    if run is None or run.discovered is None or any(artifact is None for artifact in here.values()):
        return
    told = declaring(run, stage, {path: artifact for path, artifact in here.items() if artifact})
    now = Now(deps={dep.path: dep for dep in told.deps}, params=told.params, outs={})
    handed = seeds.handed(stage, told.seed, site.project.config.seed, told.params)
    key = recipe(stage, now, handed, told.env)
    assert key is not None  # every input is there
    site.records.ran(stage, replace(told, recipe=key, key=run_key(key, told.discovered)))


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
