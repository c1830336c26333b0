"""fossml.toml, or `[tool.fossml]` in pyproject.toml: what the author says that DVC has no word for."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fossml.errors import FossmlError

KEYS: Mapping[str, frozenset[str]] = {
    "project": frozenset({"title", "authors", "license", "description"}),
    "seed": frozenset({"flag", "env", "param"}),
    "claim": frozenset(
        {
            "id",
            "statement",
            "where",
            "metric",
            "value",
            "reading",
            "comparison",
            "margin",
            "spread",
            "spread_kind",
            "level",
            "reason",
        }
    ),
}


@dataclass(frozen=True, slots=True)
class SeedRoute:
    """How a seed goes in: `--seed 7` on the command line, an environment variable, or a parameter in a file."""

    kind: Literal["flag", "env", "param"]
    name: str


@dataclass(frozen=True, slots=True)
class ClaimTable:
    """One `[[claim]]` as written, with its line."""

    table: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Config:
    """What the author declared; all empty where there is no file. `file` is its name."""

    file: str | None = None
    project: Mapping[str, Any] | None = None
    seed: SeedRoute | None = None
    claims: tuple[ClaimTable, ...] = ()


def read_config(root: Path) -> Config:
    """The configuration of the repository at `root`. FossmlError with file and line for what is wrong in it."""
    own = root / "fossml.toml"
    if own.exists():
        return parse_config(_text(own), "fossml.toml", ())
    pyproject = root / "pyproject.toml"
    if pyproject.exists() and _names_fossml(text := _text(pyproject)):
        return parse_config(text, "pyproject.toml", ("tool", "fossml"))
    return Config()


def _names_fossml(text: str) -> bool:
    """Whether a pyproject.toml configures fossml, however the table is written; one that is no TOML may mean to."""
    if "fossml" not in text:
        return False
    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError):
        return "tool.fossml" in text
    return isinstance(tool, dict) and "fossml" in tool


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FossmlError("is not UTF-8", where=path.name, hint="save it as UTF-8") from error
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=path.name) from error


def parse_config(text: str, file: str, prefix: tuple[str, ...]) -> Config:
    """Read `text`; the tables stand below `prefix` (none in fossml.toml). Unknown keys are errors, not ignored."""
    try:
        data: Any = tomllib.loads(text)
    except ValueError as error:  # a number of very many digits is no TOMLDecodeError
        found = re.search(r"line (\d+)", str(error))
        hint = "claims are written [[claim]], with two brackets" if "'claim'" in str(error) else None
        raise FossmlError(f"is not TOML: {error}", where=f"{file}:{found[1]}" if found else file, hint=hint) from error
    except RecursionError as error:
        raise FossmlError("is nested too deeply", where=file) from error
    for name in prefix:
        data = data.get(name, {})
        _is_table(data, name, Where(file, text, prefix))
    return _config(data, Where(file, text, prefix))


@dataclass(frozen=True, slots=True)
class Where:
    """The text that a message points into."""

    file: str
    text: str
    prefix: tuple[str, ...]

    def line(self, table: str, key: str | None = None, index: int = 0) -> int | None:
        """The line of the `index`-th `[table]`, or of `key` in it; None where it is not written that way."""
        lines = self.text.splitlines()
        full = re.escape(".".join((*self.prefix, table)))
        heads = [i for i, line in enumerate(lines) if re.match(rf"\s*\[+\s*{full}\s*(\]|\.)", line)]
        if index >= len(heads):
            inline = [i for i, line in enumerate(lines) if re.match(rf"\s*{re.escape(table)}\s*[.=]", line)]
            return inline[0] + 1 if inline else None
        if key is None:
            return heads[index] + 1
        for i in range(heads[index] + 1, len(lines)):
            if re.match(r"\s*\[", lines[i]):
                break
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", lines[i]):
                return i + 1
        return heads[index] + 1

    def at(self, table: str, key: str | None = None, index: int = 0) -> str:
        """`file:line`, or the file alone."""
        line = self.line(table, key, index)
        return f"{self.file}:{line}" if line else self.file


def _config(data: Mapping[str, Any], where: Where) -> Config:
    for name in data:
        if name not in KEYS:
            raise FossmlError(f"unknown table [{name}]", where=where.at(name), hint=_nearest(name, KEYS))
    claims = data.get("claim", [])
    if not isinstance(claims, list):
        raise FossmlError("claims are written [[claim]], with two brackets", where=where.at("claim"))
    for index, claim in enumerate(claims):
        _check(claim, "claim", where, index)
    for name in ("project", "seed"):
        _check(data.get(name, {}), name, where, 0)
    _check_project(data.get("project", {}), where)
    return Config(
        file=where.file,
        project=data.get("project"),
        seed=_seed(data.get("seed", {}), where),
        claims=tuple(ClaimTable(claim, where.line("claim", None, i) or 1) for i, claim in enumerate(claims)),
    )


def _is_table(value: object, name: str, where: Where) -> None:
    if not isinstance(value, dict):
        raise FossmlError(f"[{name}] must be a table, it is {value!r}", where=where.at(name))


def _check(table: object, name: str, where: Where, index: int) -> None:
    _is_table(table, name, where)
    assert isinstance(table, dict)
    for key in table:
        if key not in KEYS[name]:
            place = where.at(name, key, index)
            raise FossmlError(f"unknown key {key!r} in [{name}]", where=place, hint=_nearest(key, KEYS[name]))


def _check_project(table: Mapping[str, Any], where: Where) -> None:
    for key, value in table.items():
        place = where.at("project", key)
        if key != "authors" and not isinstance(value, str):
            raise FossmlError(f"[project] {key} must be a string, it is {value!r}", where=place)
        if key == "authors" and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise FossmlError(f"[project] authors must be a list of strings, it is {value!r}", where=place)


def _nearest(name: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known))}"


def _seed(table: Mapping[str, Any], where: Where) -> SeedRoute | None:
    if not table:
        return None
    if len(table) > 1:
        raise FossmlError(
            f"[seed] takes one of flag, env and param, here are {' and '.join(sorted(table))}", where=where.at("seed")
        )
    ((kind, name),) = table.items()
    place = where.at("seed", kind)
    if not isinstance(name, str) or not name:
        raise FossmlError(f"[seed] {kind} must be a string, it is {name!r}", where=place)
    if kind == "param" and not re.fullmatch(r"[^:]+:[^:]+", name):
        raise FossmlError(f"[seed] param is file:key, it is {name!r}", where=place, hint='param = "params.yaml:seed"')
    return SeedRoute(kind, name)  # type: ignore[arg-type]  # kind is one of KEYS["seed"], checked before
