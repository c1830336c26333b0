"""The clean room is another place: another time zone, locale, hash seed and file order. What depends on which.

HOME, user, host and path are those of the sandbox, in every rebuild. The four here can be taken back, and are where a
first rebuild does not give what its author recorded: a result that comes out without one of them only depends on it.

Where that does not give it either, the author's own room may have been yet another one. Then rebuilds are compared with
each other: two in the same room must agree, and what makes a third one differ is named, `elsewhere` included.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.executors.sandbox import HOME, HOST, USER
from fossml.types import Finding, Level

ORDER = Path(__file__).resolve().parent / "order"
_ZONE = "<+1345>-13:45"
"""Fifteen minutes off every whole hour, half a day from most; needs no table of time zones."""


CODE = "ROOM010"
"""Of the finding that a result depends on the ways of the room."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """Something that should not matter, by the variables that change it; `mend` is how a project becomes free of it.

    `user`, `host` and `place` are other names of these in the sandbox; `cores`: so many processors may be used, 0: all.
    `rounds`: it may change the last digits of what is computed well.
    """

    name: str
    env: Mapping[str, str]
    said: str
    mend: str
    user: str = ""
    host: str = ""
    place: str = ""
    cores: int = 0
    rounds: bool = False


def perturbations(locale: str, hashing: int) -> tuple[Perturbation, ...]:
    """All four; `locale` is another one than the author's may be, `hashing` seeds the order of sets of strings."""
    return (
        Perturbation(
            "the file order", {"PYTHONPATH": str(ORDER)}, "folders listed backwards", "sort what a folder lists"
        ),
        Perturbation("the time zone", {"TZ": _ZONE}, f"TZ={_ZONE}", "compute in UTC, or state the zone"),
        Perturbation("the locale", {"LC_ALL": locale}, f"LC_ALL={locale}", "state the encoding and the order"),
        Perturbation(
            "the order of sets",
            {"PYTHONHASHSEED": str(hashing)},
            f"PYTHONHASHSEED={hashing}",
            "sort sets before their order counts",
        ),
    )


def elsewhere(env: Mapping[str, str], cores: int) -> tuple[Perturbation, ...]:
    """What else is other on another machine; `env` are the variables of the run, `cores` the processors that it has."""
    now = next((env[name] for name in _THREADS if env.get(name, "").isdigit()), str(cores))
    other = "1" if now != "1" else "2"
    threads = {**dict.fromkeys(_THREADS, other), "PYTHON_CPU_COUNT": other}
    return (
        Perturbation(
            "the number of threads",
            threads,
            f"OMP_NUM_THREADS={other} instead of {env.get('OMP_NUM_THREADS') or 'unset'}",
            "set OMP_NUM_THREADS and the number of workers in the command or in the code",
            cores=int(other) if int(other) < cores else 0,
            rounds=True,
        ),
        Perturbation(
            "the name of the user",
            {"USER": _OTHER_USER, "LOGNAME": _OTHER_USER},
            f"user {_OTHER_USER}",
            "let nothing that is computed depend on who runs it",
            user=_OTHER_USER,
        ),
        Perturbation("the home folder", {"HOME": "/tmp"}, "HOME=/tmp", "let nothing depend on where the home lies"),
        Perturbation("the host name", {}, f"host {_OTHER_HOST}", "let nothing depend on the machine", host=_OTHER_HOST),
        Perturbation(
            "the path of the folder that the repository lies in",
            {},
            "the repository in another folder",
            "use paths relative to the repository",
            place="another",
        ),
    )


_OTHER_USER, _OTHER_HOST = "visitor", "elsewhere"
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


@contextlib.contextmanager
def fewer_cores(number: int) -> Iterator[None]:
    """What is started meanwhile may use `number` processors only; 0, or where the system cannot: as before."""
    setter = getattr(os, "sched_setaffinity", None)
    if not number or setter is None:
        yield
        return
    before = os.sched_getaffinity(0)
    setter(0, sorted(before)[:number])
    try:
        yield
    finally:
        setter(0, before)


def applied(env: Mapping[str, str], changes: Iterable[Perturbation]) -> dict[str, str]:
    """`env` with `changes`; folders on PYTHONPATH come before those that are there. By itself, sets have one order."""
    found = {"PYTHONHASHSEED": "0", **env}
    for change in changes:
        for name, value in change.env.items():
            rest = [found[name]] if name == "PYTHONPATH" and found.get(name) else []
            found[name] = os.pathsep.join([value, *rest])
    return found


