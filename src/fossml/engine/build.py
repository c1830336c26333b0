"""Running what must run: a ready queue over the graph; outputs into the store first, then the Run, then the locks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from fossml.engine.alone import alone
from fossml.engine.aside import recover
from fossml.engine.graph import make_graph, order, select
from fossml.engine.launch import Running, launch
from fossml.engine.outputs import Outputs
from fossml.engine.plan import Now, output_reasons, plan, reasons, recipe
from fossml.engine.queue import Queue
from fossml.engine.records import Records
from fossml.engine.workspace import Workspace
from fossml.errors import FossmlError
from fossml.executors.local import Exit, end_left
from fossml.project.declared import Project
from fossml.project.dvc import LockEntry, rooted
from fossml.project.dvcconfig import CacheConfig, read_cache_config
from fossml.project.git import Commit, commit
from fossml.store.digest import StatCache
from fossml.store.objects import Objects
from fossml.types import Artifact, Environment, Event, Run, Stage, Todo

_TICK = 0.1
"""Seconds between two looks at whether the build was cancelled."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `jobs` stages at most run at a time; `env` is what every command sees.

    `cancelled` is asked ten times a second; once it says True, the build ends as by an interrupt. `cache` None: the
    one that `.dvc/config` names. `folder` (relative to the root) is where the user stands: targets count from there.
    """

    targets: tuple[str, ...] = ()
    folder: str = "."
    jobs: int = 1
    force: bool = False
    keep_going: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    environment: Callable[[], Environment | None] = lambda: None
    cancelled: Callable[[], bool] = lambda: False
    cache: CacheConfig | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """How many stages ran, were current, were restored from the cache, failed, and were not reached."""

    ran: int = 0
    current: int = 0
    restored: int = 0
    failed: int = 0
    cancelled: int = 0


def dry(project: Project, options: Options) -> tuple[tuple[Todo, ...], int]:
    """What a build would run and why, and how many stages are current. Writes nothing but the stat cache."""
    graph = make_graph(project.stages)
    selected = select(graph, options.targets, options.folder)
    records = Records(project.root)
    with StatCache(_stat_db(project.root)) as cache:
        workspace = Workspace(project.root, cache)

        def why(address: str, remade: frozenset[str]) -> tuple[str, ...]:
            stage = graph.stages[address]
            now, entry = workspace.now(stage), records.entry(stage)
            found = reasons(stage, entry, now, remade)
            if options.force and not stage.frozen:
                return ("--force was given", *found)
            return found or (output_reasons(stage, entry, now) if entry else ())

        todos = plan(graph, selected, why)
    return todos, len(selected) - len(todos)


def _stat_db(root: Path) -> Path | None:
    folder = root / ".fossml"
    return folder / "stat.db" if folder.is_dir() else None


def build(project: Project, options: Options, emit: Callable[[Event], None]) -> Summary:
    """Bring the selected stages up to date. A failed stage stops new ones; those that run are let finish."""
    cache_config = options.cache or read_cache_config(project.root)
    own = project.root / ".fossml"
    prepare(own)
    with alone(project.root), StatCache(own / "stat.db") as cache:
        recover(own / "aside", lambda group: end_left(group, f"DVC_ROOT={project.root}"))
        workspace = Workspace(project.root, cache)
        objects = Objects(
            cache_config.folder, cache_config.links, root=project.root, stats=cache, ignored=workspace.ignored
        )
        return _Build(project, options, objects, workspace, emit).run()


def prepare(own: Path) -> None:
    """Make `.fossml`, which git ignores by a file of its own."""
    own.mkdir(exist_ok=True)
    if not (own / ".gitignore").exists():
        (own / ".gitignore").write_text("*\n", encoding="utf-8")


class _Build:
    """One build: the queue, what runs, and how each stage ended."""

    def __init__(
        self, project: Project, options: Options, objects: Objects, workspace: Workspace, emit: Callable[[Event], None]
    ) -> None:
        self.root, self.options, self.objects = project.root, options, objects
        self.workspace, self.emit = workspace, emit
        tracked = {artifact.path: artifact for artifact in project.tracked}
        self.outputs = Outputs(project.root, tracked, objects, workspace)
        graph = make_graph(project.stages)
        self.stages = graph.stages
        ordered = order(graph)
        self.records = Records(project.root, ordered)
        selected = select(graph, options.targets, options.folder)
        self.queue = Queue([address for address in ordered if address in selected], graph.needs)
        self.ended: Counter[str] = Counter()
        self.running: dict[Future[Exit | None], Running] = {}
        self.commit: Commit | None = None
        self.environment: Environment | None = None

    def run(self) -> Summary:
        """Work until nothing is left that may start and nothing runs; the locks are written whatever happens."""
        try:
            with ThreadPoolExecutor(max_workers=max(1, self.options.jobs)) as pool:
                try:
                    while self._start_ready(pool) or self.running:
                        self._finish_some()
                except BaseException:
                    self._cancel_all()
                    raise
        finally:
            self.records.save()
        for address in self.queue.left():
            self._end(address, "cancelled", ("a stage that it needs failed, or the build stopped before it",))
        ended = self.ended
        return Summary(ended["done"], ended["current"], ended["restored"], ended["failed"], ended["cancelled"])

    def _start_ready(self, pool: ThreadPoolExecutor) -> bool:
        """Settle or start every stage whose needs are met; True where something was settled."""
        moved = False
        while len(self.running) < self.options.jobs and (self.options.keep_going or not self.ended["failed"]):
            address = self.queue.next()
            if address is None:
                break
            moved = True
            try:
                self._settle(self.stages[address], pool)
            except FossmlError as error:
                self._end(address, "failed", (str(error), *([error.hint] if error.hint else [])))
        return moved

    def _settle(self, stage: Stage, pool: ThreadPoolExecutor) -> None:
        """Find `stage` current, restore it, or start it."""
        self.outputs.fetch(stage)
        now, entry = self.workspace.now(stage), self.records.entry(stage)
        forced = self.options.force and not stage.frozen
        why = (*(["--force was given"] if forced else []), *reasons(stage, entry, now))
        changed = output_reasons(stage, entry, now) if entry else ()
        if not why and not changed:
            self._accept(stage, now, entry)
        elif not forced and self._restore(stage, now, entry if stage.frozen or not why else None):
            pass
        elif stage.frozen:
            raise FossmlError(why[0], where=stage.file, hint=f"`dvc unfreeze {stage.address}` lets it run")
        else:
            self._start(stage, now, (*why, *changed) if entry else why, pool)

    def _accept(self, stage: Stage, now: Now, entry: LockEntry | None) -> None:
        """`stage` is current; one that is frozen is so with whatever lies there, and that is recorded as DVC does."""
        if stage.frozen:
            here = LockEntry(stage.cmd, _sorted(now.deps), now.params, _sorted(now.outs))
            if here != entry:
                self.outputs.keep(stage, now)
                self.records.restored(stage, here)
        self._end(stage.address, "current")

    def _restore(self, stage: Stage, now: Now, entry: LockEntry | None) -> bool:
        found = self.outputs.restore(stage, now, entry, self.records)
        if found is None:
            return False
        self.records.restored(stage, found)
        self._end(stage.address, "restored")
        return True

    def _start(self, stage: Stage, now: Now, why: tuple[str, ...], pool: ThreadPoolExecutor) -> None:
        if self.commit is None:
            self.commit, self.environment = commit(self.root), self.options.environment()
        running = launch(self.root, stage, now, self.options.env, self.objects)
        self.running[pool.submit(running.process.wait)] = running
        self.emit(Event("start", stage.address, why))

    def _finish_some(self) -> None:
        if not self.running:
            return
        while not (done := wait(self.running, timeout=_TICK, return_when=FIRST_COMPLETED).done):
            if self.options.cancelled():
                raise KeyboardInterrupt
        for future in done:
            ended, running = future.result(), self.running[future]
            assert ended is not None  # wait() without a timeout returns when the process has ended
            try:
                self._finish(running, ended)
            except FossmlError as error:
                running.aside.restore()
                log = str(running.log.relative_to(self.root))
                self._end(running.stage.address, "failed", (str(error),), ended.seconds, log)
            del self.running[future]

    def _finish(self, running: Running, ended: Exit) -> None:
        stage = running.stage
        self.workspace.forget(rooted(stage, out.path) for out in stage.outs)
        if ended.code != 0:
            how = f"exit code {ended.code}" if ended.code > 0 else f"killed by signal {-ended.code}"
            raise FossmlError(f"its command ended with {how}")
        after = self._look_again(running)
        key = recipe(stage, running.now)
        assert key is not None  # a stage with a missing input is not started
        run = Run(
            key=key,
            stage=stage.address,
            cmd=stage.cmd,
            deps=_sorted(running.now.deps),
            params=running.now.params,
            outs=self.outputs.keep(stage, after),
            started=running.started,
            seconds=round(ended.seconds, 3),
            commit=self.commit.id if self.commit else None,
            dirty=bool(self.commit and self.commit.dirty),
            environment=self.environment,
        )
        self.records.ran(stage, run)
        running.aside.discard()
        self._end(stage.address, "done", seconds=ended.seconds)

    def _look_again(self, running: Running) -> Now:
        """What lies there after the run. FossmlError where an output was not made or an input was changed."""
        stage = running.stage
        self.workspace.forget(rooted(stage, path) for path in stage.deps)
        after = self.workspace.now(stage)
        for path, here in after.outs.items():
            if here is None:
                raise FossmlError(f"its command ended well but did not make {path}", where=stage.file)
        for path, was in running.now.deps.items():
            if was != after.deps[path]:
                raise FossmlError(f"{path}, an input, changed while it ran", where=stage.file)
        return after

    def _end(
        self, address: str, how: str, why: tuple[str, ...] = (), seconds: float = 0.0, log: str | None = None
    ) -> None:
        self.ended[how] += 1
        if how in ("done", "current", "restored"):
            self.queue.done(address)
        self.emit(Event(how, address, why, round(seconds, 3), log))  # type: ignore[arg-type]  # one of Event's words

    def _cancel_all(self) -> None:
        """Stop what runs, children too, and bring the old outputs back."""
        for running in self.running.values():
            running.process.cancel()
        for running in self.running.values():
            running.aside.restore()
        self.running.clear()


def _sorted(artifacts: Mapping[str, Artifact | None]) -> tuple[Artifact, ...]:
    return tuple(artifact for _, artifact in sorted(artifacts.items()) if artifact)
