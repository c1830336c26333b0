"""All repairs of one repository: what would change, and what is left to its author as a command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from fossml.begin.change import Change
from fossml.fixes.citation import citation
from fossml.fixes.commands import commands
from fossml.fixes.data import keep, track
from fossml.fixes.ignore import ignore
from fossml.fixes.licence import LICENCES, licence
from fossml.fixes.pins import pins
from fossml.fixes.repository import Repository
from fossml.types import Artifact

__all__ = ["LICENCES", "Mended", "Repository", "keep", "mend"]

_CONVERTED = {
    "safetensors": "torch.load({0!r}, weights_only=True), then safetensors.torch.save_file(STATE, {1!r})",
    "skops": "joblib.load({0!r}), then skops.io.dump(MODEL, {1!r})",
}


@dataclass(frozen=True, slots=True)
class Mended:
    """What would change, and `notes`: what is for the author to do, a command each.

    `data` is to be brought into DVC's cache before the changes are written.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    data: tuple[Artifact, ...] = ()


def mend(repository: Repository, chosen: str | None) -> Mended:
    """The repairs that the findings ask for; `chosen` is the licence to give where there is none, None: none."""
    data = track(repository)
    found = (
        *(one for one in [licence(repository, chosen), citation(repository)] if one),
        *pins(repository),
        *data.changes,
        *ignore(repository, data.ignored()),
        *commands(repository),
    )
    return Mended(found, tuple(_notes(repository, data.left)), data.artifacts)


def _notes(repository: Repository, data: tuple[str, ...]) -> Iterator[str]:
    for path in data:
        yield f"dvc add {shlex.quote(path)}   (keeps it by its digest; then commit the .dvc file)"
    for one in repository.failed("PKL001"):
        if one.evidence:
            yield _convert(one.evidence[0].path, " ".join(seen.text for seen in one.evidence))


def _convert(path: str, imports: str) -> str:
    """Converting loads the file, and loading runs it: that is for who made it, not for a check."""
    form = "safetensors" if "torch" in imports else "skops"
    target = f"{path.rpartition('.')[0] or path}.{form}"
    how = _CONVERTED[form].format(path, target)
    return f"{path}: if you made it, in its environment: {how}   (loading runs what is in it, so it is not done here)"
