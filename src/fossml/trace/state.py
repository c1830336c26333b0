"""Whether a file is still what it was when a record was made.

The hook notes the state of a file just before it is opened: any change after that shows, whatever the clocks of the
kernel, of the program and of a file server say. What strace saw has a time alone. The kernel stamps files by a clock
that lags by up to TICK, so a change within that time after a read passes unseen: the lesser error, since the other way
every file that was read as soon as it had been written would count as changed.
"""

from __future__ import annotations

from functools import lru_cache

from fossml.trace.hook import state
from fossml.trace.records import Record

TICK = 10_000_000
"""ns by which a time that the kernel gives a file may lie before that of the clock: one tick at 100 Hz."""

UNKNOWN = ""
"""The state in the records of strace, of a file that was there; "-" is what was not."""

LINK = "link"
"""The state in the record of a link that was made."""


class States:
    """The states of files now, each looked up once."""

    def __init__(self) -> None:
        self.now = lru_cache(maxsize=None)(state)

    def changed(self, record: Record) -> bool:
        """Whether the file of an R or S record has changed since, in what it holds."""
        path, before = record.fields[:2]
        return _stamp(self.now(path)) > record.time if before == UNKNOWN else _differ(before, self.now(path))

    def written(self, record: Record) -> bool:
        """Whether the file of a W record was made or changed after it: to open it to write is not yet to write."""
        path, before = record.fields[:2]
        if before == UNKNOWN:
            return _stamp(self.now(path)) >= record.time - TICK
        return before in ("-", LINK) or _differ(before, self.now(path))


def _stamp(now: str) -> int:
    return max(map(int, now.split()[1:3]), default=0)


def _differ(before: str, now: str) -> bool:
    """A new ctime alone may come from another link to the file, or new permissions: these two say so."""
    was, now_is = before.split(), now.split()
    if len(was) < 5 or len(now_is) < 5:
        return False
    return was[:2] != now_is[:2] or (was[2] != now_is[2] and was[3:] == now_is[3:])
