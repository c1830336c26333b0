"""Which checks fit into a budget: never more than fits, never fewer claims for more money, the most there can be."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from fossml.verify.rebuild.budget import Check, Plan, plan, price

STAGES = ("prepare", "train", "evaluate", "other", "large")
COSTS = st.dictionaries(st.sampled_from(STAGES), st.floats(0, 1000), min_size=len(STAGES))
CLOSURES = st.sets(st.sampled_from(STAGES), min_size=1).map(lambda names: tuple(sorted(names)))
BUDGETS = st.floats(0, 20_000)


@st.composite
def checks(draw: st.DrawFn, most: int = 6) -> list[Check]:
    """Each claim is rebuilt; some are repeated with seeds; some have a control."""
    found = []
    for place in range(draw(st.integers(1, most))):
        name, stages = f"c{place}", draw(CLOSURES)
        found.append(Check("rebuild", (name,), stages))
        if draw(st.booleans()):
            part = tuple(sorted(draw(st.sets(st.sampled_from(stages), min_size=1))))
            found.append(Check("repeat", (name,), part, draw(st.integers(1, 10))))
        if draw(st.booleans()):
            found.append(Check("control", (name,), stages, what="rows left out"))
    return found


def settled(made: Sequence[Check], wanted: Sequence[Check]) -> set[str]:
    """The claims for which all that settles them is made."""
    ids = {claim for one in wanted if one.kind in ("rebuild", "repeat") for claim in one.claims}
    done = {(one.kind, claim, stage, run) for one in made for claim in one.claims for stage in one.stages
            for run in range(one.runs)}  # fmt: skip
    return {
        claim
        for claim in ids
        if all(
            (one.kind, claim, stage, run) in done
            for one in wanted
            if claim in one.claims and one.kind in ("rebuild", "repeat")
            for stage in one.stages
            for run in range(one.runs)
        )
    }


@settings(deadline=None)
@given(checks(), COSTS, BUDGETS)
def test_a_plan_is_never_over_budget_and_settles_what_it_says(
    wanted: list[Check], costs: Mapping[str, float], budget: float
) -> None:
    made = plan(wanted, costs, budget)
    assert made.seconds <= budget
    assert made.seconds == price(made.made, costs)
    assert set(made.settles) == settled(made.made, wanted)


@settings(deadline=None)
@given(checks(), COSTS, BUDGETS)
def test_no_choice_within_the_budget_settles_more(
    wanted: list[Check], costs: Mapping[str, float], budget: float
) -> None:
    settling = [one for one in wanted if one.kind != "control"]
    most = 0
    names = sorted({claim for one in settling for claim in one.claims})
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            part = [one for one in settling if set(one.claims) & set(chosen)]
            if price(part, costs) <= budget:
                most = max(most, size)
    assert len(plan(wanted, costs, budget).settles) == most


@settings(deadline=None)
@given(checks(most=20), COSTS, st.lists(BUDGETS, min_size=2, max_size=2).map(sorted))
def test_a_larger_budget_never_settles_fewer(
    wanted: list[Check], costs: Mapping[str, float], budgets: list[float]
) -> None:
    less, more = (plan(wanted, costs, budget) for budget in budgets)
    assert len(less.settles) <= len(more.settles)
    assert less.seconds <= budgets[0]
    assert more.seconds <= budgets[1]


@settings(deadline=None)
@given(checks(), COSTS, BUDGETS | st.none())
def test_every_check_is_made_or_listed_with_its_price(
    wanted: list[Check], costs: Mapping[str, float], budget: float | None
) -> None:
    found = plan(wanted, costs, budget)
    everything = {(one.kind, claim) for one in wanted for claim in one.claims}
    made = {(one.kind, claim) for one in found.made for claim in one.claims}
    left = {(one.check.kind, claim) for one in found.left_out for claim in one.check.claims}
    assert made | left == everything
    assert not made & left
    assert all(one.seconds is not None and one.seconds >= -1e-6 for one in found.left_out)
    if budget is None:
        assert not left


@settings(deadline=None)
@given(checks(), COSTS, BUDGETS)
def test_nothing_goes_on_from_a_rebuild_that_is_not_made(
    wanted: list[Check], costs: Mapping[str, float], budget: float
) -> None:
    found = plan(wanted, costs, budget)
    rebuilt = {claim for one in found.made if one.kind == "rebuild" for claim in one.claims}
    assert all(set(one.claims) <= rebuilt for one in found.made)


COST = {"prepare": 10.0, "train": 100.0, "large": 1000.0, "evaluate": 1.0}
WANTED = [
    Check("rebuild", ("big",), ("prepare", "large")),
    Check("repeat", ("big",), ("large",), 3),
    Check("rebuild", ("acc",), ("prepare", "train", "evaluate")),
    Check("repeat", ("acc",), ("train", "evaluate"), 3),
    Check("rebuild", ("loss",), ("prepare", "train", "evaluate")),
    Check("repeat", ("loss",), ("train", "evaluate"), 3),
    Check("control", ("acc",), ("train",), what="rows left out"),
]


def kinds(found: Plan) -> list[str]:
    return [one.kind for one in found.made]


def test_controls_are_the_first_to_go_and_cheap_claims_the_first_to_stay() -> None:
    whole = plan(WANTED, COST, 10_000)
    assert (len(whole.settles), whole.left_out) == (3, ())
    assert [(one.kind, one.claims) for one in whole.made] == [
        ("rebuild", ("acc", "loss")),
        ("rebuild", ("big",)),
        ("repeat", ("acc", "loss")),
        ("repeat", ("big",)),
        ("control", ("acc",)),
    ]
    most = plan(WANTED, COST, 450)
    assert (sorted(most.settles), kinds(most)) == (["acc", "loss"], ["rebuild", "repeat"])
    assert most.seconds == 111 + 303
    assert {one.check.kind for one in most.left_out} == {"rebuild", "repeat", "control"}
    assert {str(one.check): one.seconds for one in most.left_out}["large with fresh seeds, 3 runs"] == 3000


def test_a_claim_that_cannot_be_settled_is_rebuilt_at_least_where_that_fits() -> None:
    found = plan(WANTED[:2], COST, 1500)
    assert (kinds(found), found.settles) == (["rebuild"], frozenset())
    assert [(one.check.kind, one.seconds) for one in found.left_out] == [("repeat", 3000)]


def test_a_stage_that_may_not_run_here_takes_its_claims_with_it_and_says_why() -> None:
    found = plan(WANTED, COST, None, {"large": "it needs a GPU"})
    assert sorted(found.settles) == ["acc", "loss"]
    assert {one.reason for one in found.left_out} == {"it needs a GPU"}


def test_a_price_that_is_not_known_is_said() -> None:
    found = plan(WANTED, {"prepare": 1.0}, None)
    assert (found.known, found.seconds) == (False, 1.0)
    assert not math.isnan(found.seconds)


def test_what_was_planned_and_not_made_is_listed_as_left_out() -> None:
    repeat, rebuild = Check("repeat", ("a", "b"), ("train",), 3), Check("rebuild", ("a", "b"), ("train",))
    found = Plan((rebuild, repeat)).without("repeat", {"b", "c"}, "too little is left")
    assert (found.makes("repeat", "a"), found.makes("repeat", "b"), found.makes("rebuild", "b")) == (True, False, True)
    assert [(one.check.claims, one.reason) for one in found.left_out] == [(("b",), "too little is left")]
