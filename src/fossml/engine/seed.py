"""The seed that a build gives to a stage, and the command that has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fossml.engine.plan import Params
from fossml.errors import FossmlError
from fossml.project.config import SeedRoute, StageSettings
from fossml.project.dvc import rooted
from fossml.types import Stage

_PYTHON = re.compile(r"(^|[\s/])((python|pypy)[0-9.]*|[^\s'\"]+\.py)($|\s)")
"""A command that starts Python: by name, or as a script."""
_OPERATORS = "|&;<>)\n"


def seed_for(stage: Stage, route: SeedRoute | None, settings: StageSettings, params: Params) -> int | None:
    """The seed of `stage`: its own setting, else the project's; None where none is given.

    With a parameter as the route, it is the value that the stage reads. FossmlError where `[stage]` sets one that
    cannot be given.
    """
    own = settings.seed
    if route is None or route.kind == "param":
        if own is not None:
            hint = 'fossml.toml: [seed] flag = "--seed", or env = "SEED"'
            raise FossmlError(f"[stage.{stage.address}] sets a seed, and [seed] does not say how it goes in", hint=hint)
        return _read(stage, route, params) if route else None
    value = route.value if own is None else own
    if value is None or route.kind == "env":
        return value
    return value if own is not None or _takes_flag(stage.cmd) else None


def handed(stage: Stage, seed: int | None, route: SeedRoute | None, params: Params) -> int | None:
    """`seed` where the build itself gives it; None where the stage reads it from a parameter that it declares.

    Such a seed counts as that parameter does, whether `[seed]` names it or not.
    """
    return None if route and route.kind == "param" and seed == _read(stage, route, params) else seed


def _read(stage: Stage, route: SeedRoute, params: Params) -> int | None:
    file, _, name = route.name.partition(":")
    values = (values.get(name) for path, values in params.items() if rooted(stage, path) == file)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _takes_flag(cmd: str | tuple[str, ...]) -> bool:
    return any(_PYTHON.search(command) for command in ([cmd] if isinstance(cmd, str) else cmd))


def with_flag(cmd: str | tuple[str, ...], flag: str, seed: int) -> str | tuple[str, ...]:
    """`cmd` with the seed behind each command in it that starts Python; behind the whole where none does.

    Redirections, pipes and what comes after them stay behind the flag.
    """
    if not _takes_flag(cmd):
        return f"{cmd} {_flag(flag, seed)}" if isinstance(cmd, str) else (*cmd[:-1], f"{cmd[-1]} {_flag(flag, seed)}")
    if isinstance(cmd, str):
        return _with_flag(cmd, flag, seed)
    return tuple(_with_flag(one, flag, seed) for one in cmd)


def _with_flag(command: str, flag: str, seed: int) -> str:
    parts = list(_parts(command))
    followed = zip(parts, [*parts[1:], ""], strict=True)
    return "".join(_flagged(part, after, flag, seed) for part, after in followed)


def _flag(flag: str, seed: int) -> str:
    return f"{flag}{'' if flag.endswith('=') else ' '}{seed}"


def _flagged(part: str, after: str, flag: str, seed: int) -> str:
    if part[:1] in _OPERATORS or not _PYTHON.search(part):
        return part
    digits = re.search(r"\s[0-9]$", part) if after[:1] in ("<", ">") else None  # the 2 of `2>`, not that of `-n 2`
    bare = part[: digits.start() if digits else None].rstrip()
    return f"{bare} {_flag(flag, seed)}{part[len(bare) :]}"


def _parts(command: str) -> Iterator[str]:
    """Simple commands, and between them what begins with an operator of the shell; joined they are `command`."""
    start, quote, index = 0, "", 0
    while index < len(command):
        sign = command[index]
        if sign == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in _OPERATORS:
            yield command[start:index]
            start = index
            while index < len(command) and command[index] in _OPERATORS:
                index += 1
            if sign in "<>":  # the name of the file belongs to it
                index += len(re.match(r"[&\s]*[^\s|&;<>)]*", command[index:]).group())  # type: ignore[union-attr]
            yield command[start:index]
            start = index
            continue
        index += 1
    yield command[start:]


def environment(env: Mapping[str, str], route: SeedRoute | None, seed: int | None) -> dict[str, str]:
    """`env` with the seed: in FOSSML_SEED, and in the variable that the project reads; not one of its parameters."""
    if seed is None or (route and route.kind == "param"):
        return dict(env)
    own = {route.name: str(seed)} if route and route.kind == "env" else {}
    return {**env, "FOSSML_SEED": str(seed), **own}
