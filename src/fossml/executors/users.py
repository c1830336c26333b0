"""Who runs inside a sandbox: nobody that the machine knows where this process is root, else the user itself."""

from __future__ import annotations

import functools
import os
import pwd
import zlib
from pathlib import Path

from fossml.errors import UNKNOWN, FossmlError

UID = 1000
"""The number that an ordinary user has inside."""
_OWN_UIDS = range(61184, 65520)
"""Numbers that systemd keeps for users that exist only as long as a service runs; outside, root takes one of them."""
ANY = _OWN_UIDS[-1]
"""One of them, for a trial."""


@functools.cache
def may_become() -> bool:
    """Whether this process may take other users' numbers: root, and not one that is mapped alone."""
    if os.geteuid() != 0:
        return False
    rows = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(int(first) <= _OWN_UIDS[0] and int(first) + int(count) > _OWN_UIDS[-1] for first, _, count in rows)


def own_uid(room: Path) -> int:
    """The number for a room: the same each time, and no user's."""
    first = zlib.crc32(os.fsencode(room)) % len(_OWN_UIDS)
    for offset in range(len(_OWN_UIDS)):
        uid = _OWN_UIDS[(first + offset) % len(_OWN_UIDS)]
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise FossmlError("no user number is free for a sandbox", code=UNKNOWN)


def drop(uid: int) -> list[str]:
    """The words that make what follows run as `uid` for good, where this process is root."""
    if not may_become():
        return []
    who = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return ["setpriv", *who, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"]
