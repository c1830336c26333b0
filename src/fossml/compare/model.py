"""What a comparison says, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import IO, Literal, TypeAlias

Level: TypeAlias = Literal["bytes", "normalised", "precision", "different", "unknown"]
_ORDER: tuple[Level, ...] = ("bytes", "normalised", "precision", "unknown", "different")
FEW = 10
"""Parts that a result names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two numbers are apart: absolutely, relative to the larger one, in ULPs of their type where it has some.

    Infinite where one of them is no finite number and the other is another one.
    """

    absolute: float
    relative: float
    ulps: int | None = None

    def wider(self, other: Gap | None) -> Gap:
        """The larger of both, each measure for itself."""
        if other is None:
            return self
        known = [one for one in (self.ulps, other.ulps) if one is not None]
        return Gap(
            max(self.absolute, other.absolute), max(self.relative, other.relative), max(known) if known else None
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One place in which two artifacts differ: a key, a row and column, an element of a tensor, a file.

    `left` and `right` are what stands there, shortened; None: nothing does. `gap` is set where both are numbers.
    """

    where: str
    left: str | None
    right: str | None
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two artifacts are the same, and if not, how.

    `level`: the same bytes; the same once what `normalised` names is left aside; the same to the digits that the
    numbers are printed with or that their type carries (`precision`); different; or unknown, and `reason` says why.
    `form` is what they were read as. `parts` are the first few places that differ, `count` is the number of all,
    `of` how many were looked at (0: not counted), `gap` the widest of all numbers that differ.
    """

    level: Level
    form: str = ""
    normalised: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    count: int = 0
    of: int = 0
    gap: Gap | None = None
    reason: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing but order, times and the last digits differs."""
        return self.level in ("bytes", "normalised", "precision")


SAME = Comparison("bytes")


def unknown(form: str, reason: str) -> Comparison:
    """The bytes differ, and how cannot be told."""
    return Comparison("unknown", form, reason=reason)


class CannotCompareError(Exception):
    """This form of the bytes cannot be compared; the message says why, for a reader."""


@dataclass(slots=True)
class Budget:
    """What may still be spent on one comparison; whoever spends more gets a CannotCompareError.

    `unpacked` are bytes that come out of compressed ones, `members` those of archives, `steps` instructions, rows,
    values; `load` is the largest thing in bytes that is held in memory as a whole.
    """

    unpacked: int = 8 * 2**30
    members: int = 50_000
    steps: int = 20_000_000
    load: int = 256 * 2**20
    depth: int = 0
    deepest: int = 4

    def unpack(self, size: int) -> None:
        """Count `size` bytes that were unpacked."""
        self.unpacked -= size
        if self.unpacked < 0:
            raise CannotCompareError("it unpacks to more than is looked at")

    def step(self, count: int = 1) -> None:
        """Count `count` steps."""
        self.steps -= count
        if self.steps < 0:
            raise CannotCompareError("it has more parts than are looked at")

    def loads(self, size: int) -> None:
        """Ask for `size` bytes of memory."""
        if size > self.load:
            raise CannotCompareError(f"larger than what is held in memory ({_mib(self.load)})")

    def read(self, stream: IO[bytes]) -> bytes:
        """All of `stream` from where it is, within the limit."""
        data = stream.read(self.load + 1)
        self.loads(len(data))
        return data

    def inner(self) -> Budget:
        """The same budget for what lies one level deeper: it is shared, and the depth is limited."""
        if self.depth >= self.deepest:
            raise CannotCompareError("archives within archives, deeper than is looked at")
        self.depth += 1
        return self

    def outer(self) -> None:
        """Back from what `inner` was for."""
        self.depth -= 1


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


@dataclass(slots=True)
class Tally:
    """What was found so far; `result` makes the Comparison of it."""

    form: str
    normalised: dict[str, None]
    parts: list[Part]
    count: int = 0
    of: int = 0
    gap: Gap | None = None
    coarse: bool = False
    reasons: dict[str, None] | None = None

    @classmethod
    def of_form(cls, form: str) -> Tally:
        """Nothing found yet."""
        return cls(form, {}, [])

    def note(self, *what: str) -> None:
        """Something was left aside: `what` differs and does not count."""
        self.normalised.update(dict.fromkeys(what))

    def differ(self, part: Part, *, close: bool = False, count: int = 1) -> None:
        """A place differs (`count`: it stands for so many); `close`: within the digits that the number carries."""
        self.count += count
        self.coarse = self.coarse or not close
        if part.gap is not None:
            self.gap = part.gap.wider(self.gap)
        if len(self.parts) < FEW:
            self.parts.append(part)

    def unsure(self, reason: str) -> None:
        """Something in it cannot be compared."""
        self.reasons = {**(self.reasons or {}), reason: None}

    def add(self, inner: Comparison, where: str) -> None:
        """What was found in one member, file or column."""
        self.normalised.update(dict.fromkeys(f"{note} in {where}" if where else note for note in inner.normalised))
        self.of += inner.of
        self.count += inner.count
        self.coarse = self.coarse or inner.level == "different"
        if inner.gap is not None:
            self.gap = inner.gap.wider(self.gap)
        if inner.level == "unknown":
            self.unsure(f"{where}: {inner.reason}" if where else inner.reason)
        room = FEW - len(self.parts)
        self.parts += [replace(part, where=_joined(where, part.where)) for part in inner.parts[:room]]

    def result(self) -> Comparison:
        """The Comparison; bytes that differ without a difference in what they mean are `normalised`."""
        level: Level = "different" if self.coarse else "unknown" if self.reasons else "normalised"
        if level == "normalised" and self.count:
            level = "precision"
        if level == "normalised" and not self.normalised:
            self.note("how it is written")
        return Comparison(
            level,
            self.form,
            tuple(self.normalised),
            tuple(self.parts),
            self.count,
            self.of,
            self.gap,
            "; ".join(self.reasons or ()),
        )


def _joined(where: str, inner: str) -> str:
    return f"{where}: {inner}" if where and inner else where or inner


def worst(levels: Iterable[Level]) -> Level:
    """The level of the whole, of those of its parts: `bytes` for none."""
    return max(levels, key=_ORDER.index, default="bytes")


def shown(value: object, most: int = 60) -> str:
    """`value` in one short line without control characters."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"
