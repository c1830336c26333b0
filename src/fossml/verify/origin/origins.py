"""Where each claimed number comes from: which recorded run gives it, from which commit, data and parameters."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.engine.records import read_runs
from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.project.dvc import LockEntry, read_lock
from fossml.types import Claim, Evidence, Finding, Run, Status
from fossml.verify.claims.parse import slack
from fossml.verify.claims.samples import less_is_better
from fossml.verify.controls.choose import Claimed
from fossml.verify.controls.upstream import Upstream, upstream
from fossml.verify.controls.written import telling
from fossml.verify.metrics.metric import Left, measure
from fossml.verify.origin.provenance import changed_after, of_commit, other_inputs
from fossml.verify.past import tracked
from fossml.verify.past.history import History, in_cache, in_git
from fossml.verify.past.history import own as of_runs
from fossml.verify.past.model import Recorded
from fossml.views.digits import figure, is_percent

GIVEN, BEST = "ORG002", "ORG003"
_LEAST = 3
"""Recorded runs from which the best of them is worth a word."""
_SEED = re.compile(r"seed|random_?state|^run|(^|[._:])(trial|repeat|replicate|restart|rep)s?($|[._])", re.I)
_WORDS = {"acc": "accuracy", "err": "error", "prec": "precision", "rec": "recall", "auroc": "auc"}
_LOOSE = frozenset({"metrics", "metric", "score", "value", "mean", "final", "result", "results", "eval", "test"})


@dataclass(frozen=True, slots=True)
class Numbers:
    """A claim, and what is recorded of its metric: under its own name (`own`), or anywhere (`all`)."""

    claim: Claim
    own: tuple[Recorded, ...]
    every: tuple[Recorded, ...]

    def given(self) -> tuple[Recorded, ...]:
        """The recorded values that are the claimed one, as it is printed."""
        whole = self.claim.comparison == "=" and telling(self.claim.value)
        return tuple(one for one in (self.every if whole else self.own) if gives(self.claim, one.value))


def origins(project: Project, targets: Sequence[Claimed]) -> tuple[Finding, ...]:
    """What is to be said of where the numbers of `targets` come from. Only reads."""
    every = tuple(tracked(project.root))
    runs = _runs(project.root)
    locks, history = _locks(project), History(project.root)
    found: list[Finding] = []
    for target in targets:
        up = upstream(project, target.stage, runs)
        numbers = _numbers(history, target, up, runs, every)
        said = [] if math.isnan(target.claim.value) else [*_said(numbers), *_best(numbers)]
        found += [*changed_after(history, target, up, locks), *said]
        found += [*other_inputs(project, target, up, locks, runs)]
        found += [*of_commit(project, target.claim, numbers.given(), up)]
    return tuple(found)


def gives(claim: Claim, value: float) -> bool:
    """Whether `value`, or the same as a fraction or a percentage, is the claimed number as it is printed."""
    allowed = slack(claim) * (1 + 1e-9) + 1e-12
    if claim.comparison == ">=" and value >= claim.value - allowed:
        return True
    if claim.comparison == "<=" and value <= claim.value + allowed:
        return True
    return any(abs(other - claim.value) <= allowed for other in _scaled(claim, value))


def _scaled(claim: Claim, value: float) -> tuple[float, ...]:
    """A percentage and a fraction are the same number; only where the claim is far enough from either not to mix."""
    return (value, value / 100, value * 100) if slack(claim) < 0.02 else (value,)


def akin(selector: str, name: str) -> bool:
    """Whether a tracker's name for a metric is that of a claim: the same words, beside some that say little."""
    one, other = _words(selector), _words(name)
    if not one - _LOOSE or not other - _LOOSE:
        return one == other
    return one - _LOOSE == other - _LOOSE


def _words(name: str) -> frozenset[str]:
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = [word for word in re.findall(r"[a-z]+|\d+", apart.lower()) if word not in ("json", "yaml")]
    return frozenset(_WORDS.get(word, word) for word in words)


