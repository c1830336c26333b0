"""A claims file: a reader's own claims for a stranger's repository, and how to run it where it does not say that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fossml.errors import UNKNOWN, FossmlError
from fossml.project.config import ClaimTable, SeedRoute, nearest
from fossml.project.declared import Project
from fossml.project.settings import NAME, PARAM, TABLES, TEXTS, Key, document, schema_of
from fossml.project.toml import Where, load
from fossml.types import Claim
from fossml.verify.claims.compared import resolve, with_others
from fossml.verify.claims.parse import parse_claim
from fossml.verify.cleanroom.seeds import Delivery, check

_SEED: Mapping[str, Key] = {"flag": NAME, "env": NAME, "param": PARAM}
_RUN: Mapping[str, Key] = {"cmd": NAME, "wdir": NAME}

BROUGHT: Mapping[str, Mapping[str, Key]] = {
    "run": _RUN,
    "seed": _SEED,
    "environment": {"python": NAME, "requirements": NAME, "packages": TEXTS},
    "claim": {**TABLES["claim"], "cmd": NAME},
}
"""The tables of a claims file and their keys. `[run.NAME]` is a table for each of several commands, with its seed."""


@dataclass(frozen=True, slots=True)
class Run:
    """A command that makes numbers: how it gets its seed, the folder it runs in, relative to the repository."""

    name: str
    delivery: Delivery
    wdir: str = "."
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """A claims file as read. `runs` is empty where the repository's own dvc.yaml makes the numbers.

    `tables` are the claims as written, for a project's own machinery; `seed` the route that goes with it;
    `environment` what the reader says of the packages.
    """

    file: str
    claims: tuple[Claim, ...]
    tables: tuple[ClaimTable, ...]
    runs: Mapping[str, Run] = field(default_factory=dict)
    seed: SeedRoute | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)

    def where(self, claim: Claim) -> str:
        """File and line of a claim."""
        return f"{self.file}:{claim.line}" if claim.line else self.file


def read_claims(path: Path) -> Brought:
    """Read the claims file at `path`. FossmlError with file and line, and the nearest right name, for what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FossmlError("is not UTF-8", where=str(path), hint="save it as UTF-8") from error
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return parse_claims(text, str(path))


def parse_claims(text: str, file: str) -> Brought:
    """The claims file `text`, named `file` in every error."""
    data, where = load(text, file), Where(file, text, ())
    for name in data:
        if name not in BROUGHT:
            raise FossmlError(f"unknown table [{name}]", where=where.at(name), hint=nearest(name, BROUGHT))
    for name in ("seed", "environment"):
        _check(data.get(name, {}), name, name, where)
    seed = _delivery("", data.get("seed", {}), "seed", where)
    runs = _runs(data.get("run", {}), seed, where)
    tables, own = _claims(data, where)
    runs |= {cmd: Run(cmd, replace(seed, cmd=cmd), line=line) for cmd, line in own.items()}
    if not tables:
        raise FossmlError("there is no [[claim]] to verify", where=file, code=UNKNOWN)
    claims = resolve([parse_claim(one.table, f"{file}:{one.line}") for one in tables], file)
    placed = tuple(_placed(claim, claims, runs, where) for claim in claims) if runs else claims
    for run in runs.values():
        _sound(run, where)
    route = _route(data.get("seed", {}))
    return Brought(file, placed, tables, runs, route, data.get("environment", {}))


def _check(table: object, kind: str, name: str, where: Where, index: int = 0) -> None:
    shown = name.replace("\0", ".")
    if not isinstance(table, dict):
        raise FossmlError(f"[{shown}] must be a table, it is {table!r}", where=where.at(name, None, index))
    for key, value in table.items():
        place = where.at(name, key, index)
        if key not in BROUGHT[kind]:
            raise FossmlError(f"unknown key {key!r} in [{shown}]", where=place, hint=nearest(key, BROUGHT[kind]))
        if not BROUGHT[kind][key].fits(value):
            raise FossmlError(f"[{shown}] {key} must be {BROUGHT[kind][key].words}, it is {value!r}", where=place)


def _delivery(cmd: str, table: Mapping[str, Any], name: str, where: Where) -> Delivery:
    if len(table) > 1:
        here = " and ".join(sorted(table))
        shown = name.replace("\0", ".")
        raise FossmlError(f"[{shown}] takes one of flag, env and param, here are {here}", where=where.at(name))
    return Delivery(cmd, **table)


def _route(table: Mapping[str, Any]) -> SeedRoute | None:
    return next((SeedRoute(kind, name) for kind, name in table.items()), None)  # type: ignore[arg-type]  # checked


def schema() -> dict[str, Any]:
    """The JSON Schema of a claims file."""
    tables = schema_of(BROUGHT)
    several = {**tables["run"], "properties": {**tables["run"]["properties"], "seed": tables["seed"]}}
    return document("claims.toml", {**tables, "run": {"anyOf": [tables["run"], {"additionalProperties": several}]}})


