"""What is said of one stage at one commit."""

from __future__ import annotations

import pytest

from replay.judge import Seen, Word, counted, words


def seen(
    *,
    after: str,
    needed: bool = False,
    ran: bool = False,
    before: str | None = None,
    now: str | None = None,
    last: str | None = None,
    ideal: str | None = None,
    earlier: str = "",
) -> Seen:
    """A stage whose inputs are what it is made of, and what they should be, where nothing else is said."""
    now = now or after
    return Seen(needed, ran, before, after, now, last, ideal or now, frozenset(earlier))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (seen(before="a", after="a"), set()),
        (seen(ran=True, before="a", after="a"), {"ran", "needless"}),
        (seen(needed=True, ran=True, after="a"), {"needed", "ran"}),
        (seen(needed=True, ran=True, before="a", after="b"), {"needed", "ran"}),
        (seen(needed=True, before="a", after="a", now="b", last="a"), {"needed", "missed"}),
        (seen(needed=True, before="a", after="a", now="b", last="b", ideal="c"), {"needed", "stale"}),
        (seen(needed=True, before="a", after="a", ideal="b"), {"needed", "stale"}),
        (seen(needed=True, ran=True, before="a", after="b", ideal="c"), {"needed", "ran", "stale"}),
        (seen(needed=True, before="b", after="a"), {"needed"}),
        (seen(needed=True, ran=True, before="b", after="a", earlier="ab"), {"needed", "ran", "again"}),
        (seen(ran=True, before="a", after="a", earlier="a"), {"ran", "needless"}),
        (seen(before="a", after="a", now="b"), set()),
        (seen(ran=True, before="a", after="b"), {"ran"}),
    ],
    ids=[
        "nothing to do",
        "a needless run",
        "the first run",
        "a run that had to be",
        "missed",
        "missed before, and needed for another cause",
        "below one that was missed",
        "a run on what a missed one left",
        "given back by a cache",
        "made a second time",
        "needless is not also again",
        "missed at an earlier commit",
        "late",
    ],
)
def test_a_stage_is_judged(one: Seen, expected: set[Word]) -> None:
    assert words(one) == expected


def test_words_are_counted() -> None:
    run = seen(needed=True, ran=True, after="a")
    assert counted([run, run]) == {"needed": 2, "ran": 2}
