from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fossml.types import Claim
from fossml.verify.claims.cells import in_tables
from fossml.verify.claims.judge import judge
from fossml.verify.claims.loop import Limits, Measurement, Outcome, fits, run, samples, why_stop
from fossml.verify.claims.parse import claim_from_options
from fossml.verify.metrics.metric import Measured
from fossml.views.sentence import Judged

HIGH = claim_from_options("m.json:acc", "0.953")


def gave(seed: int | None, *values: float, wrote: str | None = None, seconds: float = 1.0) -> Outcome:
    measured = tuple(Measured({"acc": value}) for value in values)
    return Outcome(seed, seconds, measured, (f"{seed}" if wrote is None else wrote,) * len(measured))


def gaussian(seed: int | None) -> Outcome:
    return gave(seed, random.Random(seed).gauss(0.5, 0.006))


def measured(
    measure: Callable[[int | None], Outcome],
    limits: Limits | None = None,
    claims: tuple[Claim, ...] = (HIGH,),
    seeds: Iterator[int | None] | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> Measurement:
    drawn = seeds or iter(itertools.count(1))
    return run(claims, measure, drawn, limits or Limits(), cancel=lambda: None, report=lambda _: None, clock=clock)


def test_it_stops_as_soon_as_it_is_clear() -> None:
    result = measured(gaussian)
    assert [one.seed for one in result.outcomes] == [1, 2, 3]
    assert result.stopped == "no further run would change the answer"


def test_it_never_makes_more_than_the_most_runs() -> None:
    near = claim_from_options("m.json:acc", "0.503", reading="mean")
    result = measured(gaussian, Limits(runs=4), claims=(near,))
    assert len(result.outcomes) <= 4
    assert len(measured(gaussian, Limits(runs=2)).outcomes) == 2
    assert measured(gaussian, Limits(runs=2)).stopped == "the most runs are made; --runs allows more"


def test_an_open_question_after_the_most_runs_is_not_called_settled() -> None:
    near = claim_from_options("m.json:either_way", "0.504", reading="mean")
    result = measured(gaussian, Limits(runs=3), claims=(near,))
    assert len(result.outcomes) == 3
    assert result.stopped == "the most runs are made; --runs allows more"


def test_all_seeds_used_is_said() -> None:
    result = measured(gaussian, seeds=iter([4, 5]))
    assert [one.seed for one in result.outcomes] == [4, 5]
    assert result.stopped == "all seeds that were given are used"


def test_a_seed_that_changes_nothing_ends_it_after_three() -> None:
    result = measured(lambda seed: gave(seed, 0.5, wrote="same"))
    assert len(result.outcomes) == 3
    assert samples(result.outcomes, 0).fixed


@pytest.mark.parametrize(("same", "runs"), [(True, 2), (False, 5)])
def test_the_rebuild_as_declared_counts_as_one_of_them_and_speaks_against_it(same: bool, runs: int) -> None:
    """Two seeds give one number by chance where it has few values: the recorded seed gave another one."""
    result = measured(lambda seed: replace(gave(seed, 0.5, wrote="same"), as_declared=(same,)))
    assert len(result.outcomes) == runs
    assert samples(result.outcomes, 0).fixed == same


def test_equal_numbers_with_other_bytes_are_looked_at_longer() -> None:
    result = measured(lambda seed: gave(seed, 0.5))
    assert len(result.outcomes) == 5
    assert not samples(result.outcomes, 0).fixed


def test_bytes_that_nobody_looked_at_are_not_the_same() -> None:
    assert not samples([gave(1, 0.5, wrote=""), gave(2, 0.5, wrote="")], 0).fixed


def test_a_command_that_fails_is_not_run_on() -> None:
    assert len(measured(lambda seed: Outcome(seed, 1.0, failure="exit 1")).outcomes) == 1
    flaky = measured(lambda seed: Outcome(seed, 1.0, failure="x") if seed in (2, 3) else gave(seed, 0.9))
    assert [bool(one.failure) for one in flaky.outcomes] == [False, True, True]
    assert flaky.stopped == "the command fails"


def test_one_failed_run_does_not_end_it() -> None:
    result = measured(lambda seed: Outcome(seed, 1.0, failure="x") if seed == 2 else gaussian(seed))
    assert len(samples(result.outcomes, 0).runs) == 3


def test_a_metric_that_is_not_there_is_not_waited_for() -> None:
    none = Measured(missing="no key")
    assert len(measured(lambda seed: Outcome(seed, 1.0, (none,), ("x",))).outcomes) == 1

    def half(seed: int | None) -> Outcome:
        return Outcome(seed, 1.0, (*gaussian(seed).measured, none), (f"{seed}",) * 2)

    assert len(measured(half, claims=(HIGH, HIGH)).outcomes) == 3


def test_it_goes_on_until_every_claim_is_settled() -> None:
    near = claim_from_options("m.json:acc", "0.51")
    one = len(measured(gaussian).outcomes)
    both = measured(lambda seed: Outcome(seed, 1.0, gaussian(seed).measured * 2, (f"{seed}",) * 2), claims=(HIGH, near))
    assert len(both.outcomes) >= one
    assert not why_stop((HIGH, near), [], Limits())


@pytest.mark.parametrize("draw", [0, 1])
def test_a_cell_that_is_refuted_alone_is_measured_until_the_table_can_tell(draw: int) -> None:
    """As one of many it is not refuted, and more runs say whether that is chance: it is not settled before."""
    went_on = 0
    for step in range(15, 30):
        claim = claim_from_options("m.json:acc", f"{0.5 + 0.001 * step:.4f}", reading="one")
        cells = tuple(replace(claim, id=name, table="table 2", cells=2) for name in ("a", "b"))

        def one(seed: int | None) -> Outcome:
            score = random.Random((seed or 0) * 7 + draw).gauss(0.5, 0.006)
            return replace(gave(seed, score, score), wrote=(f"{seed}",) * 2)

        done = measured(one, Limits(runs=8), claims=cells).outcomes
        found = [(cell, samples(done, place, cells)) for place, cell in enumerate(cells)]
        told, _ = in_tables([Judged(judge(cell, one, last=8), one.scores) for cell, one in found], 8)
        turned_back = any("Alone it would be refuted" in one.verdicts[0].reason for one in told)
        assert not turned_back or len(done) == 8
        went_on += turned_back
    assert went_on


def test_no_run_is_started_that_does_not_fit_into_the_budget() -> None:
    now = 0.0

    def slow(seed: int | None) -> Outcome:
        nonlocal now
        now += 40
        return gave(seed, random.Random(seed).gauss(0.95, 0.01), seconds=40)

    result = measured(slow, Limits(budget=100), clock=lambda: now)
    assert len(result.outcomes) == 2
    assert "budget" in result.stopped


def test_a_run_that_is_on_record_is_taken_whatever_is_left_of_the_budget() -> None:
    """Three were made, each of 40 s: they cost nothing again, and no fourth one is begun with 30 s left."""
    near = claim_from_options("m.json:acc", "0.951", reading="mean")
    result = run(
        (near,),
        lambda seed: gave(seed, random.Random(seed).gauss(0.95, 0.01), seconds=40),
        iter(itertools.count(1)),
        Limits(budget=30),
        cancel=lambda: None,
        report=lambda _: None,
        on_record=lambda seed: seed in (1, 2, 3),
        clock=lambda: 0.0,
    )
    assert [one.seed for one in result.outcomes] == [1, 2, 3]
    assert result.stopped == "one more run would not fit into the budget"


def test_the_first_run_is_always_made() -> None:
    assert fits([], Limits(budget=1), 0)
    assert not fits([gave(1, 0.5, seconds=2)], Limits(budget=1), 0)
    assert fits([gave(1, 0.5, seconds=2)], Limits(budget=None), 10**9)


def test_parallel_runs_are_judged_in_the_order_of_their_seeds() -> None:
    second = threading.Event()

    def later_first(seed: int | None) -> Outcome:
        if seed == 1:
            assert second.wait(30)
        if seed == 2:
            second.set()
        return gaussian(seed)

    result = measured(later_first, Limits(jobs=2))
    assert [one.seed for one in result.outcomes] == [1, 2, 3]


def test_no_more_run_at_a_time_than_jobs_and_no_more_are_started_than_may_be() -> None:
    under_way, most, started = 0, 0, 0
    lock = threading.Lock()

    def count(seed: int | None) -> Outcome:
        nonlocal under_way, most, started
        with lock:
            under_way, started = under_way + 1, started + 1
            most = max(most, under_way)
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1
        return gave(seed, 0.94 + 0.01 * (started % 2))

    measured(count, Limits(runs=5, jobs=3))
    assert most <= 3
    assert started <= 5


def test_an_interruption_keeps_what_was_measured_and_cancels_the_rest() -> None:
    cancelled = threading.Event()

    def stop(one: Outcome) -> None:
        if one.seed == 2:
            raise KeyboardInterrupt

    near = claim_from_options("m.json:acc", "0.503")
    result = run((near,), gaussian, iter(itertools.count(1)), Limits(), cancel=cancelled.set, report=stop)
    assert cancelled.is_set()
    assert result.interrupted
    assert (len(result.outcomes), result.stopped) == (2, "interrupted")


def test_an_error_of_the_measurement_is_not_swallowed() -> None:
    def broken(_: int | None) -> Outcome:
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        measured(broken)
