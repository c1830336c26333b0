"""A better than B and the order of methods: what pairs of runs say, when they are enough, how often that errs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fossml.stats.target import Target
from fossml.stats.versus import Ranked, Value, Versus, better, direction, ranked
from fossml.types import Reading

LOW = [0.90, 0.91, 0.905, 0.895, 0.90, 0.91, 0.90, 0.905]
FAR = [y + 0.05 + 0.001 * (i % 3) for i, y in enumerate(LOW)]


def follow(a: np.ndarray, b: np.ndarray, values: tuple[float, ...] = ()) -> Versus:
    """Pair after pair until the rule is settled."""
    for k in range(1, len(a) + 1):
        stated = [Value((a - b)[:k].tolist(), Target(value, 0.0), Reading("mean")) for value in values]
        found = better(a[:k].tolist(), b[:k].tolist(), stated, last=len(a))
        if found.settled:
            break
    return found


def test_a_lead_far_beyond_chance_is_shown_by_three_pairs() -> None:
    found = better(FAR[:3], LOW[:3])
    assert (found.name, found.settled, found.wins, found.n) == ("reproduced", True, 3, 3)
    assert found.superiority is not None
    assert found.superiority.wilcoxon is None
    assert better(LOW[:3], FAR[:3]).name == "not reproduced"


def test_two_pairs_say_nothing() -> None:
    found = better(FAR[:2], LOW[:2])
    assert (found.name, found.settled, found.superiority) == ("inconclusive", False, None)


def test_six_pairs_have_a_signed_rank_test() -> None:
    found = better(FAR, LOW)
    assert found.superiority is not None
    assert found.superiority.wilcoxon is not None
    assert found.superiority.wilcoxon < 0.01
    assert (found.superiority.probability.value, found.superiority.probability.low) == (1.0, 1.0)


def test_a_lead_that_one_pair_makes_is_not_shown() -> None:
    ours = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    theirs = [0.0, 0.91, 0.91, 0.91, 0.91, 0.91, 0.91, 0.91, 0.91, 0.91]
    assert better(ours, theirs).name == "inconclusive"


@pytest.mark.parametrize(("by", "name"), [(0.051, "reproduced"), (0.02, "direction only"), (0.09, "direction only")])
def test_with_a_number_the_lead_has_to_be_that_large(by: float, name: str) -> None:
    leads = [a - b for a, b in zip(FAR, LOW, strict=True)]
    found = better(FAR, LOW, [Value(leads, Target(by, 0.0005), Reading("mean"))])
    assert found.name == name
    assert found.failing == ((0,) if name == "direction only" else ())


def test_a_lead_that_is_not_shown_with_a_number_that_is_refuted_is_not_reproduced() -> None:
    ours = [y + 0.001 * (-1) ** i for i, y in enumerate(LOW)]
    leads = [a - b for a, b in zip(ours, LOW, strict=True)]
    assert better(ours, LOW, [Value(leads, Target(0.05, 0.0005), Reading("mean"))], last=8).name == "not reproduced"


def test_a_tie_in_every_pair_is_no_lead_and_a_constant_lead_is_one() -> None:
    assert direction([0.9] * 5, [0.9] * 5).name == "not reproduced"
    assert direction([0.9] * 5, [0.8] * 5).name == "reproduced"
    assert [direction([0.9] * k, [0.9] * k).settled for k in (3, 5)] == [False, True]


def names(found: Ranked) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    return found.name, found.swapped, found.open


def test_an_order_holds_where_each_leads_the_next() -> None:
    best = [y + 0.1 for y in FAR]
    found = ranked([best, FAR, LOW])
    assert names(found) == ("reproduced", (), ())
    assert found.order is not None
    assert (found.order.tau.value, found.order.first_kept) == (1.0, 1.0)


def test_an_order_that_is_another_behind_the_first_keeps_its_direction() -> None:
    best = [y + 0.1 + 0.002 * (i % 2) for i, y in enumerate(FAR)]
    assert names(ranked([best, LOW, FAR])) == ("direction only", (1,), ())
    assert names(ranked([FAR, best, LOW]))[:2] == ("not reproduced", (0,))


def test_methods_that_cannot_be_told_apart_leave_the_order_open() -> None:
    same = [y + 0.003 * (-1) ** i for i, y in enumerate(LOW)]
    found = ranked([FAR, same, LOW], last=8)
    assert names(found) == ("inconclusive", (), (1,))
    assert found.settled
    assert ranked([FAR[:2], LOW[:2]]).order is None


MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_of_two_equal_methods_one_is_seldom_called_better_or_worse() -> None:
    rng = np.random.default_rng(31)
    found = [follow(rng.standard_normal(10), rng.standard_normal(10)).name for _ in range(300)]
    assert found.count("reproduced") / 300 < MOST
    assert found.count("not reproduced") / 300 < MOST


def test_a_true_lead_with_its_true_number_is_seldom_refuted() -> None:
    rng = np.random.default_rng(32)
    found = [follow(rng.standard_normal(10) + 1, rng.standard_normal(10), (1.0,)).name for _ in range(300)]
    assert (found.count("not reproduced") + found.count("direction only")) / 300 < MOST


def test_a_large_lead_is_found_in_few_pairs() -> None:
    rng = np.random.default_rng(33)
    found = [follow(rng.standard_normal(10) + 4, rng.standard_normal(10)) for _ in range(100)]
    assert sum(one.name == "reproduced" for one in found) > 90
    assert sum(one.n for one in found) / 100 < 6
