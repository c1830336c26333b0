"""`[requirements]` in fossml.toml: the standard that the author keeps to, how much each code counts, what is waived."""

from __future__ import annotations

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
    levels = []
    for key, value in data.items():
        place = where.at("requirements", key)
        if key == "profile":
            _fits(NAME.fits(value), f"[requirements] profile must be {NAME.words}, it is {value!r}", place)
        elif key != "waive":
            hint = 'a level is written CODE = "soft", for example D4 = "soft"'
            _fits(CODE.fullmatch(key) is not None, f"unknown key {key!r} in [requirements]", place, hint)
            _fits(LEVEL.fits(value), f"[requirements] {key} must be {LEVEL.words}, it is {value!r}", place)
            levels.append(SetLevel(key, value, place))
    waivers = _waivers(data.get("waive", []), where)
    return Requirements(data.get("profile"), tuple(levels), waivers, where.at("requirements", "profile"))


def _waivers(tables: object, where: Where) -> tuple[Waiver, ...]:
    name = "requirements\0waive"
    brackets = "waivers are written [[requirements.waive]], with two brackets"
    _fits(isinstance(tables, list) and all(isinstance(one, dict) for one in tables), brackets, where.at(name))
    assert isinstance(tables, list)
    return tuple(_waiver(table, where, index) for index, table in enumerate(tables))


def _waiver(table: Mapping[str, Any], where: Where, index: int) -> Waiver:
    name, shown = "requirements\0waive", "[[requirements.waive]]"
    for key, value in table.items():
        place = where.at(name, key, index)
        _fits(key in WAIVER, f"unknown key {key!r} in {shown}", place, f"known here: {', '.join(WAIVER)}")
        _fits(WAIVER[key].fits(value), f"{shown} {key} must be {WAIVER[key].words}, it is {value!r}", place)
    start = where.at(name, None, index)
    _fits("code" in table, f"{shown} has no code", start, 'say what is waived, for example code = "DATA001"')
    _fits(bool(table.get("because", "").strip()), f"{shown} has no reason", start, 'say why: because = "..."')
    return Waiver(table["code"], table["because"].strip(), tuple(table.get("paths", ())), start)


def _fits(good: bool, message: str, where: str, hint: str | None = None) -> None:
    if not good:
        raise FossmlError(message, where=where, hint=hint)
