"""All that works on one repository while it is built: digests, cache, records, what is known of traces."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fossml.engine.assess import Assessment, Assessor
from fossml.engine.certificate import Place
from fossml.engine.graph import Graph, check_tracked, make_graph, order, with_needs
from fossml.engine.observe import Observer
from fossml.engine.outputs import Outputs
from fossml.engine.plan import entry_of
from fossml.engine.records import Records
from fossml.engine.runcache import RunCache
from fossml.engine.sources import Sources
from fossml.engine.undeclared import undeclared
from fossml.engine.workspace import Workspace
from fossml.env import Interpreter, Interpreters
from fossml.errors import FossmlError
from fossml.project.config import nearest, place_of_stage
from fossml.project.declared import Project
from fossml.project.dvc import LockEntry, rooted
from fossml.project.dvcconfig import CacheConfig, read_cache_config
from fossml.store.digest import StatCache
from fossml.store.objects import Objects
from fossml.types import Run, Stage

if TYPE_CHECKING:
    from fossml.executors.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `jobs` stages at most run at a time; `env` is what every command sees.

    `cancelled` is asked ten times a second; once it says True, the build ends as by an interrupt. `cache` None: the
    one that `.dvc/config` names. `folder` (relative to the root) is where the user stands: targets count from there.
    `confine`: each command runs in this sandbox, whose room is the root; with the network where its stage declares it.
    `certify` is told what the answer rests on where all is current and there is nothing to say of it.
    `looking`: somebody only looks at the project, so no program in its folder is run, to ask it who it is, either.
    """

    targets: tuple[str, ...] = ()
    folder: str = "."
    jobs: int = 1
    force: bool = False
    keep_going: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    cancelled: Callable[[], bool] = lambda: False
    cache: CacheConfig | None = None
    confine: Sandbox | None = None
    certify: Callable[[Iterable[Place]], None] | None = None
    looking: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """The parts, each made once. `made` maps every output, relative to the root, to the address of its stage.

    In `graph` a stage also waits for those whose outputs it was seen to read undeclared; `order` is that of what is
    declared, as dvc has it.
    """

    project: Project
    graph: Graph
    order: tuple[str, ...]
    env: Mapping[str, str]
    made: Mapping[str, str]
    workspace: Workspace
    objects: Objects
    records: Records
    observer: Observer
    assessor: Assessor
    outputs: Outputs
    run_cache: RunCache
    confine: Sandbox | None
    python: Callable[[Stage], Interpreter | None]
    looks_for_python: Callable[[Stage], tuple[str, ...]]

    @property
    def root(self) -> Path:
        """The repository."""
        return self.project.root

    def spared(self, found: Assessment, each: bool = True) -> tuple[LockEntry, Run | None] | None:
        """A recorded result that can be brought back in place of a run of the stage; None where there is none.

        The stage's own entry where only its outputs are not as it says; then our own Runs; then DVC's run cache.
        `each` as for `Outputs.can_restore`.
        """
        if found.stage.frozen or not found.why:
            entry, run = found.entry, found.run
            return (entry, run) if entry and self.outputs.can_restore(found, entry, True, each) else None
        for run in self.assessor.earlier(found):
            if self.outputs.can_restore(found, entry_of(run), False, each):
                return entry_of(run), run
        entry = self.run_cache.find(found, self.records.newest(found.stage))
        return (entry, None) if entry and self.outputs.can_restore(found, entry, False, each) else None


@contextmanager
def open_site(project: Project, options: Options, own: Path | None) -> Iterator[Site]:
    """The Site of `project`; `own` is the folder of fossml's own files, None where nothing is to be written."""
    graph = make_graph(project.stages)
    check_tracked(graph, (data.path for data in project.tracked))
    if (name := project.config.unmatched(graph.stages)) is not None:
        where = place_of_stage(project.root, project.config, name)
        raise FossmlError(f"[stage.{name}] is no stage", where=where, hint=nearest(name, graph.stages))
    ordered = order(graph)
    env = with_python(options.env, project.config.python, project.root)
    memory = own / "interpreters.json" if own and not options.confine else None
    never = project.root if options.confine or options.looking else None
    interpreters = Interpreters(env, memory, never, looking=options.looking)
    sources = Sources(own / "sources.json" if own else None)
    made = {rooted(s, out.path): address for address, s in graph.stages.items() for out in s.outs}

    def python(stage: Stage) -> Interpreter | None:
        return interpreters.of(_script(stage), project.root / stage.wdir)

    def looks_for_python(stage: Stage) -> tuple[str, ...]:
        return interpreters.places(_script(stage), project.root / stage.wdir)

    with StatCache(own / "stat.db" if own else None) as cache:
        workspace = Workspace(project.root, cache)
        config = options.cache or read_cache_config(project.root)
        objects = Objects(config.folder, config.links, root=project.root, stats=cache, ignored=workspace.ignored)
        records = Records(project.root, ordered)
        for stage in graph.stages.values():
            records.entry(stage)  # a lock that cannot be read is one error, not one for each stage
        graph = with_needs(graph, _seen(graph, records, made))
        observer = Observer(workspace, sources, made, python, records.wrote)
        tracked = {artifact.path: artifact for artifact in project.tracked}
        try:
            yield Site(
                project=project,
                graph=graph,
                order=ordered,
                env=env,
                made=made,
                workspace=workspace,
                objects=objects,
                records=records,
                observer=observer,
                assessor=Assessor(project.config, workspace, observer, records, env),
                outputs=Outputs(project.root, config.folder, tracked, objects, workspace),
                run_cache=RunCache(config.folder),
                confine=options.confine,
                python=python,
                looks_for_python=looks_for_python,
            )
        finally:
            sources.save()


def _script(stage: Stage) -> str:
    return stage.cmd if isinstance(stage.cmd, str) else "\n".join(stage.cmd)


def _seen(graph: Graph, records: Records, made: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Who was seen to read, without declaring it, what another stage makes: (reader, maker)."""
    for address, stage in graph.stages.items():
        for missed in undeclared(stage, records.opened(address), made):
            yield address, missed.maker


def own_folder(root: Path) -> Path:
    """Make `.fossml`, which git ignores by a file of its own."""
    own = root / ".fossml"
    try:
        own.mkdir(exist_ok=True)
        if not (own / ".gitignore").exists():
            (own / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise FossmlError(f"cannot be written: {error.strerror}", where=str(own)) from error
    if not os.access(own, os.W_OK):
        raise FossmlError("cannot be written: Permission denied", where=str(own))
    return own


def log_of(root: Path, stage: Stage) -> Path:
    """The file that what `stage` prints goes to."""
    return root / ".fossml" / "logs" / f"{stage.address.replace('/', ':')}.log"


def with_python(env: Mapping[str, str], python: str | None, root: Path) -> dict[str, str]:
    """`env` with the Python that `[environment]` names (a program, or a virtual environment) first on PATH."""
    if python is None:
        return dict(env)
    place = root / Path(python).expanduser()
    program = place / "bin" / "python" if place.is_dir() else place
    if not os.access(program, os.X_OK):
        folder = program.parent.parent if program.parent.name == "bin" else place
        home = folder.relative_to(root) if folder.is_relative_to(root) else folder
        hint = f"make it: python3 -m venv {shlex.quote(str(home))}, and install what the project needs into it"
        raise FossmlError(f"[environment] python: there is no Python at {python}", where="fossml.toml", hint=hint)
    own = {"VIRTUAL_ENV": str(place)} if place.is_dir() else {}
    return {**env, **own, "PATH": os.pathsep.join(filter(None, [str(program.parent), env.get("PATH", "")]))}
