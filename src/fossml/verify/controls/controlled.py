"""Controls run and judged: did the result move when what it rests on was changed?"""

from __future__ import annotations

import contextlib
import hashlib
import math
import random
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fossml import compare
from fossml.project.dvc import rooted
from fossml.types import Event, Evidence, Finding, Run, Status
from fossml.verify.controls import chance, written
from fossml.verify.controls.change import Step, steps
from fossml.verify.controls.choose import Claimed, Control
from fossml.verify.controls.upstream import Upstream, upstream
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.released import WEIGHTS
from fossml.views.report import duration
from fossml.views.sentence import Judged

AGAIN, SEED, ROWS, PARAMETER, COPIED, NONE = "CTL001", "CTL002", "CTL003", "CTL004", "CTL005", "CTL006"
_SEEDS = 4
"""Builds with different seeds, the recorded one included, after which a result that never moved is said not to."""
_STILL = 4
"""Builds with nothing changed that tell how much a result differs by itself, where it does."""
_LEVEL = 0.001
"""How often such a result may be said to have moved when it did not."""
_BOUNDS = frozenset({0.0, 0.5, 1.0, 100.0})


@dataclass(frozen=True, slots=True)
class Watched:
    """A claim under control: its id, its metric, what it rests on, the outputs of its stage."""

    id: str
    metric: str
    source: str
    up: Upstream
    made: tuple[str, ...]