def other_locale(env: Mapping[str, str], available: Collection[str]) -> str:
    """A locale that the machine has and the reader does not use: another language's, else none."""
    own = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "C")
    plain = ("C", "POSIX", "C.UTF-8", "C.utf8")
    others = sorted(name for name in available if name.lower().endswith(("utf-8", "utf8")) and name not in plain)
    if own in plain:
        return others[0] if others else ("POSIX" if "utf" in own.lower() else "C.UTF-8")
    return "C.UTF-8"


def locales() -> tuple[str, ...]:
    """The locales of this machine."""
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    except OSError:
        return ()
    return tuple(done.stdout.split())


def hashing(text: str) -> int:
    """A hash seed for a room: the same each time, and not 0, which would fix the order."""
    return 1 + zlib.crc32(text.encode()) % (2**32 - 2)


def differs(outs: Mapping[str, str], failed: Collection[str], recorded: Mapping[str, str]) -> bool:
    """Whether a build failed, or gave another output than the author recorded."""
    return bool(failed) or any(digest != recorded[path] for path, digest in outs.items() if path in recorded)


def blamed(
    changes: Sequence[Perturbation], differs_with: Callable[[Sequence[Perturbation]], bool]
) -> tuple[Perturbation, ...]:
    """Which of `changes`, all of which together make a difference, does; by halving. Several: only together.

    `differs_with` builds with some of them; without any there is no difference.
    """
    left = tuple(changes)
    while len(left) > 1:
        first, second = left[: len(left) // 2], left[len(left) // 2 :]
        if differs_with(first):
            left = first
        elif len(second) > 1 and not differs_with(second):
            return left
        else:
            left = second
    return left


def described(changes: Sequence[Perturbation]) -> str:
    """The room in a sentence."""
    said = [f"user {USER}", f"host {HOST}", f"a new home {HOME}", *(one.said for one in changes)]
    return ", ".join(said)


ROOM = "the room with "
"""How the name of a rebuild in another room begins."""


def room_of(changes: Iterable[Perturbation]) -> str:
    """The name of a rebuild in a room with `changes` alone."""
    return f"{ROOM}{' and '.join(one.name for one in changes) or 'nothing'} changed"


def is_of_room(variant: str) -> bool:
    """Whether a build was made to tell what of the room makes a difference."""
    return variant.startswith(ROOM)


def builds(changes: Sequence[Perturbation]) -> int:
    """How many rebuilds tell at most which of `changes` make a difference: one without them, then `blamed`'s."""
    return 1 + _halved(len(changes)) if changes else 0


def _halved(number: int) -> int:
    if number < 2:
        return 0
    first, second = number // 2, number - number // 2
    return 1 + max(_halved(first), (second > 1) + _halved(second))


def untold(changes: Sequence[Perturbation], builds: int, took: float) -> tuple[Finding, ...]:
    """That it was not looked for what made the difference, and what that would have taken."""
    names = ", ".join(one.name for one in changes)
    message = f"differs from what was recorded; whether {names} of the room make the difference was not looked for"
    hint = f"{builds} more rebuilds of {took:.0f} s would tell"
    return (Finding(CODE, "unknown", "soft", "the rebuild", message, (), hint),)


def changed(subject: str, found: Sequence[Perturbation], outs: Sequence[str]) -> tuple[Finding, ...]:
    """What the result depends on, where what its author recorded comes out neither with nor without it.

    `outs` are the outputs that came out otherwise.
    """
    names = " and ".join(one.name for one in found)
    said = ", ".join(one.said for one in found)
    shown = ", ".join(outs[:3]) + (f" and {len(outs) - 3} more" if len(outs) > 3 else "")
    message = f"it depends on {names}: with {said}, and all else the same, {shown or 'a stage'} comes out otherwise"
    hint = "; ".join(one.mend for one in found)
    level: Level = "soft" if all(one.rounds for one in found) else "hard"
    return (Finding(CODE, "fail", level, subject, message, (), hint),) if found else ()


def findings(subject: str, found: Sequence[Perturbation]) -> tuple[Finding, ...]:
    """What the result depends on, though it should not."""
    names = " and ".join(one.name for one in found)
    said = ", ".join(one.said for one in found)
    message = f"it depends on {names}: with {said} it differs from what was recorded, without it does not"
    hint = "; ".join(one.mend for one in found)
    return (Finding(CODE, "fail", "hard", subject, message, (), hint),) if found else ()
