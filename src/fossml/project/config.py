"""fossml.toml, or `[tool.fossml]` in pyproject.toml: what the author says that DVC has no word for."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fossml.errors import FossmlError
from fossml.project import tables
from fossml.project.requirements import Requirements, read_requirements
from fossml.project.settings import TABLES, seconds, size
from fossml.project.toml import Where, load


@dataclass(frozen=True, slots=True)
class SeedRoute:
    """How a seed goes in: `--seed 7` on the command line, an environment variable, or a parameter in a file.

    `value` is what a build gives; None: nothing, and the command does as it does by itself. `where` is its file:line.
    """

    kind: Literal["flag", "env", "param"]
    name: str
    value: int | None = None
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ClaimTable:
    """One `[[claim]]` as written, with its line."""

    table: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Resources:
    """What the stages share. `gpus` are the values that CUDA_VISIBLE_DEVICES takes; `memory` is in bytes."""

    cpu: int | None = None
    gpus: tuple[str, ...] = ()
    memory: int | None = None
    tokens: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageSettings:
    """What holds for one stage. `timeout` is in seconds, `memory` in bytes; `env` are variables that count.

    `network`: it needs the network, which `verify` gives to no other stage.
    """

    packages: Literal["exact", "minor", "record"] = "minor"
    trace: Literal["hook", "strace", "none"] = "hook"
    cpu: int = 1
    gpu: int = 0
    memory: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    env: tuple[str, ...] = ()
    timeout: float | None = None
    seed: int | None = None
    network: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """What the author declared; all empty where there is no file. `file` is its name.

    `stages` are the `[stage.NAME]` tables as written; `settings` says what holds for a stage. `label` is the column
    of the data that the model learns to tell.
    """

    file: str | None = None
    project: Mapping[str, Any] | None = None
    python: str | None = None
    seed: SeedRoute | None = None
    staleness: Mapping[str, Any] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    claims: tuple[ClaimTable, ...] = ()
    label: str | None = None
    requirements: Requirements = field(default_factory=Requirements)

    def settings(self, address: str) -> StageSettings:
        """The settings of the stage `address`: its own, else those of its group, of a pattern, of `[staleness]`.

        Of two patterns that fit, the one that is written later counts.
        """
        names = sorted((name for name in self.stages if _fits(name, address)), key=lambda name: _rank(name, address))
        table: dict[str, Any] = dict(self.staleness)
        for name in names:
            table.update(self.stages[name])
        if "memory" in table:
            table["memory"] = size(table["memory"])
        if "timeout" in table:
            table["timeout"] = seconds(table["timeout"])
        return StageSettings(**{**table, "env": tuple(table.get("env", ()))})

    def unmatched(self, addresses: Iterable[str]) -> str | None:
        """A `[stage.NAME]` that is the name of none of the stages; None where all fit."""
        known = list(addresses)
        return next((name for name in self.stages if not any(_fits(name, address) for address in known)), None)


def _fits(name: str, address: str) -> bool:
    return _rank(name, address) > 0 or fnmatch.fnmatchcase(address, name)


def _rank(name: str, address: str) -> int:
    return 2 if address == name else 1 if address.startswith(name + "@") else 0


def read_config(root: Path) -> Config:
    """The configuration of the repository at `root`. FossmlError with file and line for what is wrong in it."""
    own = root / "fossml.toml"
    if own.exists():
        return parse_config(_text(own), "fossml.toml", ())
    pyproject = root / "pyproject.toml"
    if pyproject.exists() and _names_fossml(text := _text(pyproject)):
        return parse_config(text, "pyproject.toml", ("tool", "fossml"))
    return Config()


def place_of_stage(root: Path, config: Config, name: str) -> str:
    """`file:line` of `[stage.NAME]`, for what is wrong with it."""
    file = config.file or "fossml.toml"
    prefix = () if file == "fossml.toml" else ("tool", "fossml")
    return Where(file, _text(root / file), prefix).at(f"stage\0{name}")


def _names_fossml(text: str) -> bool:
    """Whether a pyproject.toml configures fossml, however the table is written; one that is no TOML may mean to."""
    if "fossml" not in text:
        return False
    try:
        tool = load(text, "pyproject.toml").get("tool")
    except FossmlError:
        return "tool.fossml" in text
    return isinstance(tool, dict) and "fossml" in tool


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FossmlError("is not UTF-8", where=f"{path.name}:{line}", hint="save it as UTF-8") from error
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=path.name) from error


def parse_config(text: str, file: str, prefix: tuple[str, ...]) -> Config:
    """Read `text`; the tables stand below `prefix` (none in fossml.toml). Unknown keys are errors, not ignored."""
    data: Any = load(text, file)
    where = Where(file, text, prefix)
    for name in prefix:
        data = data.get(name, {})
        tables.is_table(data, name, where)
    return _config(data, where)


def _config(data: Mapping[str, Any], where: Where) -> Config:
    tables.known(data, (*TABLES, "requirements"), where)
    claims = tables.list_of_claims(data, where)
    for index, claim in enumerate(claims):
        tables.check(claim, TABLES["claim"], "claim", where, index)
    for name in TABLES.keys() - {"claim", "stage"}:
        tables.check(data.get(name, {}), TABLES[name], name, where)
    tables.is_table(data.get("stage", {}), "stage", where)
    tables.is_table(data.get("requirements", {}), "requirements", where)
    for name, table in data.get("stage", {}).items():
        tables.check(table, TABLES["stage"], f"stage\0{name}", where)
    return Config(
        file=where.file,
        project=data.get("project"),
        python=data.get("environment", {}).get("python"),
        seed=_seed(data.get("seed", {}), where),
        staleness=data.get("staleness", {}),
        resources=_resources(data.get("resources", {})),
        stages=data.get("stage", {}),
        label=data.get("probe", {}).get("label"),
        requirements=read_requirements(data.get("requirements", {}), where),
        claims=tuple(ClaimTable(claim, line) for claim, line in zip(claims, _lines(where), strict=False)),
    )


def _lines(where: Where) -> Iterator[int]:
    """The line of each `[[claim]]`; for those that are written in another way, that of the word."""
    yield from where.heads("claim")
    yield from itertools.repeat(where.line("claim") or 1)


def _seed(table: Mapping[str, Any], where: Where) -> SeedRoute | None:
    routes = [name for name in table if name != "value"]
    if not table:
        return None
    if len(routes) != 1:
        here = f", here are {' and '.join(sorted(routes))}" if routes else ""
        raise FossmlError(f"[seed] takes one of flag, env and param{here}", where=where.at("seed"))
    kind = routes[0]
    if kind == "param" and "value" in table:
        place, hint = where.at("seed", "value"), f"write it into {table[kind].partition(':')[0]}"
        raise FossmlError("the value of a seed that is a parameter stands in its file", where=place, hint=hint)
    return SeedRoute(kind, table[kind], table.get("value"), where.at("seed", kind))  # type: ignore[arg-type]  # checked before


def _resources(table: Mapping[str, Any]) -> Resources:
    gpu = table.get("gpu", ())
    return Resources(
        cpu=table.get("cpu"),
        gpus=tuple(map(str, range(gpu))) if isinstance(gpu, int) else tuple(gpu),
        memory=size(table["memory"]) if "memory" in table else None,
        tokens=table.get("tokens", {}),
    )
