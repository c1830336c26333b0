"""Profiles out of TOML files: those that ship, those in the user's own folder, and any file that is named."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fossml.errors import FossmlError, nearest
from fossml.project.settings import LEVEL, NAME, TEXTS, Key
from fossml.project.toml import Where, load
from fossml.standards.profile import Profile, Question, Requirement

_HERE = Path(__file__).parent
SHIPPED = tuple(sorted(file.stem for file in _HERE.glob("*.toml")))
"""The names of the profiles that come with fossml."""
DEFAULT = "pineau"
_LARGEST = 2**20
_TOP: Mapping[str, Key] = {"title": NAME, "source": NAME, "extends": NAME, "rules": TEXTS}
_TABLES: Mapping[str, Mapping[str, Key]] = {
    "question": {"number": NAME, "title": NAME, "group": NAME, "ask": NAME, "answered_by": TEXTS, "arises_with": TEXTS},
    "requirement": {"code": NAME, "level": LEVEL, "because": NAME},
}


def own_folder(environ: Mapping[str, str]) -> Path:
    """The folder in which a user keeps profiles."""
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home(), ".config")
    return Path(base, "fossml", "profiles")


def find(name: str, environ: Mapping[str, str] = os.environ) -> Profile:
    """The profile that a reader names: by its name (see `named`), or a file. FossmlError where there is none."""
    if name in SHIPPED or not Path(name).is_file():
        return named(name, environ)
    return read(Path(name), environ)


def named(name: str, environ: Mapping[str, str] = os.environ) -> Profile:
    """The profile of this name: one that ships, or `NAME.toml` in the user's own folder."""
    own = own_folder(environ)
    if name in SHIPPED:
        return read(_HERE / f"{name}.toml", environ)
    if re.fullmatch(r"[\w-][\w.-]*", name) and (own / f"{name}.toml").is_file():
        return read(own / f"{name}.toml", environ)
    known = [*SHIPPED, *sorted(file.stem for file in own.glob("*.toml"))]
    hint = f"{nearest(name, known)}; or put {name}.toml into {own}, or give a file with --profile"
    raise FossmlError(f"there is no profile {name!r}", hint=hint)


def read(file: Path, environ: Mapping[str, str] = os.environ) -> Profile:
    """The profile in a file. FossmlError where it cannot be understood."""
    try:
        if file.stat().st_size > _LARGEST:
            raise FossmlError("is too large for a profile", where=str(file))
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FossmlError("is not UTF-8", where=str(file), hint="save it as UTF-8") from error
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=str(file)) from error
    return parse(text, file, environ)


def parse(text: str, file: Path, environ: Mapping[str, str] = os.environ) -> Profile:
    """The profile that `text` is; `file` names it, and what it names is looked for beside that."""
    data = load(text, str(file))
    where = Where(str(file), text, ())
    _check(data, where)
    base = _base(data, file, environ)
    questions = tuple(map(_question, data.get("question", ()), _places("question", where)))
    own = tuple(map(_requirement, data.get("requirement", ()), _places("requirement", where)))
    _twice(own)
    rules = tuple(file.parent / one for one in data.get("rules", ()))
    return Profile(
        name=file.stem,
        title=data.get("title", file.stem),
        source=data.get("source", ""),
        questions=questions or (base.questions if base else ()),
        requirements=_joined(own, base.requirements if base else ()),
        rules=(*(base.rules if base else ()), *rules),
    )


def _base(data: Mapping[str, Any], file: Path, environ: Mapping[str, str]) -> Profile | None:
    if "extends" not in data:
        return None
    name = data["extends"]
    if name == file.stem or name not in SHIPPED:
        hint = f"a profile extends one that ships: {', '.join(SHIPPED)}"
        raise FossmlError(f"cannot extend {name!r}", where=str(file), hint=hint)
    return named(name, environ)


def _joined(own: tuple[Requirement, ...], base: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """The base in its order with what the profile says instead; what only the profile names comes first."""
    mine = {one.code: one for one in own}
    known = {one.code for one in base}
    return (*(one for one in own if one.code not in known), *(mine.get(one.code, one) for one in base))


def _twice(own: tuple[Requirement, ...]) -> None:
    seen: dict[str, str] = {}
    for one in own:
        if one.code in seen:
            raise FossmlError(f"{one.code} has a level already", where=one.where, hint=f"see {seen[one.code]}")
        seen[one.code] = one.where


def _places(table: str, where: Where) -> Iterator[str]:
    """File and line of each `[[table]]`; the file alone for those that are written in another way."""
    yield from (f"{where.file}:{line}" for line in where.heads(table))
    yield from itertools.repeat(where.file)


def _question(table: Mapping[str, Any], where: str) -> Question:
    return Question(
        number=table["number"],
        ask=table["ask"],
        answered_by=tuple(table.get("answered_by", ())),
        arises_with=tuple(table.get("arises_with", ())),
        title=table.get("title", ""),
        group=table.get("group", ""),
        where=where,
    )


def _requirement(table: Mapping[str, Any], where: str) -> Requirement:
    return Requirement(table["code"], table["level"], table["because"], where)


def _check(data: Mapping[str, Any], where: Where) -> None:
    for name, value in data.items():
        if name in _TABLES:
            _check_list(name, value, where)
        elif name not in _TOP:
            hint = nearest(name, {**_TOP, **_TABLES})
            raise FossmlError(f"unknown key {name!r} in a profile", where=where.at(name), hint=hint)
        elif not _TOP[name].fits(value):
            raise FossmlError(f"{name} must be {_TOP[name].words}, it is {value!r}", where=where.at(name))


def _check_list(name: str, tables: object, where: Where) -> None:
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise FossmlError(f"it is written [[{name}]], with two brackets", where=where.at(name))
    for index, table in enumerate(tables):
        needed = ("number", "ask") if name == "question" else ("code", "level", "because")
        for key in needed:
            if key not in table:
                raise FossmlError(f"[[{name}]] has no {key}", where=where.at(name, None, index))
        for key, value in table.items():
            known = _TABLES[name].get(key)
            if known is None or not known.fits(value):
                wrong = f"[[{name}]] {key} must be {known.words}, it is {value!r}" if known else ""
                hint = None if known else nearest(key, _TABLES[name])
                place = where.at(name, key, index)
                raise FossmlError(wrong or f"unknown key {key!r} in [[{name}]]", where=place, hint=hint)
