"""`[requirements]` in fossml.toml: the standard that the author keeps to, how much each code counts, what is waived."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fossml.errors import FossmlError
from fossml.project.settings import CODE, LEVEL, NAME, WAIVER
from fossml.project.toml import Where
from fossml.types import Level


@dataclass(frozen=True, slots=True)
class SetLevel:
    """`D4 = "soft"`; `where` is file and line."""

    code: str
    level: Level
    where: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """One `[[requirements.waive]]`: what fails under `code` (in `paths`, where there are some) is known, `because`."""

    code: str
    because: str
    paths: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the author asks; all empty where fossml.toml does not say. `where` is where `profile` stands."""

    profile: str | None = None
    levels: tuple[SetLevel, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    where: str = ""


def read_requirements(data: Mapping[str, Any], where: Where) -> Requirements:
    """The table as a value. FossmlError with file and line for what it does not take.

    Whether there is such a rule or item is not known here.
    """
    lines = where.keys("requirements")
    levels = []
    for key, value in data.items():
        place = f"{where.file}:{lines[key]}" if key in lines else where.file
        if key == "profile":
            _fits(NAME.fits(value), f"[requirements] profile must be {NAME.words}, it is {value!r}", place)
        elif key != "waive":
            hint = 'a level is written CODE = "soft", for example D4 = "soft"'
            _fits(CODE.fullmatch(key) is not None, f"unknown key {key!r} in [requirements]", place, hint)
            _fits(LEVEL.fits(value), f"[requirements] {key} must be {LEVEL.words}, it is {value!r}", place)
            levels.append(SetLevel(key, value, place))
    at = f"{where.file}:{lines['profile']}" if "profile" in lines else where.file
    return Requirements(data.get("profile"), tuple(levels), _waivers(data.get("waive", []), where), at)


def _waivers(tables: object, where: Where) -> tuple[Waiver, ...]:
    brackets = "waivers are written [[requirements.waive]], with two brackets"
    good = isinstance(tables, list) and all(isinstance(one, dict) for one in tables)
    _fits(good, brackets, where.at("requirements", "waive"))
    assert isinstance(tables, list)
    lines = itertools.chain(where.heads("requirements\0waive"), itertools.repeat(None))
    places = (f"{where.file}:{line}" if line else where.file for line in lines)
    return tuple(map(_waiver, tables, places))


def _waiver(table: Mapping[str, Any], place: str) -> Waiver:
    shown = "[[requirements.waive]]"
    for key, value in table.items():
        _fits(key in WAIVER, f"unknown key {key!r} in {shown}", place, f"known here: {', '.join(WAIVER)}")
        _fits(WAIVER[key].fits(value), f"{shown} {key} must be {WAIVER[key].words}, it is {value!r}", place)
    _fits("code" in table, f"{shown} has no code", place, 'say what is waived, for example code = "DATA001"')
    _fits(bool(table.get("because", "").strip()), f"{shown} has no reason", place, 'say why: because = "..."')
    return Waiver(table["code"], table["because"].strip(), tuple(table.get("paths", ())), place)


def _fits(good: bool, message: str, where: str, hint: str | None = None) -> None:
    if not good:
        raise FossmlError(message, where=where, hint=hint)
