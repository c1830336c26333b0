"""What to think of what a tool did with one stage at one commit: pure, of what its outputs were made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Word = Literal["needed", "ran", "needless", "again", "missed", "stale"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One stage at one commit in the hands of one tool.

    `before` and `after` are what its outputs were made of before and after the build (a digest of all that the
    command depends on; None: not there), `now` is what it would be made of after the build, `last` what that was after
    the build before, `ideal` the same where everything that must run, and nothing else, has run, `needed` whether
    that was so for this stage at this commit, `earlier` what the tool had made before.
    """

    needed: bool
    ran: bool
    before: str | None
    after: str | None
    now: str
    last: str | None
    ideal: str | None
    earlier: frozenset[str] = frozenset()


def words(seen: Seen) -> frozenset[Word]:
    """What holds of it.

    needed: what it depends on changed at this commit, in itself or through what it rests on. needless: it ran and
    wrote what was there. again: it ran, and had made the very same before: a cache could have given it back. missed:
    it was needed, and was left as it was although what it reads had changed. stale: it was needed, and is not what it
    should be, because it, or what it rests on, had been missed.
    """
    found: set[Word] = set()
    if seen.needed:
        found.add("needed")
        if seen.after not in (seen.now, seen.ideal) and seen.now != seen.last:
            found.add("missed")
        elif seen.after != seen.ideal:
            found.add("stale")
    if seen.ran:
        found.add("ran")
        if seen.before is not None and seen.before == seen.after:
            found.add("needless")
        elif seen.after in seen.earlier:
            found.add("again")
    return frozenset(found)


def counted(all_seen: Iterable[Seen]) -> Counter[Word]:
    """How often each word holds."""
    return Counter(word for seen in all_seen for word in words(seen))