def _runs(root: Path) -> tuple[Run, ...]:
    try:
        return read_runs(root)
    except FossmlError:
        return ()


def _locks(project: Project) -> dict[str, LockEntry]:
    """The entries of every dvc.lock by the address of their stage; none of a lock that cannot be read."""
    found: dict[str, LockEntry] = {}
    for file in sorted({stage.file for stage in project.stages}):
        try:
            lock = read_lock(project.root, file)
        except FossmlError:
            continue
        found |= {
            stage.address: lock[stage.name] for stage in project.stages if stage.file == file and stage.name in lock
        }
    return found


def _numbers(
    history: History, target: Claimed, up: Upstream, runs: Sequence[Run], every: Sequence[Recorded]
) -> Numbers:
    metric, root = target.metric, history.root
    own = [*_now(root, target), *of_runs(root, runs, metric, target.stage), *in_git(history, metric)]
    own += in_cache(history, metric, up.graph.stages[target.stage].file)
    own += [one for one in every if akin(metric.selector, one.name) and one.place.path != metric.source]
    known = {id(one) for one in own}
    return Numbers(target.claim, tuple(own), (*own, *(one for one in every if id(one) not in known)))


def _now(root: Path, target: Claimed) -> Iterator[Recorded]:
    """The value in the file that lies there."""
    path = target.metric.source
    for value in measure(target.metric, Left(root)).values.values():
        place = Evidence(path, None, f"{target.metric.selector} is {value:.10g}")
        yield Recorded(target.metric.selector, value, "file", path, path, place)


# which run gives it


def _said(numbers: Numbers) -> Iterator[Finding]:
    claim, given = numbers.claim, numbers.given()
    if given:
        first = sorted(given, key=lambda one: (one.by != "file", one.by != "fossml", not one.last))[0]
        more = f", and {len(given) - 1} more recorded values are the same" if len(given) > 1 else ""
        message = f"{claim.text} is given by {_named(first)}{more}"
        places = tuple(one.place for one in given[:3])
        now = [one for one in numbers.own if one.by == "file"]
        if now and first.by in ("fossml", "git", "DVC"):
            message += f"; the newest is {_shown(claim, now[0].value)}, {_named(now[0])}"
            yield Finding(GIVEN, "unknown", "soft", claim.id, message, (*places, now[0].place))
        else:
            yield Finding(GIVEN, "pass", "soft", claim.id, message, places)
        return
    if mean := _mean_given(numbers):
        group, values = mean
        message = f"{claim.text} is the mean of {len(values)} recorded runs ({group[0].group})"
        yield Finding(GIVEN, "pass", "soft", claim.id, message, tuple(one.place for one in group[:3]))
        return
    kind = claim.reading.kind if claim.reading else None
    own = [one for one in numbers.own if one.last]
    if not own:
        message = f"no recorded run has this number, and none of its metric was found ({claim.metric})"
        yield Finding(GIVEN, "unknown", "soft", claim.id, message)
    elif kind == "mean" and not any(len(group) > 1 for group in _groups(own)):
        message = f"the runs behind the mean {claim.text} are not recorded here"
        yield Finding(GIVEN, "unknown", "soft", claim.id, message, (own[0].place,))
    else:
        yield _not_given(claim, own)


def _not_given(claim: Claim, own: Sequence[Recorded]) -> Finding:
    near = min(own, key=lambda one: min(abs(other - claim.value) for other in _scaled(claim, one.value)))
    count = len({(one.by, one.run) for one in own})
    runs = "the one value that is recorded" if count == 1 else f"the nearest of {count} recorded values"
    message = f"no recorded run gives {claim.text}: {runs} is {_shown(claim, near.value)}, {_named(near)}"
    hint = "record the run that gave it, or correct the number"
    return Finding(GIVEN, "fail", "soft", claim.id, message, (near.place,), hint)


def _in_per_cent(claim: Claim, value: float) -> bool:
    """Whether a recorded value is the fraction that a claim in per cent is about, not a number of per cent."""
    return is_percent(claim.text) and abs(value - claim.value) <= abs(value / 100 - claim.value)