def _runs(table: object, seed: Delivery, where: Where) -> dict[str, Run]:
    """`[run]` as one command without a name, or `[run.NAME]` for each of several, with their own seeds."""
    if not isinstance(table, dict):
        raise FossmlError(f"[run] must be a table, it is {table!r}", where=where.at("run"))
    if not table or not any(isinstance(one, dict) for one in table.values()):
        return {"": _run("", table, seed, "run", where)} if table else {}
    if loose := next((name for name, one in table.items() if not isinstance(one, dict)), None):
        hint = "write [run.NAME] for each of several commands, [run] for a single one"
        raise FossmlError(f"`{loose}` stands beside named runs", where=where.at("run", loose), hint=hint)
    found = {}
    for name, one in table.items():
        own = one.get("seed", {})
        plain = {key: value for key, value in one.items() if key != "seed"}
        _check(own, "seed", f"run\0{name}\0seed", where)
        how = _delivery("", own, f"run\0{name}\0seed", where) if own else seed
        found[name] = _run(name, plain, how, f"run\0{name}", where)
    return found


def _run(name: str, table: Mapping[str, Any], seed: Delivery, shown: str, where: Where) -> Run:
    _check(table, "run", shown, where)
    if "cmd" not in table:
        hint = 'for example cmd = "python train.py"'
        raise FossmlError(f"[{shown.replace(chr(0), '.')}] needs `cmd`", where=where.at(shown), hint=hint)
    wdir = table.get("wdir", ".")
    if wdir.startswith("/") or ".." in Path(wdir).parts:
        raise FossmlError("`wdir` lies outside the repository", where=where.at(shown, "wdir"))
    return Run(name, replace(seed, cmd=table["cmd"]), Path(wdir).as_posix(), where.line(shown))


def _claims(data: Mapping[str, Any], where: Where) -> tuple[tuple[ClaimTable, ...], dict[str, int]]:
    """The tables of the claims, `cmd` of one turned into the name of a run; those commands with their lines."""
    claims = data.get("claim", [])
    if not isinstance(claims, list):
        raise FossmlError("claims are written [[claim]], with two brackets", where=where.at("claim"))
    tables: list[ClaimTable] = []
    commands: dict[str, int] = {}
    for index, one in enumerate(claims):
        _check(one, "claim", "claim", where, index)
        line = where.line("claim", None, index) or 1
        table = dict(one)
        if cmd := table.pop("cmd", None):
            if "run" in table:
                raise FossmlError("a claim takes one of `cmd` and `run`", where=f"{where.file}:{line}")
            table["run"] = cmd
            commands.setdefault(cmd, line)
        tables.append(ClaimTable(table, line))
    return tuple(tables), commands


def _placed(claim: Claim, claims: Sequence[Claim], runs: Mapping[str, Run], where: Where) -> Claim:
    """The claim with the name of the command that makes its number."""
    if claim.order and not claim.run:
        first = next(one for one in claims if one.id == claim.order[0])
        return replace(claim, run=_placed(first, claims, runs, where).run)
    if claim.run in runs or (not claim.run and len(runs) == 1):
        return replace(claim, run=claim.run or next(iter(runs)))
    place = f"{where.file}:{claim.line}"
    if claim.run:
        raise FossmlError(f"there is no [run.{claim.run}]", where=place, hint=nearest(claim.run, runs))
    raise FossmlError(
        f"{claim.id!r} does not say which command makes it", where=place, hint=f"run = one of {', '.join(runs)}"
    )


def _sound(run: Run, where: Where) -> None:
    """Refuse a delivery of the seed that cannot work, with the line of the run."""
    try:
        check(run.delivery)
    except FossmlError as error:
        place = f"{where.file}:{run.line}" if run.line else where.file
        raise FossmlError(error.message, where=place, hint=error.hint) from error


def groups(brought: Brought) -> list[tuple[str, ...]]:
    """The runs in groups that share their seeds: those whose numbers are compared with each other."""
    by_id = {claim.id: claim for claim in brought.claims}
    found: list[set[str]] = [{name} for name in brought.runs]
    for claim in brought.claims:
        linked = {claim.run, *(by_id[name].run for name in claim.others)}
        joined = [group for group in found if group & linked]
        found = [group for group in found if not group & linked]
        found.append(set().union(*joined))
    wanted = {claim.run for claim in brought.claims}
    order = list(brought.runs)
    return sorted(
        (tuple(name for name in order if name in group) for group in found if group & wanted),
        key=lambda group: order.index(group[0]),
    )


def choose(brought: Brought, only: Sequence[str]) -> Brought:
    """The claims with an id in `only`, and those that they are compared with; all where it is empty."""
    known = [claim.id for claim in brought.claims]
    for name in only:
        if name not in known:
            raise FossmlError(f"there is no claim {name!r}", where=brought.file, hint=nearest(name, known))
    wanted = with_others(only or known, brought.claims)
    return replace(brought, claims=tuple(claim for claim in brought.claims if claim.id in wanted))


def for_project(project: Project, brought: Brought) -> Project:
    """`project` with the claims of the file in place of its author's, and its seed where the file names one."""
    seed = brought.seed or project.config.seed
    return replace(project, config=replace(project.config, file=brought.file, claims=brought.tables, seed=seed))
