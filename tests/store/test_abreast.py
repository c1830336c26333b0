"""Many items side by side: every result in its place, every error heard."""

from __future__ import annotations

import threading

import pytest

from fossml.store import abreast as module
from fossml.store.abreast import abreast


@pytest.mark.parametrize("count", [0, 1, 31, 64, 1001])
@pytest.mark.parametrize("cores", [1, 2, 7])
def test_each_result_comes_once_and_in_order(count: int, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: cores)
    assert abreast(lambda one: one * 2, range(count)) == [one * 2 for one in range(count)]


def test_two_are_done_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    met = threading.Barrier(2, timeout=60)
    abreast(lambda one: met.wait() if one % 100 == 0 else 0, range(200))


@pytest.mark.parametrize("bad", [0, 150])
def test_an_error_is_raised_when_all_have_stopped(bad: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)

    def act(one: int) -> None:
        if one == bad:
            raise KeyError(one)

    before = threading.active_count()
    with pytest.raises(KeyError):
        abreast(act, range(200))
    assert threading.active_count() == before
