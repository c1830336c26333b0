"""What comes next: in order, each after what it needs."""

from __future__ import annotations

from fossml.engine.queue import Queue


def test_each_comes_after_what_it_needs_and_otherwise_in_order() -> None:
    queue = Queue(["a", "b", "c", "d"], {"a": [], "b": ["a"], "c": [], "d": ["a", "c"]})
    assert [queue.next(), queue.next(), queue.next()] == ["a", "c", None]
    queue.done("c")
    assert queue.next() is None
    queue.done("a")
    assert [queue.next(), queue.next(), queue.next()] == ["b", "d", None]


def test_what_was_never_taken_is_left() -> None:
    queue = Queue(["a", "b", "c"], {"a": [], "b": ["a"], "c": ["b"]})
    queue.next()
    assert queue.left() == ["b", "c"]


def test_one_that_comes_again_waits_for_what_it_did_not_know_of() -> None:
    queue = Queue(["a", "b", "c"], {"a": [], "b": [], "c": ["a"]})
    assert [queue.next(), queue.next()] == ["a", "b"]
    queue.again("a", ["b"])
    assert (queue.next(), queue.left()) == (None, ["a", "c"])
    queue.done("b")
    assert queue.next() == "a"
    queue.again("a", ["b"])
    assert queue.next() == "a"
