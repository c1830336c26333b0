"""Probes for what a good number may hide: leaks between training and test, and tasks that anybody solves."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from fossml.types import Evidence, Finding
from fossml.verify.controls import rows
from fossml.verify.controls.upstream import Upstream, made_data, sources_of_data
from fossml.verify.controls.watched import Watched
from fossml.verify.probe.baseline import Measure, baselines, chance, measure_of
from fossml.verify.probe.files import Files
from fossml.verify.probe.label import Label, label_of
from fossml.verify.probe.overlap import part_of
from fossml.verify.probe.sides import fit_before_split, reads_test, same_rows
from fossml.verify.rebuild.budget import Check
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built
from fossml.views.report import duration

PERMUTED, BASELINE = "PRB001", "PRB002"
_LESS = frozenset({"error", "rmse", "mae"})
_TEST_SHARE = 0.2


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
            files = self._files(one.up, copy=False)  # a plan builds nothing
            kind, label = self._known(one, files)
            if kind is None or label is None:
                continue
            where = _where(label, files)
            name, stages = _permutation(label, where), one.up.after(_readers(one.up, where))
            old = found.get(name, Check("probe", (), (), what=name))
            runs = 0 if self.rebuilder.has_varied(f"probe: {name}") else 1
            both = tuple(dict.fromkeys((*old.stages, *stages)))
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
            kind, label = self._known(one, files)
            if kind is None or label is None:
                yield _cannot(one, kind, label)
                continue
            yield from self._baseline(one, kind, label, files)
            where = _where(label, files)
            name, stages = _permutation(label, where), one.up.after(_readers(one.up, where))
            price = sum(self.base.costs.get(stage, 0.0) for stage in stages)
            if name not in left_out and (self.rebuilder.has_varied(f"probe: {name}") or fits(price)):
                yield from self._permuted(one, kind, label, files)
            else:
                yield _left_out(one, name, stages, price)

    def unmade(self, found: Collection[Finding]) -> Iterator[Finding]:
        """After an interruption: the claims of which `found` does not say what becomes of permuted labels."""
        told = {finding.subject for finding in found if finding.code == PERMUTED}
        for one in self.watched:
            if one.id not in told:
                message = "not told, since it was interrupted before it was done: the number with permuted labels"
                hint = "the same command again goes on with it"
                yield Finding(PERMUTED, "unknown", "soft", one.id, message, (), hint)

    def _known(self, one: Watched, files: Files) -> tuple[Measure | None, Label | None]:
        """What the metric measures, and which column is the label, as far as can be told."""
        kind = measure_of(one.metric.partition(":")[2]) or measure_of(one.metric)
        return kind, label_of(self.rebuilder.project, files.folder, files.every, one.up.sources())

    def _files(self, up: Upstream, *, copy: bool = True) -> Files:
        project, folder = self.rebuilder.project, self.rebuilder.folder()
        read = (*sources_of_data(project, up, folder), *made_data(up, folder))
        if not all((folder / one.path).exists() for one in read if not one.files):
            # What stages make, and what came out of a cache, lies in the copy alone, which a repeat does not have.
            folder = self.rebuilder.copy() if copy else folder
        given = sources_of_data(project, up, folder)
        made = made_data(up, folder)
        return Files(folder, *(tuple(name for d in some for name in (d.files or (d.path,))) for some in (given, made)))

    def _value(self, one: Watched, built: Built, kind: Measure) -> float | None:
        values = list(built.measured[one.metric].values.values())
        if len(values) != 1:
            return None
        is_percentage = kind in ("accuracy", "error", "auc", "f1") and abs(values[0]) > 1.5
        return values[0] / 100 if is_percentage else values[0]

    # permuted labels

    def _permuted(self, one: Watched, kind: Measure, label: Label, files: Files) -> Iterator[Finding]:
        """With labels that mean nothing, the number must fall to chance."""
        where = _where(label, files)
        alone = where[0] in files.made
        readers = _readers(one.up, where)
        name = _permutation(label, where)
        self.say(f"probe: {name}")
        salt = self.salt

        def change(folder: Path) -> str | None:
            done = [path for path in where if rows.mix(folder / path, salt, label.column)]
            return f"the labels in {', '.join(done)} were permuted" if done else None

        built = self.rebuilder.varied(f"probe: {name}", change, only=one.up.after(readers) if alone else ())
        value = self._value(one, built, kind) if built else None
        labels, tested = _labels(files, label)
        most = chance(kind, labels, tested)
        places = tuple(Evidence(path) for path in where)
        if built is None or value is None or most is None:
            why = "; ".join(built.failed.values()) if built and built.failed else "there is no number to compare"
            message = (
                f"whether it falls to chance with permuted labels ({label.column}, {label.how}) is not known: {why}"
            )
            yield Finding(PERMUTED, "unknown", "soft", one.id, message, places)
            return
        side = "at least" if kind in _LESS else "at most"
        chances = f"chance gives {side} {most:.4g} (1 time in 1000)"
        if (value < most) if kind in _LESS else (value > most):
            message = f"with permuted labels ({label.column}, {label.how}) it is still {value:.4g}, {chances}"
            hint = "look for what tells the label: rows on both sides, a column made from it, a fit on all data"
            yield Finding(PERMUTED, "fail", "hard", one.id, message, places, hint)
        else:
            message = f"with permuted labels ({label.column}, {label.how}) it falls to {value:.4g}; {chances}"
            yield Finding(PERMUTED, "pass", "soft", one.id, message, places)

    # baselines

    def _baseline(self, one: Watched, kind: Measure, label: Label, files: Files) -> Iterator[Finding]:
        value = self._value(one, self.base, kind)
        train, test = _split(label)
        found = None
        if train is not None and value is not None:
            table, place = _table(files.folder / train, label.column)
            other, its = _table(files.folder / test, label.column) if test else ([], place)
            if place is not None and place == its and (not other or len(other[0]) == len(table[0])):
                found = baselines(kind, table, other or None, place)
        if found is None or value is None:
            message = f"no baseline could be made for {one.metric} from {', '.join(label.files)}"
            yield Finding(BASELINE, "unknown", "soft", one.id, message, tuple(map(Evidence, label.files)))
            return
        trivial = "always the commonest class" if kind in ("accuracy", "error") else "always the mean"
        message = f"{value:.4g}, beside {found.trivial:.4g} for {trivial}"
        message += f" and {found.linear:.4g} for a linear model" if found.linear is not None else ""
        message += f" ({'on ' + test if test else 'five folds of ' + str(train)}, {found.tested} rows)"
        places = tuple(Evidence(path) for path in (train, test) if path)
        if _no_better(kind, value, found.trivial):
            yield Finding(
                BASELINE, "fail", "soft", one.id, f"it is no better than the trivial answer: {message}", places
            )
        elif found.linear is not None and _no_better(kind, value, found.linear):
            yield Finding(BASELINE, "pass", "soft", one.id, f"a linear model does as well: {message}", places)
        else:
            yield Finding(BASELINE, "pass", "soft", one.id, message, places)


def _no_better(kind: Measure, value: float, other: float) -> bool:
    return value >= other if kind in _LESS else value <= other


def _where(label: Label, files: Files) -> tuple[str, ...]:
    """The files in which labels are permuted: those that nothing makes, where there are any."""
    return tuple(path for path in label.files if path in files.given) or label.files


def _readers(up: Upstream, where: Sequence[str]) -> set[str]:
    return {a for a in up.closure if any(path in up.inputs(a) or _below(path, up.inputs(a)) for path in where)}


def _permutation(label: Label, where: Sequence[str]) -> str:
    """The name of the probe, in the plan and on record."""
    return f"labels {label.column} permuted in {', '.join(where)}"


def _left_out(one: Watched, name: str, stages: Sequence[str], price: float) -> Finding:
    check = Check("probe", (one.id,), tuple(stages), what=name)
    message = f"not told, since the budget leaves no room for it: {check} would take about {duration(price)}"
    return Finding(PERMUTED, "unknown", "soft", one.id, message, (), "a larger --budget runs the probes too")


def _below(path: str, inputs: Sequence[str]) -> bool:
    return any(path.startswith(f"{one}/") for one in inputs)


def _cannot(one: Watched, kind: Measure | None, label: Label | None) -> Finding:
    what = (
        "what the metric measures is not known by its name"
        if kind is None
        else "which column is the label is not known"
    )
    hint = "" if label else 'fossml.toml: [probe] label = "COLUMN"'
    return Finding(PERMUTED, "unknown", "soft", one.id, f"labels were not permuted: {what}", (), hint)


def _split(label: Label) -> tuple[str | None, str | None]:
    """The training and the test file among those that have the label; one table alone is both."""
    train = [path for path in label.files if part_of(path) == "train"]
    test = [path for path in label.files if part_of(path) == "test"]
    if train and test:
        return train[-1], test[-1]
    rest = [path for path in label.files if part_of(path) is None]
    return (rest or train or test)[0], None


def _table(path: Path, column: str) -> tuple[list[tuple[str, ...]], int | None]:
    if not path.is_file() or rows.suffix(path.name) not in rows.TABLES:
        return [], None
    table = rows.read_table(path.read_text(encoding="utf-8", errors="replace"), path.name)
    if table.cells is None or column not in table.names:
        return [], None
    return list(table.cells), table.names.index(column)


def _labels(files: Files, label: Label) -> tuple[list[str], int]:
    """The labels on which the model is measured, as far as can be told, and how many at least."""
    train, test = _split(label)
    table, place = _table(files.folder / str(test or train), label.column)
    if place is None:
        return [], 0
    found = [row[place] for row in table]
    return found, len(found) if test else max(1, int(len(found) * _TEST_SHARE))
