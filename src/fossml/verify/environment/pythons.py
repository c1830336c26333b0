"""Which Python an environment is made with: the one that is asked for, or the nearest that is here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Python:
    """A Python that is installed: its version and its program."""

    version: Version
    path: str

    def __str__(self) -> str:
        return ".".join(map(str, self.version))


def parse(text: str) -> Version:
    """`3.8.12` as numbers; what is no number ends it."""
    found = re.match(r"\d+(\.\d+)*", text.strip())
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def fits(version: Version, wish: str) -> bool:
    """Whether a Python of `version` is what `wish` asks for: `3.8` (any 3.8), `3.8.12`, or a range as in PEP 440."""
    return all(_fits(version, part.strip()) for part in wish.split(",") if part.strip())


def _fits(version: Version, part: str) -> bool:
    match = re.fullmatch(r"(~=|===?|!=|>=|<=|>|<)?\s*v?(\d+(?:\.\d+)*)(\.\*)?[\w.+-]*", part)
    if not match:
        return True
    sign, asked, star = match[1] or "==", parse(match[2]), bool(match[3])
    same = version[: len(asked)] == asked
    padded = (*asked, *(0 for _ in range(len(version) - len(asked))))
    if sign == "~=":
        return version >= padded and version[: len(asked) - 1] == asked[:-1]
    return {
        "==": same,
        "===": same,
        "!=": not (same if star or len(asked) == len(version) else version == padded),
        ">=": version >= padded,
        "<=": version <= padded or same,
        ">": version > padded and not (same and len(asked) < 3),
        "<": version < padded,
    }[sign]


def candidates(here: Sequence[Python], first: Python | None, wish: str) -> list[Python]:
    """The Pythons to try, in order; only those that fit where one is asked for, else `first`, then older, then newer.

    Of one minor version the one that is asked for to the digit, else the newest. What fits no wish at all is nobody:
    the nearest one, alone.
    """
    known = [*([first] if first else []), *(one for one in here if first is None or one.path != first.path)]
    if not known:
        return []
    if not wish:
        return _one_a_minor([known[0], *_by_nearness(known[1:], known[0].version)])
    fitting = [one for one in known if fits(one.version, wish)]
    if fitting:
        near = known[0].version if known[0] in fitting else max(one.version for one in fitting)
        return _one_a_minor(_by_nearness(fitting, near))
    aim = parse(re.sub(r"^\D*", "", wish))
    same_minor = [one for one in known if one.version[:2] == aim[:2]]
    return _by_nearness(same_minor or known, aim)[:1]


def _by_nearness(pythons: Sequence[Python], aim: Version) -> list[Python]:
    """The nearest minor version first, an older before a newer one; of one minor the newest."""

    def rank(one: Python) -> tuple[int, int, tuple[int, ...]]:
        apart = one.version[1] - (aim[1] if len(aim) > 1 else 0)
        return abs(apart), int(apart > 0), tuple(-number for number in one.version)

    return sorted((one for one in pythons if one.version[:1] == (aim[:1] or (3,))), key=rank)


def _one_a_minor(pythons: Sequence[Python]) -> list[Python]:
    kept: dict[Version, Python] = {}
    for one in pythons:
        kept.setdefault(one.version[:2], one)
    return list(kept.values())
