"""Who may run at the same time: cores, GPUs, memory and named tokens, lent to stages and given back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fossml.errors import FossmlError
from fossml.project.config import Resources, StageSettings


@dataclass(frozen=True, slots=True)
class Pool:
    """Amounts of cpu, memory (bytes) and tokens by name, and GPUs by name: what there is, is free, or is lent."""

    amounts: Mapping[str, int] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()

    def without(self, grant: Pool) -> Pool:
        """What is left when `grant` is taken."""
        amounts = {name: amount - grant.amounts.get(name, 0) for name, amount in self.amounts.items()}
        return Pool(amounts, tuple(gpu for gpu in self.gpus if gpu not in grant.gpus))

    def plus(self, grant: Pool) -> Pool:
        """What there is when `grant` is given back."""
        amounts = {name: amount + grant.amounts.get(name, 0) for name, amount in self.amounts.items()}
        return Pool(amounts, (*self.gpus, *grant.gpus))


def everything(resources: Resources, cores: int) -> Pool:
    """All there is; without `[resources] cpu` there are `cores`. Memory is counted where it is said how much."""
    amounts = {"cpu": resources.cpu or cores, **{f"token {name}": n for name, n in resources.tokens.items()}}
    if resources.memory is not None:
        amounts["memory"] = resources.memory
    return Pool(amounts, resources.gpus)


def lend(free: Pool, whole: Pool, settings: StageSettings) -> Pool | None:
    """What a stage is lent of what is `free`; None where there is not enough.

    What is not counted is not lent. A stage that asks for more cores than there are gets all of them.
    """
    wanted = _wanted(settings, whole)
    if settings.gpu > len(free.gpus) or any(free.amounts[name] < amount for name, amount in wanted.items()):
        return None
    return Pool(wanted, free.gpus[: settings.gpu])


def check(whole: Pool, settings: StageSettings, address: str) -> None:
    """FossmlError where the stage asks for what there never is."""
    hint = "[resources] says what there is"
    if settings.gpu > len(whole.gpus):
        hint = f"where there are so many, say so: [resources] gpu = {settings.gpu}"
        raise FossmlError(f"stage {address} asks for {settings.gpu} GPUs, there are {len(whole.gpus)}", hint=hint)
    for name in settings.tokens:
        if f"token {name}" not in whole.amounts:
            raise FossmlError(f"stage {address} asks for {name!r}, which is no token of [resources]", hint=hint)
    for name, amount in _wanted(settings, whole).items():
        if amount > whole.amounts[name]:
            raise FossmlError(
                f"stage {address} asks for {amount} of {name}, there are {whole.amounts[name]}", hint=hint
            )


def _wanted(settings: StageSettings, whole: Pool) -> dict[str, int]:
    named = {"cpu": min(settings.cpu, whole.amounts["cpu"]), "memory": settings.memory}
    named |= {f"token {name}": amount for name, amount in settings.tokens.items()}
    return {name: amount for name, amount in named.items() if name in whole.amounts and amount}
