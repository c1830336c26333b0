"""Running what must run: a ready queue over the graph; outputs into the store first, then the Run, then the locks."""

from __future__ import annotations

import fcntl
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fossml.engine.aside import Aside, put_aside, recover
from fossml.engine.graph import Graph, make_graph, order, select
from fossml.engine.plan import Now, entry_of, output_reasons, plan, reasons, recipe
from fossml.engine.records import Records
from fossml.engine.workspace import Workspace
from fossml.errors import FossmlError
from fossml.executors.local import Exit, Process, start
from fossml.project.declared import Project
from fossml.project.dvc import LockEntry, rooted
from fossml.project.dvcconfig import CacheConfig, read_cache_config
from fossml.project.git import Commit, commit
from fossml.store.digest import StatCache
from fossml.store.objects import Objects, gitignore
from fossml.types import Artifact, Environment, Event, Run, Stage, Todo

_TICK = 0.1
"""Seconds between two looks at whether the build was cancelled."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `jobs` stages at most run at a time; `env` is what every command sees.

    `cancelled` is asked ten times a second; once it says True, the build ends as by an interrupt. `cache` None: the
    one that `.dvc/config` names.
    """

    targets: tuple[str, ...] = ()
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


@dataclass(slots=True)
class _Running:
    stage: Stage
    now: Now
    aside: Aside
    process: Process
    log: Path
    started: str