def _shown(claim: Claim, value: float, digits: int = 10) -> str:
    return figure(value, _in_per_cent(claim, value), digits)


def _named(one: Recorded) -> str:
    where = f", commit {one.commit[:10]}" if one.commit and one.by != "git" else ""
    by = {"file": one.run, "git": f"{one.place.path} in {one.run}", "a table": one.run, "a file": one.run}
    step = "" if one.last else ", on the way (not its last value)"
    return f"{by.get(one.by, f'{one.by} {one.run}')}{where}{step}"


def _groups(own: Iterable[Recorded]) -> list[list[Recorded]]:
    """The last values of runs of one kind, one a run; of a history in git only where the values differ."""
    groups: dict[tuple[str, str], dict[str, Recorded]] = {}
    for one in own:
        if one.last and one.by != "file":
            groups.setdefault((one.group, one.name), {}).setdefault(one.run, one)
    return [list(group.values()) for group in groups.values()]


def _mean_given(numbers: Numbers) -> tuple[list[Recorded], list[float]] | None:
    for group in _groups(numbers.own):
        values = [one.value for one in group]
        if len(values) > 1 and group[0].by not in ("git", "DVC") and gives(numbers.claim, statistics.fmean(values)):
            return group, values
    return None


# the best of many


def _best(numbers: Numbers) -> Iterator[Finding]:
    claim = numbers.claim
    if claim.comparison != "=" or "*" in claim.metric:
        return
    said: list[Finding] = []
    for group in _groups(numbers.own):
        values = [one.value for one in group]
        top = min(values) if less_is_better(claim) else max(values)
        if len(set(values)) < _LEAST or not gives(claim, top):
            continue
        if sum(1 for value in values if gives(claim, value)) * 2 > len(values):
            continue
        said.append(_about_best(claim, group, values, top))
    yield from sorted(said, key=lambda one: ("fail", "unknown", "pass").index(one.status))[:1]


def _about_best(claim: Claim, group: Sequence[Recorded], values: Sequence[float], top: float) -> Finding:
    reading = claim.reading
    mean, sd = statistics.fmean(values), statistics.stdev(values)
    spread = figure(sd, _in_per_cent(claim, mean), 2)
    best = next(one for one in group if one.value == top)
    known = f"{claim.text} is the best of {len(values)} recorded runs ({group[0].group})"
    known += f": their mean is {_shown(claim, mean, 6)}, sd {spread}"
    places = (best.place, *(one.place for one in group if one is not best))[:4]
    if reading and reading.kind == "best" and (reading.n or 0) >= len(values):
        return Finding(BEST, "pass", "soft", claim.id, known, places)
    if group[0].by == "git":
        known = f"{claim.text} is the best of {len(values)} values of {group[0].place.path} that were committed"
        known += f" (mean {_shown(claim, mean, 6)}, sd {spread}); the newest is {_shown(claim, values[0])}"
        status: Status = "pass" if gives(claim, values[0]) else "fail"
        return Finding(BEST, status, "soft", claim.id, known, places, "" if status == "pass" else _SAY_BEST)
    if differs := _differing(group):
        message = f"{known}; they differ in {', '.join(differs[:4])}, and what chose this one is not recorded"
        return Finding(BEST, "unknown", "soft", claim.id, message, places, "say how it was chosen, and on which data")
    said = f"the best of {reading.n}" if reading and reading.kind == "best" else str(reading or "one run")
    return Finding(BEST, "fail", "soft", claim.id, f"{known}; it is stated as {said}", places, _SAY_BEST)


_SAY_BEST = 'state it as what it is: reading = "best:N", or give the mean of all runs'


def _differing(group: Sequence[Recorded]) -> list[str]:
    """What the runs were given differently, beside seeds."""
    names = sorted({name for one in group for name in one.params if not _SEED.search(name)})
    return [name for name in names if len({one.params.get(name) for one in group}) > 1]
