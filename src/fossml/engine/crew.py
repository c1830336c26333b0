"""The stages that run at this moment: started as far as there is room, ended into Runs, stopped when the build is.

Imported when a first stage must run: a build with nothing to do pays for none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from fossml.engine.assess import Assessment
from fossml.engine.attempts import begin
from fossml.engine.ending import finish
from fossml.engine.launch import Running, launch
from fossml.engine.resources import Pool, lend
from fossml.engine.site import Options, Site
from fossml.errors import FossmlError, told
from fossml.executors.local import Exit, cancel_all
from fossml.project.git import Commit, commit
from fossml.types import Run

_TICK = 0.1
"""Seconds between two looks at whether the build was cancelled."""


class Crew:
    """At most `options.jobs` stages at a time, and no more than `whole` has room for."""

    def __init__(self, site: Site, own: Path, options: Options, whole: Pool) -> None:
        self._site, self._own, self._options, self._whole = site, own, options, whole
        self._free = whole
        self._pool = ThreadPoolExecutor(max_workers=max(1, options.jobs))
        self._running: dict[Future[Exit | None], Running] = {}
        self._commit: Commit | None = None
        self._looked = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, found: Assessment, again: Callable[[Assessment], Assessment] | None = None) -> Running | None:
        """Start the stage; None where there is no room for it now. FossmlError where it cannot start.

        `again` looks at it once more, when there is room: for one that has waited.
        """
        grant = lend(self._free, self._whole, found.settings)
        if grant is None or len(self._running) >= self._options.jobs:
            return None
        if not self._looked:
            self._commit, self._looked = commit(self._site.root), True
        found = again(found) if again else found
        site = self._site
        with told(found.stage.address):
            attempt = begin(self._own / "attempts", site, found, afresh=self._options.force)
        running = launch(site.root, found, attempt, grant, site.project.config.seed, site.env, site.objects)
        self._free = self._free.without(grant)
        self._running[self._pool.submit(running.process.wait, found.settings.timeout)] = running
        return running

    def ended(self) -> Iterator[tuple[Running, Run | FossmlError]]:
        """Wait until a stage ends; each that has with its Run, or why it has none: its old outputs are back then.

        KeyboardInterrupt where the build was cancelled.
        """
        while not (done := wait(self._running, timeout=_TICK, return_when=FIRST_COMPLETED).done):
            if self._options.cancelled():
                raise KeyboardInterrupt
        for future in done:
            running = self._running[future]
            result = self._result(running, future.result())
            del self._running[future]
            self._free = self._free.plus(running.grant)
            yield running, result

    def _result(self, running: Running, ended: Exit | None) -> Run | FossmlError:
        """`ended` is None where the time of the stage is up."""
        try:
            with told(running.stage.address):
                return finish(self._site, running, ended or running.process.cancel(), self._commit)
        except FossmlError as error:
            running.aside.restore()
            return error

    def stop(self) -> None:
        """End what runs, children too, and bring the old outputs back; checkpoints stay."""
        cancel_all(running.process for running in self._running.values())
        for running in self._running.values():
            running.aside.restore()
            running.attempt.stopped(self._site.observer, running.stage, self._site.root)
        self._running.clear()
        self._pool.shutdown()