def dry(project: Project, options: Options) -> tuple[tuple[Todo, ...], int]:
    """What a build would run and why, and how many stages are current. Writes nothing but the stat cache."""
    graph = make_graph(project.stages)
    selected = select(graph, options.targets)
    records = Records(project.root)
    with StatCache(_stat_db(project.root)) as cache:
        workspace = Workspace(project.root, cache)

        def why(address: str, remade: frozenset[str]) -> tuple[str, ...]:
            stage = graph.stages[address]
            now, entry = workspace.now(stage), records.entry(stage)
            found = reasons(stage, entry, now, remade)
            if options.force:
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
    with _alone(own / "lock"), StatCache(own / "stat.db") as cache:
        recover(own / "aside")
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


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise FossmlError(
                f"another fossml builds here (process {file.read().strip() or 'unknown'})", hint="wait for it to end"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class _Build:
    """One build: the queue, what runs, and how each stage ended."""

    def __init__(
        self, project: Project, options: Options, objects: Objects, workspace: Workspace, emit: Callable[[Event], None]
    ) -> None:
        self.root, self.options, self.objects = project.root, options, objects
        self.workspace, self.emit = workspace, emit
        self.tracked: dict[str, Artifact] = {artifact.path: artifact for artifact in project.tracked}
        self.graph: Graph = make_graph(project.stages)
        selected = select(self.graph, options.targets)
        ordered = order(self.graph)
        self.waiting = [address for address in ordered if address in selected]
        self.records = Records(project.root, ordered)
        self.ended: dict[str, str] = {}
        self.running: dict[Future[Exit | None], _Running] = {}
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
        for address in self.waiting:
            self._end(address, "cancelled", ("a stage that it needs failed, or the build stopped before it",))
        counts = {name: list(self.ended.values()).count(name) for name in ("done", "current", "restored", "failed")}
        return Summary(counts["done"], counts["current"], counts["restored"], counts["failed"], len(self.waiting))

    def _start_ready(self, pool: ThreadPoolExecutor) -> bool:
        """Settle or start every stage whose needs are met; True where something was settled."""
        moved = False
        for address in list(self.waiting):
            stopping = "failed" in self.ended.values() and not self.options.keep_going
            if stopping or len(self.running) >= self.options.jobs:
                break
            needs = self.graph.needs[address]
            if all(self.ended.get(need) in ("done", "current", "restored") for need in needs):
                self.waiting.remove(address)
                moved = True
                try:
                    self._settle(self.graph.stages[address], pool)
                except FossmlError as error:
                    self._end(address, "failed", (str(error), *([error.hint] if error.hint else [])))
        return moved

    def _settle(self, stage: Stage, pool: ThreadPoolExecutor) -> None:
        """Find `stage` current, restore it, or start it."""
        self._fetch_tracked(stage)
        now, entry = self.workspace.now(stage), self.records.entry(stage)
        why = reasons(stage, entry, now)
        changed = output_reasons(stage, entry, now) if entry else ()
        if self.options.force:
            why = ("--force was given", *why)
        if not why and not changed:
            self._end(stage.address, "current")
        elif not self._restore(stage, now, entry if not why else None):
            self._start(stage, now, (*why, *changed) if entry else why, pool)

    def _fetch_tracked(self, stage: Stage) -> None:
        """Data that a .dvc file names and that is not there comes out of the cache."""
        for dep in stage.deps:
            place = rooted(stage, dep)
            data = self.tracked.get(place)
            if data and not (self.root / place).exists() and self.objects.has(data):
                self.objects.checkout(data, self.root / place)

    def _restore(self, stage: Stage, now: Now, entry: LockEntry | None) -> bool:
        """Take the outputs of an earlier run with the same recipe out of the cache, where it holds them all."""
        if self.options.force or stage.always_changed:
            return False
        found = recipe(stage, now)
        run = self.records.find(found) if found and entry is None else None
        entry = entry_of(run) if run else entry
        if entry is None or {a.path for a in entry.outs} != {out.path for out in stage.outs}:
            return False
        stale = [a for a in entry.outs if (here := now.outs[a.path]) is None or here.digest != a.digest]
        if not all(self.objects.has(artifact) for artifact in stale):
            return False
        for artifact in stale:
            self.objects.checkout(artifact, self.root / rooted(stage, artifact.path))
        self.workspace.forget(rooted(stage, artifact.path) for artifact in stale)
        self._ignore(stage)
        self.records.restored(stage, entry)
        self._end(stage.address, "restored")
        return True

    def _start(self, stage: Stage, now: Now, why: tuple[str, ...], pool: ThreadPoolExecutor) -> None:
        for path, here in now.deps.items():
            if here is None:
                hint = f"put it there, or `dvc pull {path}` where a remote has it"
                raise FossmlError(f"its input {path} is not there", where=stage.file, hint=hint)
        if self.commit is None:
            self.commit, self.environment = commit(self.root), self.options.environment()
        log = self.root / ".fossml" / "logs" / f"{stage.address.replace('/', ':')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        replaced = [self.root / rooted(stage, out.path) for out in stage.outs if not out.persist]
        aside = put_aside(self.root / ".fossml" / "aside", replaced)
        for place in (self.root / rooted(stage, out.path) for out in stage.outs):
            place.parent.mkdir(parents=True, exist_ok=True)
        env = {**self.options.env, "DVC_ROOT": str(self.root), "DVC_STAGE": stage.address}
        self.emit(Event("start", stage.address, why))
        process = start(script(stage.cmd), cwd=self.root / stage.wdir, env=env, stdout=log, shell="/bin/sh")
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.running[pool.submit(process.wait)] = _Running(stage, now, aside, process, log, started)

    def _finish_some(self) -> None:
        if not self.running:
            return
        while not (done := wait(self.running, timeout=_TICK, return_when=FIRST_COMPLETED).done):
            if self.options.cancelled():
                raise KeyboardInterrupt
        for future in done:
            ended, running = future.result(), self.running.pop(future)
            assert ended is not None  # wait() without a timeout returns when the process has ended
            try:
                self._finish(running, ended)
            except FossmlError as error:
                running.aside.restore()
                self._fail(running, ended, str(error))

    def _finish(self, running: _Running, ended: Exit) -> None:
        stage = running.stage
        self.workspace.forget(rooted(stage, out.path) for out in stage.outs)
        if ended.code != 0:
            how = f"exit code {ended.code}" if ended.code > 0 else f"killed by signal {-ended.code}"
            raise FossmlError(f"its command ended with {how}")
        after = self._look_again(running)
        key = recipe(stage, running.now)
        assert key is not None  # a stage with a missing input is not started
        outs = tuple(self._keep(stage, path, here) for path, here in sorted(after.outs.items()))
        run = Run(
            key=key,
            stage=stage.address,
            cmd=stage.cmd,
            deps=tuple(a for _, a in sorted(running.now.deps.items()) if a),
            params=running.now.params,
            outs=outs,
            started=running.started,
            seconds=round(ended.seconds, 3),
            commit=self.commit.id if self.commit else None,
            dirty=bool(self.commit and self.commit.dirty),
            environment=self.environment,
        )
        self._ignore(stage)
        self.records.ran(stage, run)
        running.aside.discard()
        self._end(stage.address, "done", seconds=ended.seconds)

    def _look_again(self, running: _Running) -> Now:
        """What lies there after the run. FossmlError where an output was not made or an input was changed."""
        stage = running.stage
        self.workspace.forget(rooted(stage, path) for path in stage.deps)
        after = self.workspace.now(stage)
        for path, here in after.outs.items():
            if here is None:
                raise FossmlError(f"its command ended well but did not make {path}", where=stage.file)
        for path, was in running.now.deps.items():
            here = after.deps[path]
            if was != here:
                raise FossmlError(f"{path}, an input, changed while it ran", where=stage.file)
        return after

    def _keep(self, stage: Stage, path: str, here: Artifact | None) -> Artifact:
        """Take an output into the cache, DVC does also a metric or plot with `cache: false`."""
        assert here is not None  # _look_again has checked it
        out = next(out for out in stage.outs if out.path == path)
        if out.cache or out.kind != "out":
            self.objects.add(self.root / rooted(stage, path), here)
        return here

    def _ignore(self, stage: Stage) -> None:
        for out in stage.outs:
            if out.cache and (self.root / ".git").exists():
                gitignore(self.root, rooted(stage, out.path))

    def _fail(self, running: _Running, ended: Exit, message: str) -> None:
        self._end(running.stage.address, "failed", (message,), ended.seconds, str(running.log.relative_to(self.root)))

    def _end(
        self, address: str, how: str, why: tuple[str, ...] = (), seconds: float = 0.0, log: str | None = None
    ) -> None:
        if how != "cancelled":
            self.ended[address] = how
        self.emit(Event(how, address, why, round(seconds, 3), log))  # type: ignore[arg-type]  # one of Event's words

    def _cancel_all(self) -> None:
        """Stop what runs, children too, and bring the old outputs back."""
        for running in self.running.values():
            running.process.cancel()
        for running in self.running.values():
            running.aside.restore()
        self.running.clear()


def script(cmd: str | tuple[str, ...]) -> str:
    """`cmd` as one shell command. Each line of a multi-line string and each entry of a list is a command of its own,

    in a shell of its own, as DVC runs them; the first that fails ends it.
    """
    commands = [line for line in cmd.splitlines() if line.strip()] if isinstance(cmd, str) else list(cmd)
    if len(commands) == 1:
        return commands[0]
    return " && ".join(f"/bin/sh -c {shlex.quote(command)}" for command in commands)
