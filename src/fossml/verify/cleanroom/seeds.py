"""Fresh seeds, and the ways in which a command is given one: in its text, a variable, or a parameter file."""

from __future__ import annotations

import posixpath
import random
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.verify.metrics.document import keys, load, nearest, replace

_LARGEST = 999_999
"""Seeds stay short enough to be typed again, and inside what every generator takes."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a seed gets to the command. `param` is `file:dotted.key`. None of them and no `{seed}` in `cmd`: no seed."""

    cmd: str
    flag: str | None = None
    env: str | None = None
    param: str | None = None

    @property
    def seeded(self) -> bool:
        """Whether the command is given a seed at all."""
        return bool(self.flag or self.env or self.param) or "{seed}" in self.cmd


def check(delivery: Delivery) -> None:
    """Refuse what cannot work before anything runs."""
    if delivery.flag and "|" in _operators(delivery.cmd):
        raise FossmlError(
            "the seed flag would go to the last command of the pipe",
            where="--seed-flag",
            hint="write {seed} into --cmd where it belongs: python train.py --seed {seed} | tee log",
        )
    if delivery.param:
        _file_and_key(delivery.param)


def _operators(cmd: str) -> set[str]:
    """The shell operators of a command, quoted ones left out."""
    try:
        return set(shlex.shlex(cmd, posix=True, punctuation_chars=True))
    except ValueError as error:
        raise FossmlError(f"the shell cannot read `{cmd}`: {error}", where="--cmd") from error


def command_with(delivery: Delivery, seed: int | None) -> str:
    """The command as the shell gets it."""
    if seed is None:
        return delivery.cmd
    command = delivery.cmd.replace("{seed}", str(seed))
    if not delivery.flag:
        return command
    return f"{command} {delivery.flag}{'' if delivery.flag.endswith('=') else ' '}{seed}"


def env_with(env: Mapping[str, str], delivery: Delivery, seed: int | None) -> dict[str, str]:
    """The environment with the seed in its variable."""
    return dict(env) if seed is None or not delivery.env else {**env, delivery.env: str(seed)}


def plant(folder: Path, delivery: Delivery, seed: int | None) -> None:
    """Write the seed into the parameter file of the copy in `folder`, the rest of it untouched."""
    if seed is None or not delivery.param:
        return
    name, key = _file_and_key(delivery.param)
    path = folder / name
    where = f"--seed-param {delivery.param}"
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise FossmlError(f"there is no {name} in the folder", where=where)
    text = path.read_text(encoding="utf-8")
    try:
        changed = replace(text, name, key, seed)
    except (LookupError, ValueError) as error:
        raise FossmlError(_why_not(error, name, key), where=where, hint=_nearest_keys(text, name, key)) from error
    path.write_text(changed, encoding="utf-8")


def _file_and_key(param: str) -> tuple[str, str]:
    name, _, key = param.rpartition(":")
    plain = posixpath.normpath(name) if name else ""
    if not name or not key or plain.startswith(("/", "..")):
        raise FossmlError(
            f"`{param}` does not name a key of a file in the folder",
            where="--seed-param",
            hint="for example params.yaml:seed",
        )
    return plain, key


def _why_not(error: Exception, name: str, key: str) -> str:
    return f"{name} has no `{key}`" if isinstance(error, LookupError) else str(error)


def _nearest_keys(text: str, name: str, key: str) -> str | None:
    try:
        near = nearest(key, keys(load(text, name)))
    except ValueError:
        return None
    return f"it has {', '.join(near)}" if near else None


def fresh(rng: random.Random, used: Collection[int]) -> Iterator[int]:
    """Seeds that were not used yet, without end."""
    taken = set(used)
    while True:
        seed = rng.randint(1, _LARGEST)
        if seed not in taken:
            taken.add(seed)
            yield seed
