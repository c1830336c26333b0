"""Probes for what a good number may hide: leaks between training and test, and tasks that anybody solves."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fossml.types import Evidence, Finding
from fossml.verify.controls import rows
from fossml.verify.controls.upstream import Upstream, made_data, sources_of_data
from fossml.verify.controls.watched import Watched
from fossml.verify.probe import said, tested
from fossml.verify.probe.baseline import Baselines, Measure, baselines, measure_of
from fossml.verify.probe.files import Files
from fossml.verify.probe.label import Label, label_of
from fossml.verify.probe.sides import fit_before_split, reads_test, same_rows
from fossml.verify.probe.telltale import Telltale, telltale
from fossml.verify.rebuild.budget import Check
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built
from fossml.views.report import duration


@dataclass(frozen=True, slots=True)
class _Task:
    """What a claim's number measures, of which label, in which files; `telltale` are columns that give it away."""

    one: Watched
    kind: Measure
    label: Label
    files: Files
    where: tuple[str, ...]
    telltale: Telltale | None

    @property
    def stages(self) -> tuple[str, ...]:
        """Those that run again when the label or a column is changed where it stands."""
        up = self.one.up
        readers = {a for a in up.closure if any(_reads(up.inputs(a), path) for path in self.where)}
        return up.after(readers)

    @property
    def mixings(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """The trainings by the code of the finding: the name in the plan and on record, and what is mixed."""
        place = ", ".join(self.where)
        names: tuple[str, ...] = (self.label.column,)
        found = {said.PERMUTED: (f"labels {self.label.column} permuted in {place}", names)}
        if self.telltale and self.telltale.columns:
            names = self.telltale.columns
            found[said.TELLTALE] = (f"{', '.join(names)} mixed in {place}", names)
        return found


def _reads(inputs: Sequence[str], path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in inputs)


class Probe:
    """The probes of one verification; `say` tells what runs."""

    def __init__(
        self,
        rebuilder: Rebuilder,
        base: Built,
        watched: Sequence[Watched],
        *,
        rng: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self.rebuilder, self.base, self.watched = rebuilder, base, watched
        self.rng, self.say = rng, say
        self.salt = f"{rng.getrandbits(64):016x}"

    def checks(self) -> tuple[Check, ...]:
        """Those of the probes that are trainings, as parts of a plan."""
        found: dict[str, Check] = {}
        for one in self.watched:
            task = self._task(one, self._files(one.up, copy=False))  # a plan builds nothing
            if isinstance(task, Finding):
                continue
            for name, _ in task.mixings.values():
                old = found.get(name, Check("probe", (), (), what=name))
                runs = 0 if self.rebuilder.has_varied(f"probe: {name}") else 1
                both = tuple(dict.fromkeys((*old.stages, *task.stages)))
                found[name] = Check("probe", (*old.claims, one.id), both, runs, name)
        return tuple(found.values())

    def run(
        self, fits: Callable[[float], bool] = lambda _price: True, left_out: Collection[str] = ()
    ) -> Iterator[Finding]:
        """All probes, what they find as it is found.

        `fits`: whether so many seconds may be spent; `left_out` are those that no room is for.
        """
        for one in self.watched:
            files = self._files(one.up)
            yield from same_rows(one.id, files)
            yield from fit_before_split(one.id, self.rebuilder.project.root, one.up)
            yield from reads_test(one.id, one.up)
            if not self.base.of(one.metric).values:
                continue
            task = self._task(one, files)
            if isinstance(task, Finding):
                yield task
                continue
            beside = self._baselines(task)
            yield self._baseline(task, beside)
            price = sum(self.base.costs.get(stage, 0.0) for stage in task.stages)
            for code, (name, columns) in task.mixings.items():
                if name in left_out or not (self.rebuilder.has_varied(f"probe: {name}") or fits(price)):
                    yield _left_out(code, task, name, price)
                    continue
                self.say(f"probe: {name}")
                value, why = self._mixed(task, name, columns)
                found = (
                    self._permuted(task, value, why)
                    if code == said.PERMUTED
                    else self._telling(task, beside, value, why)
                )
                yield replace(found, evidence=tuple(map(Evidence, task.where)))
            if task.telltale and not task.telltale.columns:
                message = f"no column alone tells {task.label.column} where the others together do not"
                yield Finding(said.TELLTALE, "pass", "soft", one.id, message, tuple(map(Evidence, task.label.files)))

    def unmade(self, found: Collection[Finding]) -> Iterator[Finding]:
        """After an interruption: the claims of which `found` does not say what becomes of permuted labels."""
        told = {finding.subject for finding in found if finding.code == said.PERMUTED}
        for one in self.watched:
            if one.id not in told:
                message = "not told, since it was interrupted before it was done: the number with permuted labels"
                hint = "the same command again goes on with it"
                yield Finding(said.PERMUTED, "unknown", "soft", one.id, message, (), hint)

    def _task(self, one: Watched, files: Files) -> _Task | Finding:
        """What the metric measures, and which column is the label, as far as can be told; else that it cannot."""
        kind = measure_of(one.metric.partition(":")[2]) or measure_of(one.metric)
        label = label_of(self.rebuilder.project, files.folder, files.every, one.up.sources())
        if kind is None or label is None:
            return _cannot(one, kind, label)
        found = rows.records(files.folder / tested.split(label)[0])
        place = found.names.index(label.column) if label.column in found.names else None
        tells = telltale(kind, found.names, found.rows, place) if place is not None else None
        return _Task(one, kind, label, files, tested.where(label, files), tells)

    def _files(self, up: Upstream, *, copy: bool = True) -> Files:
        project, folder = self.rebuilder.project, self.rebuilder.folder()
        read = (*sources_of_data(project, up, folder), *made_data(up, folder))
        if not all((folder / one.path).exists() for one in read if not one.files):
            # What stages make, and what came out of a cache, lies in the copy alone, which a repeat does not have.
            folder = self.rebuilder.copy() if copy else folder
        given = sources_of_data(project, up, folder)
        made = made_data(up, folder)
        return Files(folder, *(tuple(name for d in some for name in (d.files or (d.path,))) for some in (given, made)))

    def _value(self, task: _Task, built: Built) -> float | None:
        values = list(built.of(task.one.metric).values.values())
        if len(values) != 1:
            return None
        is_percentage = task.kind in ("accuracy", "error", "auc", "f1") and abs(values[0]) > 1.5
        return values[0] / 100 if is_percentage else values[0]

    def _mixed(self, task: _Task, name: str, columns: Sequence[str]) -> tuple[float | None, str]:
        """The number with each of `columns` mixed by itself where the label stands; or why there is none."""

        def change(folder: Path) -> str | None:
            done = [path for path in task.where for column in columns if rows.mix(folder / path, self.salt, column)]
            return f"{', '.join(columns)} in {', '.join(dict.fromkeys(done))} was permuted" if done else None

        alone = task.where[0] in task.files.made
        built = self.rebuilder.varied(f"probe: {name}", change, only=task.stages if alone else ())
        value = self._value(task, built) if built else None
        return value, "; ".join(built.failed.values()) if built and built.failed else "there is no number to compare"

    def _permuted(self, task: _Task, value: float | None, why: str) -> Finding:
        labels, count = tested.labels(task.files, task.label)
        return said.permuted(task.one.id, task.kind, task.label, labels, count, value, why)

    def _telling(self, task: _Task, beside: Baselines | None, now: float | None, why: str) -> Finding:
        value = self._value(task, self.base)
        assert task.telltale is not None
        trivial = beside.trivial if beside else 0.5
        if value is None:
            now = None
        return said.telling(task.one.id, task.kind, task.label, task.telltale, value or 0.0, now, trivial, why)

    def _baselines(self, task: _Task) -> Baselines | None:
        train, test = tested.split(task.label)
        table, place = tested.table(task.files, train, task.label.column)
        other, its = tested.table(task.files, test, task.label.column) if test else ((), place)
        if place is None or place != its or (other and len(other[0]) != len(table[0])):
            return None
        return baselines(task.kind, table, other or None, place)

    def _baseline(self, task: _Task, found: Baselines | None) -> Finding:
        one, value = task.one, self._value(task, self.base)
        if found is None or value is None:
            message = f"no baseline could be made for {one.metric} from {', '.join(task.label.files)}"
            return Finding(said.BASELINE, "unknown", "soft", one.id, message, tuple(map(Evidence, task.label.files)))
        _, count = tested.labels(task.files, task.label)
        return said.baseline(one.id, task.kind, value, found, *tested.split(task.label), count)


def _left_out(code: str, task: _Task, name: str, price: float) -> Finding:
    check = Check("probe", (task.one.id,), task.stages, what=name)
    message = f"not told, since the budget leaves no room for it: {check} would take about {duration(price)}"
    return Finding(code, "unknown", "soft", task.one.id, message, (), "a larger --budget runs the probes too")


def _cannot(one: Watched, kind: Measure | None, label: Label | None) -> Finding:
    what = (
        "what the metric measures is not known by its name"
        if kind is None
        else "which column is the label is not known"
    )
    hint = "" if label else 'fossml.toml: [probe] label = "COLUMN"'
    return Finding(said.PERMUTED, "unknown", "soft", one.id, f"labels were not permuted: {what}", (), hint)
