"""What is to be said of one stage before it runs: current, or why not, and which earlier Runs would spare it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fossml.engine import seed as seeds
from fossml.engine.discoveries import differences, given
from fossml.engine.observe import Observer
from fossml.engine.plan import Now, output_reasons, reasons, recipe
from fossml.engine.records import Records
from fossml.engine.workspace import Workspace
from fossml.project.config import Config, StageSettings
from fossml.project.dvc import LockEntry, as_now, rooted
from fossml.types import Run, Stage

_BY_DVC = "recorded by dvc alone: what it read beyond its declared inputs is unknown"


@dataclass(frozen=True, slots=True)
class Assessment:
    """A stage as it stands: what it finds, what is recorded of it, why it cannot stay (`why`, `changed` outputs).

    `seed` and `env` are what a build gives it now; `recipe` is None while an input is missing. `note` says what the
    answer does not rest on.
    """

    stage: Stage
    settings: StageSettings
    now: Now
    entry: LockEntry | None
    run: Run | None
    seed: int | None
    env: Mapping[str, str | None]
    recipe: str | None
    why: tuple[str, ...]
    changed: tuple[str, ...]
    note: str | None = None

    @property
    def is_current(self) -> bool:
        """Whether the stage can stay as it is."""
        return not self.why and not self.changed

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it cannot."""
        return (*self.why, *self.changed)


class Assessor:
    """Looks at stages. `env` is the environment that commands run in."""

    def __init__(
        self, config: Config, workspace: Workspace, observer: Observer, records: Records, env: Mapping[str, str]
    ) -> None:
        self._config, self._env = config, env
        self.workspace, self.observer, self.records = workspace, observer, records

    def assess(self, stage: Stage, remade: frozenset[str] = frozenset(), force: bool = False) -> Assessment:
        """How `stage` stands. Nothing is said of the inputs in `remade`: another stage is about to write them."""
        settings = self._config.settings(stage.address)
        now = self.workspace.now(stage)
        entry = self._entry(stage, now)
        seed = seeds.seed_for(stage, self._config.seed, settings, now.params)
        env = {name: self._env.get(name) for name in settings.env}
        handed = seeds.handed(stage, seed, self._config.seed, now.params)
        run = self.records.last(stage) if entry else None
        why = reasons(stage, entry, now, remade)
        if run is not None and not stage.frozen:
            why = (*why, *given(self._was(stage, run), run.env, handed, env), *self._moved(stage, run, settings))
        if force and not stage.frozen:
            why = ("--force was given", *why)
        return Assessment(
            stage=stage,
            settings=settings,
            now=now,
            entry=entry,
            run=run,
            seed=seed,
            env=env,
            recipe=recipe(stage, now, handed, env),
            why=why,
            changed=output_reasons(stage, entry, now) if entry else (),
            note=None if run or stage.frozen else _BY_DVC,
        )

    def _was(self, stage: Stage, run: Run) -> int | None:
        """The seed that `run` was given."""
        return seeds.handed(stage, run.seed, self._config.seed, run.params)

    def _entry(self, stage: Stage, now: Now) -> LockEntry | None:
        """What dvc.lock says of `stage`; what DVC 2 recorded in its own way, in today's."""
        entry = self.records.entry(stage)
        if entry is None or not entry.legacy:
            return entry
        return as_now(self.workspace.root, entry, {**now.deps, **now.outs}, lambda path: rooted(stage, path))

    def earlier(self, found: Assessment) -> Iterator[Run]:
        """The recorded Runs that rest on just what is there now, the newest first."""
        for run in self.records.with_recipe(found.recipe) if found.recipe else ():
            if not self._moved(found.stage, run, found.settings):
                yield run

    def _moved(self, stage: Stage, run: Run, settings: StageSettings) -> tuple[str, ...]:
        if run.discovered is None:
            return ()
        return differences(run.discovered, self.observer.again(stage, run.discovered), settings.packages)
