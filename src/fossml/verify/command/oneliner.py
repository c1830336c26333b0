"""`verify --cmd`: from what was typed to a measured and judged result, for any command in any folder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fossml.env import child_environment, interpreter
from fossml.errors import FossmlError
from fossml.types import Claim
from fossml.verify.claims import caveats
from fossml.verify.claims.cells import in_tables
from fossml.verify.claims.judge import best_of_about, judge
from fossml.verify.claims.loop import Limits, Measurement, Outcome, run, samples
from fossml.verify.cleanroom import seeds
from fossml.verify.cleanroom.confine import confinement
from fossml.verify.cleanroom.room import digest
from fossml.verify.command.measure import Command, Setting, require_room, shelf_key
from fossml.verify.command.record import Place, Shelf
from fossml.verify.metrics.metric import Metric, parse_metric
from fossml.views.sentence import Judged

_LARGE = 10**9


@dataclass(frozen=True, slots=True)
class Around:
    """The world as it was found: where the user stands, the environment, and what runs fossml."""

    cwd: Path
    environ: Mapping[str, str]
    prefix: str
    base_prefix: str
    home: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. `seeds` are those picked, None: fresh ones are drawn. Each run gets a copy of `folder`."""

    delivery: seeds.Delivery
    claims: tuple[Claim, ...]
    limits: Limits
    seeds: tuple[int, ...] | None = None
    folder: Path | None = None
    timeout: float | None = None
    keep: bool = False
    fresh: bool = False
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was measured and judged; `records` is the folder where the runs are kept, None if none ran."""

    judged: tuple[Judged, ...]
    measurement: Measurement
    hints: tuple[str, ...]
    records: Path | None
    python: str


def setting(asked: Asked, around: Around) -> Setting:
    """What is run and where. Raises FossmlError for what cannot work."""
    seeds.check(asked.delivery)
    root = (asked.folder or around.cwd).resolve()
    cwd = around.cwd.resolve()
    if not cwd.is_relative_to(root):
        raise FossmlError(f"{root} does not hold the current folder", where="--folder")
    if root in (Path("/"), around.home.resolve()):
        hint = "go to the folder of the code, or name it with --folder"
        raise FossmlError(f"every run gets a copy of the folder, and this is all of {root}", where=str(root), hint=hint)
    env = child_environment(around.environ, around.prefix, around.base_prefix)
    wdir = cwd.relative_to(root).as_posix()
    python = interpreter(asked.delivery.cmd, env, cwd, root if asked.sandbox else None)
    own = (root, around.cache)
    return Setting(
        root=root,
        wdir=wdir,
        delivery=_rooted_param(asked.delivery, wdir),
        metrics=tuple(_rooted(parse_metric(claim.metric, "--metric"), wdir) for claim in asked.claims),
        env=env,
        interpreter=python,
        leave_out=frozenset({around.cache.resolve()}),
        timeout=asked.timeout,
        keep=asked.keep,
        chosen=asked.seeds is not None,
        confinement=confinement(python, env, around.home, own) if asked.sandbox else None,
    )


def _rooted(metric: Metric, wdir: str) -> Metric:
    return metric if metric.stream or wdir == "." else replace(metric, source=f"{wdir}/{metric.source}")


def _rooted_param(delivery: seeds.Delivery, wdir: str) -> seeds.Delivery:
    return delivery if wdir == "." or not delivery.param else replace(delivery, param=f"{wdir}/{delivery.param}")


def verify(
    asked: Asked,
    around: Around,
    *,
    rng: random.Random,
    say: Callable[[str], None],
    report: Callable[[Outcome], None],
) -> Result:
    """Measure and judge. `say` gets lines for people, `report` every run as it ends; only the records are written."""
    set_up = setting(asked, around)
    content, size = digest(set_up.root, set_up.leave_out)
    shelf = Shelf(around.cache / shelf_key(set_up, content))
    require_room(set_up.root, around.cache, size, asked.limits.jobs)
    python = set_up.interpreter.path if set_up.interpreter else "(none)"
    say(_heading(asked, python, size))
    with shelf.locked():
        if asked.fresh:
            shelf.forget()
        places = shelf.places()
        command = Command(set_up, shelf, places, say)
        planned = plan(asked, places, rng)
        measured = run(
            asked.claims,
            command.measure,
            planned,
            asked.limits,
            cancel=command.cancel,
            report=report,
            on_record=command.on_record,
        )
    alone = tuple(judge_one(asked, measured, place) for place in range(len(asked.claims)))
    judged, found = in_tables(alone, asked.limits.runs)
    hints = [f"{one.subject}: {one.message}" for one in found]
    hints += [caveats.why_missing(measured.outcomes, place)[1] for place in _empty(judged)]
    return Result(judged, measured, tuple(dict.fromkeys(hint for hint in hints if hint)), shelf.folder, python)


def _heading(asked: Asked, python: str, size: int) -> str:
    large = f"; every run gets its own copy of {size / 1e9:.1f} GB" if size > _LARGE else ""
    unseeded = "" if asked.delivery.seeded else "; no seed is given: do the numbers differ by themselves?"
    return f"python: {python}{large}{unseeded}"


def plan(asked: Asked, places: Sequence[Place], rng: random.Random) -> Iterator[int | None]:
    """The seeds in order: those picked, else those drawn before (their run finished or not), then fresh ones."""
    if asked.seeds is not None:
        yield from asked.seeds
        return
    if not asked.delivery.seeded:
        while True:
            yield None
    yield from (place.seed for place in places if not place.chosen)
    yield from seeds.fresh(rng, {place.seed for place in places if place.seed is not None})


def judge_one(asked: Asked, measured: Measurement, place: int) -> Judged:
    """The verdicts on the claim at `place` of `asked.claims`."""
    claim, outcomes = asked.claims[place], measured.outcomes
    found = samples(outcomes, place, asked.claims)
    verdicts = judge(
        claim,
        found,
        last=asked.limits.runs,
        rung="L4" if asked.delivery.seeded else "L3",
        seconds=sum(one.seconds for one in outcomes),
        missing=caveats.why_missing(outcomes, place)[0],
        not_checked=_not_checked(asked, claim, outcomes, place),
    )
    return Judged(verdicts, found.scores, asked.delivery.seeded, found.fixed, best_of_about(claim, found))


def _not_checked(asked: Asked, claim: Claim, outcomes: Sequence[Outcome], place: int) -> tuple[str, ...]:
    said = caveats.not_checked(claim, outcomes, place, seeded=asked.delivery.seeded)
    return tuple(one for one in said if one != caveats.SHARED) if asked.sandbox else said


def _empty(judged: Sequence[Judged]) -> list[int]:
    return [place for place, one in enumerate(judged) if not one.scores]