AGAIN_NAME = "control: built again"
"""The name on record of the build with nothing changed."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """What the controls showed, `moved` the ids of the claims that a change of their inputs moved."""

    findings: tuple[Finding, ...] = ()
    moved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """One claim in one changed build: how its number and the outputs before it came out.

    `stalled` are stages that ran again on other inputs and made the same; `failed` is why there is no number.
    """

    note: str
    was: Mapping[str, float]
    now: Mapping[str, float]
    moved: tuple[str, ...] = ()
    stalled: tuple[str, ...] = ()
    failed: str = ""


class Controls:
    """Runs the controls of one verification. `say` tells the user, `again` are builds with nothing changed."""

    def __init__(
        self,
        rebuilder: Rebuilder,
        base: Built,
        watched: Sequence[Watched],
        *,
        rng: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self.rebuilder, self.base, self.watched = rebuilder, base, {one.id: one for one in watched}
        self.rng, self.say = rng, say
        self.again: list[Built] = []
        self.fits: Callable[[float], bool] = lambda _price: True

    def run(
        self,
        controls: Sequence[Control],
        seeds: Iterator[int],
        fits: Callable[[float], bool] = lambda _price: True,
        left_out: Sequence[Control] = (),
    ) -> Controlled:
        """Run `controls`, the repeat first; `seeds` are fresh ones. `fits`: whether so many seconds may be spent.

        `left_out` are those that the plan had no room for: that they were is told.
        """
        self.fits = fits
        findings: list[Finding] = [*self._copies()]
        findings += [self._left_out(one, name) for one in left_out for name in one.claims if name in self.watched]
        moved: set[str] = set()
        for control in sorted(controls, key=lambda one: one.kind != "repeat"):
            names = [name for name in control.claims if name in self.watched and self._has(self.watched[name])]
            if not names:
                continue
            self.say(str(control.check))
            if control.kind == "repeat":
                findings += self._repeat(control, names)
            elif control.kind in ("rows", "parameter"):
                found = self._climb(control, names)
                findings += found
                moved |= {name for name in names if any(_shows(one, name) for one in found)}
        findings += self._seed(seeds, [one for one in controls if one.kind == "seed"])
        findings += self._brought()
        every = (*controls, *left_out)
        able = {name for control in every if control.kind in ("rows", "parameter") for name in control.claims}
        findings += [_uncontrolled(one.id, one.up) for one in self.watched.values() if one.id not in able]
        return Controlled(tuple(findings), frozenset(moved))

    def _price(self, stages: Iterable[str]) -> float:
        """Seconds that these took in the rebuild."""
        return sum(self.base.costs.get(stage, 0.0) for stage in stages)

    def _pays(self, name: str, stages: Iterable[str]) -> bool:
        """Whether a changed build may be made: it is on record, or its stages fit into what is left."""
        return self.rebuilder.has_varied(name) or self.fits(self._price(stages))

    def _left_out(self, control: Control, name: str) -> Finding:
        price = f"{control.check} would take about {duration(self._price(control.stages))}"
        message = f"not told, since the budget leaves no room for it: {price}"
        return Finding(NONE, "unknown", "soft", name, message, (), "a larger --budget runs the controls too")

    def _has(self, one: Watched) -> bool:
        return bool(self.base.of(one.metric).values)

    def _build(self, name: str, change: Callable[[Path], str | None], **how: object) -> Built | None:
        def report(event: Event) -> None:
            if event.event in ("done", "failed"):
                self.say(
                    f"  {event.stage}  {event.seconds:.1f} s"
                    if event.event == "done"
                    else f"  {event.stage}  does not run so changed"
                )

        return self.rebuilder.varied(name, change, report=report, **how)  # type: ignore[arg-type]

    # the same again

    def _repeat(self, control: Control, names: Sequence[str]) -> Iterator[Finding]:
        if not self._pays(AGAIN_NAME, control.stages):
            yield from (self._left_out(control, name) for name in names)
            return
        built = self._build(AGAIN_NAME, lambda _folder: "nothing was changed", force=True)
        if built is None:
            return
        self.again.append(built)
        self._measure_still(control, names)
        for name in names:
            one = self.watched[name]
            was, now = self.base.of(one.metric).values, built.of(one.metric).values
            sources = one.up.sources()
            unreached = chance.unreached(self.rebuilder.project.root, sources)
            other = _moved_outs(one, self.base, built)
            if was == now and not (other and unreached):
                yield Finding(AGAIN, "pass", "soft", name, f"built again with the same seed it is {_said(now)} again")
                continue
            places = unreached or chance.draws(self.rebuilder.project.root, sources)["draw"]
            why = "; ".join(built.failed.values()) or f"{_said(was)}, then {_said(now)}"
            if was == now:
                why = f"{', '.join(other)}, not {one.metric}"
            if unreached:
                why += "; no seed reaches a generator that is drawn from"
            yield Finding(
                AGAIN,
                "fail",
                "soft",
                name,
                f"two builds with the same seed differ: {why}",
                places[:5],
                "give the seed to everything that draws random numbers, and pin the number of threads",
            )

    def _measure_still(self, control: Control, names: Sequence[str]) -> None:
        """Where a result differs by itself, build it some more times: how much?"""
        metrics = [self.watched[name].metric for name in names]
        while len(self.again) + 1 < _STILL:
            values = [[built.of(metric).values for metric in metrics] for built in (self.base, *self.again)]
            if all(one == values[0] for one in values):
                return
            name = f"{AGAIN_NAME} {len(self.again) + 1}"
            if not self._pays(name, control.stages):
                return
            built = self._build(name, lambda _folder: "nothing was changed", force=True)
            if built is None:
                return
            self.again.append(built)

    # rows and parameters

    def _climb(self, control: Control, names: Sequence[str]) -> list[Finding]:
        """One change after the other, as long as there is a claim that none has moved."""
        tried: dict[str, list[Seen]] = {name: [] for name in names}
        left = list(names)
        cut = False
        for step in steps(control, self.rng):
            cut = not self._pays(step.name, control.stages)
            if cut:
                break
            built = self._step(control, step)
            if built is None:
                continue
            for name in list(left):
                seen = look(self.watched[name], control, self.base, built)
                tried[name].append(seen)
                if self._is_clear(name, seen):
                    left.remove(name)
            if not left:
                break
        if cut and not any(tried.values()):
            return [self._left_out(control, name) for name in names]
        return [self._judged(control, self.watched[name], tried[name], cut=cut) for name in names]

    def _step(self, control: Control, step: Step) -> Built | None:
        return self._build(step.name, step.change, only=control.stages if control.alone else ())

    def _is_clear(self, name: str, seen: Seen) -> bool:
        """Whether the number moved by more than it does when nothing is changed."""
        if seen.failed or not seen.now or seen.now == seen.was:
            return False
        metric = self.watched[name].metric
        still = [built.of(metric).values for built in (self.base, *self.again) if built.of(metric).values]
        return any(
            _outside(value, [values[key] for values in still if key in values]) for key, value in seen.now.items()
        )

    def _judged(self, control: Control, one: Watched, tried: Sequence[Seen], *, cut: bool) -> Finding:
        code = ROWS if control.kind == "rows" else PARAMETER
        clear = next((seen for seen in tried if self._is_clear(one.id, seen)), None)
        places = tuple(Evidence(path) for path in control.paths) or (Evidence(control.parameters[0].file),)
        if clear:
            message = f"{one.metric} moved from {_said(clear.was)} to {_said(clear.now)} when {clear.note}"
            return Finding(code, "pass", "hard", one.id, message, places)
        good = [seen for seen in tried if not seen.failed and seen.now]
        if not good:
            why = next((seen.failed for seen in tried if seen.failed), "nothing could be changed")
            message = (
                f"it cannot be told whether {one.metric} depends on {control.subject}: the changed build failed: {why}"
            )
            return Finding(code, "unknown", "soft", one.id, message, places)
        return self._unmoved(code, control, one, good, places, failed=cut or len(good) < len(tried))

    def _unmoved(
        self,
        code: str,
        control: Control,
        one: Watched,
        good: Sequence[Seen],
        places: tuple[Evidence, ...],
        failed: bool,
    ) -> Finding:
        """Nothing moved the number clearly: it does not depend on what was changed, or nobody can tell."""
        last = good[-1]
        notes = "; nor when ".join(seen.note for seen in good)
        if last.now != last.was or any(seen.now != seen.was for seen in good):
            message = f"{one.metric} differs by itself as much as it did when {last.note}: it cannot be told"
            return Finding(code, "unknown", "soft", one.id, message, places)
        values = tuple(last.was.values())
        sources, files = one.up.sources(), self._given(one.up)
        root = self.rebuilder.project.root
        stands = tuple(place for value in values for place in written.places(root, value, sources, files))
        model = [path for seen in good for path in seen.moved if path != one.source]
        status, why = _weigh(values, stands, model, tried_all=not failed and len(good) > 1)
        message = f"the result does not depend on {control.subject}: {one.metric} stays {_said(last.was)} when {notes}"
        if last.stalled and not stands:
            message += f"; the outputs of {', '.join(last.stalled)} stay the same"
        if stands:
            message += f"; the number stands in {stands[0].path}"
        message += why
        hint = "let the stage compute what it writes from what it reads" if status == "fail" else ""
        return Finding(
            code, status, "hard" if status == "fail" else "soft", one.id, message, (*stands[:5], *places), hint
        )

    def _given(self, up: Upstream) -> tuple[str, ...]:
        """The files that the closure reads, no stage makes, and that are no Python."""
        project = self.rebuilder.project
        made = {rooted(stage, out.path) for stage in project.stages for out in stage.outs}
        read = {path for address in up.closure for path in up.inputs(address)}
        return tuple(sorted(path for path in read if path not in made and not path.endswith((".py", ".csv", ".tsv"))))

    # copies

    def _copies(self) -> Iterator[Finding]:
        """Metrics that have the bytes of a file which nothing in the project makes."""
        root = self.rebuilder.project.root
        for one in self.watched.values():
            digest = self.base.outs.get(one.source)
            for path in self._given(one.up) if digest else ():
                if (root / path).is_file() and not (root / path).is_symlink() and _digest(root / path) == digest:
                    message = (
                        f"{one.source} has the same bytes as {path}, which no stage makes: it is copied, not computed"
                    )
                    hint = "let a stage compute it"
                    yield Finding(COPIED, "fail", "hard", one.id, message, (Evidence(path),), hint)

    def _brought(self) -> Iterator[Finding]:
        """Trained outputs that say what a file says which nothing makes, and that move with nothing but that file."""
        root, folder = self.rebuilder.project.root, self.rebuilder.folder()
        varied = [built for built in self.rebuilder.variations() if not built.variant.startswith(AGAIN_NAME)]
        seeded = [built for built in self.rebuilder.known() if built.seed is not None]
        for one in self.watched.values():
            for given in self._given(one.up):
                others = [*seeded, *(built for built in varied if not _changes(built, given))]
                if not any(one.source in built.outs and _moved_outs(one, self.base, built) for built in others):
                    continue
                for path in sorted(_outs(one) - {one.source}):
                    still = all(built.outs.get(path, "") in (self.base.outs.get(path), "") for built in others)
                    if still and _same_numbers(root / given, folder / path):
                        yield _brought(one, path, given, len(others), _mentioned(root, one.up.sources(), given))

    # seeds

    def _seed(self, seeds: Iterator[int], controls: Sequence[Control]) -> Iterator[Finding]:
        """Another seed must change what draws random numbers; further builds are made for `controls`."""
        route = self.rebuilder.project.config.seed
        if route is None:
            return
        asked = {name: control for control in controls for name in control.claims}
        for name, one in self.watched.items():
            if not self._has(one):
                continue
            drawn = chance.draws(self.rebuilder.project.root, one.up.sources())
            control = asked.get(name)
            builts = self._of_seeds(one)
            if control is None and len(builts) > 1:
                # It was measured with several seeds; should none have moved it, more of them tell for certain.
                control = Control("seed", f"{route.kind} {route.name}", (name,), one.up.ordered())
            while control and self._lacks_seeds(one, builts, draws=bool(drawn["draw"])):
                if not self.fits(self._price(control.stages)):
                    break
                built = self._another(next(seeds), control)
                if not built.of(one.metric).values:
                    break
                builts.append(built)
            if len(builts) > 1:
                yield self._about_seed(one, builts, drawn)
            elif control:
                yield self._left_out(control, name)

    def _of_seeds(self, one: Watched) -> list[Built]:
        """The builds with different seeds that gave the number, the one as declared first."""
        found = [self.base, *(built for built in self.rebuilder.known() if built.seed is not None)]
        return [built for built in found if built.of(one.metric).values]

    def _lacks_seeds(self, one: Watched, builts: Sequence[Built], *, draws: bool) -> bool:
        return len(builts) < 2 or (draws and len(builts) < _SEEDS and not _differ(one, builts))

    def _another(self, seed: int, control: Control) -> Built:
        """The stages that the claims of `control` need, with another seed."""
        wanted = {
            self.watched[name].metric: self.watched[name].up.stage for name in control.claims if name in self.watched
        }
        built = self.rebuilder.built(seed, only=wanted)
        self.rebuilder.beside.append(replace(built, variant=f"control: {control.said}"))
        return built

    def _about_seed(
        self, one: Watched, builts: Sequence[Built], drawn: Mapping[chance.Kind, tuple[Evidence, ...]]
    ) -> Finding:
        route = self.rebuilder.project.config.seed
        assert route is not None
        shown = f"{route.kind} {route.name}"
        if how := _differ(one, builts):
            return Finding(SEED, "pass", "soft", one.id, f"another seed ({shown}) changes {how}")
        if not drawn["draw"]:
            message = (
                f"the result does not depend on the seed ({shown}), and nothing was found that draws random numbers"
            )
            return Finding(SEED, "not applicable", "soft", one.id, message)
        message = (
            f"the result does not depend on the seed ({shown}): {len(builts)} builds with different seeds give "
            f"{_said(builts[0].of(one.metric).values)} and the same bytes, though random numbers are drawn"
        )
        places = (*drawn["constant"][:3], *drawn["draw"][:3])
        hint = "give the seed that comes in to what draws random numbers, in place of a constant"
        return Finding(SEED, "fail", "soft", one.id, message, tuple(dict.fromkeys(places)), hint)


def look(one: Watched, control: Control, base: Built, built: Built) -> Seen:
    """What a changed build gave for a claim, beside the one as declared."""
    was, now = base.of(one.metric), built.of(one.metric)
    failed = "; ".join(f"{stage}: {why}" for stage, why in built.failed.items() if stage not in base.failed)
    if failed and not now.values:
        return Seen(built.note, was.values, {}, failed=failed)
    if not now.values:
        return Seen(built.note, was.values, {}, failed=now.missing)
    changed = {path for path, digest in built.outs.items() if base.outs.get(path) != digest}
    return Seen(
        built.note, was.values, now.values, tuple(sorted(changed & set(one.made))), _stalled(one, control, changed)
    )


def _stalled(one: Watched, control: Control, changed: set[str]) -> tuple[str, ...]:
    """Stages that ran on other inputs and made the same outputs."""
    found = []
    for address in control.stages:
        if address not in one.up.closure:
            continue
        stage = one.up.graph.stages[address]
        inputs = one.up.inputs(address)
        outs = {rooted(stage, out.path) for out in stage.outs}
        if outs and not outs & changed and (_touches(inputs, control.paths) or _touches(inputs, changed)):
            found.append(address)
    return tuple(found)


def _touches(inputs: Iterable[str], paths: Iterable[str]) -> bool:
    known = tuple(paths)
    return any(
        one == path or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in inputs for path in known
    )


def _weigh(
    values: Sequence[float], stands: Sequence[Evidence], model: Sequence[str], *, tried_all: bool
) -> tuple[Status, str]:
    """Whether a number that never moved shows something: `fail`, or `unknown` and why."""
    if stands:
        return "fail", ""
    if all(value in _BOUNDS or float(value).is_integer() for value in values):
        if model:
            return "pass", f"; the metric is too coarse to show it, but {', '.join(sorted(set(model)))} changed"
        return "unknown", "; it may be too coarse to show it"
    if not tried_all:
        return "unknown", "; a larger change could not be made"
    return "fail", f"; {', '.join(sorted(set(model)))} changed" if model else ""


def _differ(one: Watched, builts: Sequence[Built]) -> str:
    """What differs between builds: the number, or else which outputs; "" where nothing does."""
    values = [built.of(one.metric).values for built in builts]
    if any(other != values[0] for other in values):
        return f"{one.metric}: {', '.join(_said(each) for each in values[:4])}"
    paths = _outs(one)
    changed = sorted(path for path in paths if len({built.outs.get(path) for built in builts}) > 1)
    return f"{', '.join(changed)}, not {one.metric}" if changed else ""


def _changes(built: Built, path: str) -> bool:
    """Whether a changed build was one of changes to `path`."""
    subject = built.variant.removeprefix("control: ").partition(":")[0]
    return path in subject.split(", ")


def _brought(one: Watched, path: str, given: str, builds: int, places: tuple[Evidence, ...]) -> Finding:
    message = (
        f"the result does not depend on the training: {path} says what {given} says, which no stage makes, and stays "
        f"so in {builds} builds with other seeds or other data"
    )
    hint = "train it in the pipeline, or declare it as an input and state that it is only evaluated"
    return Finding(COPIED, "fail", "hard", one.id, message, (*places, Evidence(given)), hint)


def _same_numbers(given: Path, made: Path) -> bool:
    """Whether two files say the same, and what they say are measured numbers, not settings or names."""
    if not (given.is_file() and made.is_file()) or given.is_symlink() or made.is_symlink():
        return False
    return compare.compare_paths(given, made).same and _holds_numbers(given)


def _holds_numbers(path: Path) -> bool:
    """Whether a file is of a form in which models are kept, or is a text with fractions in it."""
    if path.suffix.lower() in WEIGHTS:
        return True
    if path.stat().st_size > _LARGEST_TEXT:
        return False
    return len(_FRACTION.findall(path.read_bytes())) > 1


_FRACTION = re.compile(rb"(?<![\w.])-?\d+\.\d+(?![\w.])")
_LARGEST_TEXT = 2**24


def _mentioned(root: Path, sources: Iterable[str], name: str) -> tuple[Evidence, ...]:
    """The lines of the code that name a file."""
    short = name.rpartition("/")[2]
    found = []
    for path in sorted(set(sources)):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lines = (root / path).read_text(encoding="utf-8").splitlines()
            found += [
                Evidence(path, number, line.strip()[:200]) for number, line in enumerate(lines, 1) if short in line
            ]
    return tuple(found[:3])


def _outs(one: Watched) -> set[str]:
    """Everything that the stages behind a claim make."""
    stages = [one.up.graph.stages[address] for address in one.up.closure]
    return {rooted(stage, out.path) for stage in stages for out in stage.outs}


def _moved_outs(one: Watched, base: Built, built: Built) -> list[str]:
    """Which of the outputs behind a claim have other bytes in `built`."""
    return sorted(path for path in _outs(one) if base.outs.get(path) != built.outs.get(path))


def _outside(value: float, still: Sequence[float]) -> bool:
    """Whether `value` lies clearly outside of what comes out when nothing is changed: its prediction interval."""
    if len(set(still)) < 2:
        return value not in still
    from scipy.special import stdtrit

    count, spread = len(still), statistics.stdev(still)
    reach = float(stdtrit(count - 1, 1 - _LEVEL / 2)) * spread * math.sqrt(1 + 1 / count)
    return abs(value - statistics.fmean(still)) > reach


def _said(values: Mapping[str, float]) -> str:
    shown = ", ".join(f"{value:.6g}" for value in list(values.values())[:3])
    return shown or "nothing"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _shows(finding: Finding, name: str) -> bool:
    return finding.subject == name and finding.status == "pass"


def _uncontrolled(name: str, up: Upstream) -> Finding:
    read = sorted({path for address in up.closure for path in up.inputs(address) if not path.endswith(".py")})
    what = f" ({', '.join(read[:5])})" if read else ""
    message = (
        f"it cannot be told whether the result depends on its data: no input has rows that can be left out{what}, "
        "and no number is a parameter"
    )
    return Finding(NONE, "unknown", "soft", name, message, (), "declare the data, or a numeric parameter, in dvc.yaml")


def watch(rebuilder: Rebuilder, targets: Sequence[Claimed], runs: Sequence[Run] = ()) -> tuple[Watched, ...]:
    """The claims `targets` with what they rest on, as the build as declared (or else `runs`) was seen to read it."""
    project, runs = rebuilder.project, rebuilder.runs() or runs
    return tuple(
        Watched(one.claim.id, one.metric.text, one.metric.source, upstream(project, one.stage, runs), tuple(one.made))
        for one in targets
    )


def beside(judged: Judged, controlled: Controlled | None) -> Judged:
    """A verdict with the controls: `exact` stands only beside one that moved the result."""
    name = judged.claim.id
    if controlled is None:
        return _with(judged, "whether the result depends on its data and its seed: no control ran", demote=True)
    if name not in controlled.moved:
        return _with(judged, "whether the result depends on its data: no control moved it", demote=True)
    return judged


def _with(judged: Judged, remark: str, *, demote: bool) -> Judged:
    verdicts = tuple(
        replace(
            one, name="numeric" if demote and one.name == "exact" else one.name, not_checked=(*one.not_checked, remark)
        )
        for one in judged.verdicts
    )
    return replace(judged, verdicts=verdicts)
