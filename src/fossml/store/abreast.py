"""The same for many files, in a few threads: the system works on one while Python does on another."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

_One = TypeVar("_One")
_Result = TypeVar("_Result")

_MOST = 4
_WORTH = 32
"""Items a thread at least: with fewer it costs more than it gains."""


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def abreast(action: Callable[[_One], _Result], items: Sequence[_One]) -> list[_Result]:
    """The result of each, in order; neighbours one after the other. An error is raised when all have stopped."""
    workers = min(_MOST, cores(), len(items) // _WORTH)
    if workers < 2:
        return [action(one) for one in items]
    bounds = [len(items) * number // workers for number in range(workers + 1)]
    results: list[list[_Result]] = [[] for _ in range(workers)]
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for one in items[bounds[number] : bounds[number + 1]]:
                if errors:
                    return
                results[number].append(action(one))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, workers)]
    for thread in threads:
        thread.start()
    work(0)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [result for part in results for result in part]
