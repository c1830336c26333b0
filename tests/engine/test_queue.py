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
