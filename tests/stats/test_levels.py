"""The level of each look: the table, what lies between, and that it keeps the error at 5 %."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from fossml.errors import FossmlError
from fossml.stats.levels import CLAIMS, TABLE, level


def test_a_single_look_is_made_at_five_per_cent() -> None:
    for runs in CLAIMS:
        assert level(3, 3, runs) == pytest.approx(0.05, abs=0.001)


def test_early_looks_have_a_part_of_the_level() -> None:
    full = level(5, 10, 1)
    assert [level(k, 10, 1) / full for k in (3, 4, 5, 10)] == pytest.approx([1 / 3, 2 / 3, 1, 1])


def test_table_is_met_where_it_has_an_entry() -> None:
    for last in (3, 10, 20, 50):
        for i, runs in enumerate(CLAIMS):
            assert level(last, last, runs) == pytest.approx(TABLE[last][i] * (1 / 3 if last == 3 else 1))


def test_between_entries_lies_what_lies_between() -> None:
    assert TABLE[30][0] < level(10, 25, 1) < TABLE[20][0]
    assert TABLE[10][3] < level(10, 10, 4) < TABLE[10][2]
    assert TABLE[10][6] < level(10, 10, 1000) < TABLE[10][5]


@pytest.mark.parametrize(("k", "last"), [(2, 10), (11, 10), (3, 101)])
def test_looks_beyond_the_table_are_refused(k: int, last: int) -> None:
    with pytest.raises(FossmlError, match="looks are made from 3 to 100"):
        level(k, last, 1)


@given(st.integers(5, 99), st.floats(1, 1e6), st.integers(5, 100))
def test_more_looks_mean_a_stricter_level(last: int, runs: float, k: int) -> None:
    k = min(k, last)
    assert 0 < level(k, last + 1, runs) <= level(k, last, runs) < 0.05


@pytest.mark.parametrize("last", [3, 6, 10, 20])
@pytest.mark.parametrize("runs", [1, 4, 10, math.inf])
def test_all_looks_together_refute_five_per_cent_of_true_claims(last: int, runs: float) -> None:
    """Written apart from the rule, with the t test's p; 20,000 sets, four standard errors."""
    rng = np.random.default_rng([last, 0 if math.isinf(runs) else int(runs)])
    claim, y = rng.standard_normal(20_000) / math.sqrt(runs), rng.standard_normal((20_000, last))
    ever = np.zeros(20_000, dtype=np.bool_)
    for k in range(3, last + 1):
        t = (y[:, :k].mean(axis=1) - claim) / (y[:, :k].std(axis=1, ddof=1) * math.sqrt(1 / k + 1 / runs))
        ever |= 2 * special.stdtr(k - 1, -abs(t)) < level(k, last, runs)
    assert ever.mean() == pytest.approx(0.05, abs=0.0062)
