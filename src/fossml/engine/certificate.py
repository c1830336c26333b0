"""What the last build said when all was current, with the state of everything that its answer rested on.

As long as that state is the same, so is the answer. This module is loaded before anything else of fossml, and instead
of it where the certificate holds: it may import what Python itself has loaded already, and nothing else.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator

Place = tuple[str, str]
"""A kind of thing that an answer rests on, and its name: a variable, or a path absolute or relative to the root."""

VARIABLE = "="
EXISTS = "e"
"""Whether anything is there: of what changes with every command of git."""
PATH = "p"
"""A file, or the names in a folder; a link counts as what it leads to."""
TREE = "t"
"""A file, or a folder with all that is in it."""

FILE = ".fossml/certificate"
_LOCK = ".fossml/lock"
_MAGIC = "fossml certificate 1"
_ABSENT = "-"


def holds() -> str | None:
    """What the last build in this folder said, if nothing that it rested on has changed; None in any doubt.

    It does not hold while another fossml builds here, or where one was killed: that leaves its number in the lock.
    """
    try:
        here = _here()
        if os.path.islink(os.path.dirname(FILE)) or os.stat(_LOCK).st_size:  # noqa: PTH114, PTH116, PTH120
            return None
        with open(FILE, "rb") as file:  # noqa: PTH123
            parts = os.fsdecode(file.read()).split("\0")
    except OSError:
        return None
    if len(parts) % 2 or parts[:2] != [_MAGIC, here] or parts[-1] != _MAGIC:
        return None
    rests = zip(parts[3:-1:2], parts[4:-1:2], strict=True)
    return parts[2] if all(state((place[:1], place[1:])) == was for place, was in rests) else None


def text(said: str, places: Iterable[Place]) -> str | None:
    """The certificate that `said` is the answer as long as `places` are as they are now.

    None where one that the answer needs is gone, or a name is in the way.
    """
    parts = [_MAGIC, _here(), said]
    for place in sorted(set(places)):
        now = state(place)
        if (now == _ABSENT and place[0] == TREE) or "\0" in place[1]:
            return None
        parts += ["".join(place), now]
    return "\0".join([*parts, _MAGIC])


def state(place: Place) -> str:
    """What is another text as soon as the place is another one, or was touched."""
    kind, name = place
    if kind == VARIABLE:
        value = os.environ.get(name)
        return _ABSENT if value is None else f"={value}"
    if kind == EXISTS:
        return str(os.path.exists(name))  # noqa: PTH110
    try:
        top = os.stat(name)  # noqa: PTH116
        return _tree(name, top) if kind == TREE and stat.S_ISDIR(top.st_mode) else _signature(top)
    except OSError:
        return _ABSENT


def below(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """All that is in a folder, with its names; OSError where something cannot be read."""
    todo = [folder]
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                yield entry.name, entry.stat()
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)


def _tree(folder: str, top: os.stat_result) -> str:
    """A digest of the names and signatures, in the order in which the system lists them."""
    import hashlib  # for a folder only

    lines = [f"{name}\0{_signature(st)}" for name, st in below(folder)]
    return hashlib.sha256(os.fsencode("\0".join([_signature(top), *lines]))).hexdigest()


def _signature(st: os.stat_result) -> str:
    """Nobody can set a ctime, so any change since is seen, and one from elsewhere has another."""
    return f"{st.st_dev} {st.st_ino} {st.st_size} {st.st_mtime_ns} {st.st_ctime_ns}"


def _here() -> str:
    """Where and by which Python and fossml the answer was found: one that came with a repository is not believed."""
    return f"{os.getcwd()} {os.geteuid()} {sys.prefix} {sys.version} {state((PATH, __file__))}"  # noqa: PTH109
