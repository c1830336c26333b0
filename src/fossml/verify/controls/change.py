"""The changes that controls make in a copy, from a small one to one after which nothing can be as it was."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fossml.verify.controls import rows
from fossml.verify.controls.choose import Control
from fossml.verify.controls.upstream import Parameter
from fossml.verify.metrics import document


@dataclass(frozen=True, slots=True)
class Step:
    """One change: `name` for the record, and what makes it in a copy: it says what it did, None where it cannot."""

    name: str
    change: Callable[[Path], str | None]


def steps(control: Control, rng: random.Random) -> Iterator[Step]:
    """The changes of a control, the next one for those claims that the one before did not move."""
    if control.kind == "rows":
        for name, share in (("a tenth left out", 0.1), ("half left out", 0.5)):
            yield Step(f"control: {control.subject}: {name}", _thinner(control, share, _salt(rng)))
        yield Step(f"control: {control.subject}: mixed", _mixer(control, _salt(rng)))
    elif control.kind == "parameter":
        for one in control.parameters:
            for value in moved(one.value):
                yield Step(f"control: {one} = {value}", _setter(one, value))


def _salt(rng: random.Random) -> str:
    return f"{rng.getrandbits(64):016x}"


def moved(value: int | float) -> tuple[int | float, ...]:
    """Other values for a parameter, of its own kind, not far away first."""
    if isinstance(value, int):
        return (max(1, value // 2) if value > 1 else value + 1, value * 3 if value else 2)
    return (value / 2 if value else 0.5, value / 10 if value else 0.1)


def _thinner(control: Control, share: float, salt: str) -> Callable[[Path], str | None]:
    def change(folder: Path) -> str | None:
        said = []
        for path in control.paths:
            done = _safe(folder, path) and rows.leave_out(folder / path, share, salt)
            if done:
                said.append(f"{done[0]} of {done[1]} rows of {path} were left out")
        if control.files:
            gone = _drop(folder, control.files, share, salt)
            said.append(f"{gone} of {len(control.files)} files were left out of {_folder(control)}")
        return " and ".join(said) or None

    return change


def _folder(control: Control) -> str:
    return next((path for path in control.paths if not path.endswith(rows.SUFFIXES)), control.paths[0])


def _safe(folder: Path, path: str) -> bool:
    """Whether a file lies in the copy, not at the end of a link that leads out of it."""
    place = folder / path
    return place.is_file() and place.resolve().is_relative_to(folder.resolve())


def _drop(folder: Path, files: tuple[str, ...], share: float, salt: str) -> int:
    out = min(max(1, round(len(files) * share)), len(files) - 1)
    for name in random.Random(salt).sample(files, out):
        if _safe(folder, name):
            (folder / name).unlink()
    return out


def _mixer(control: Control, salt: str) -> Callable[[Path], str | None]:
    def change(folder: Path) -> str | None:
        mixed = [path for path in control.paths if _safe(folder, path) and rows.mix(folder / path, salt)]
        said = [f"the columns of {', '.join(mixed)} were mixed, each by itself"] if mixed else []
        if control.files and _swap(folder, control.files, salt):
            said.append(f"the files of {_folder(control)} changed their names with each other")
        return " and ".join(said) or None

    return change


def _swap(folder: Path, files: tuple[str, ...], salt: str) -> bool:
    here = [name for name in files if _safe(folder, name)]
    contents = [(folder / name).read_bytes() for name in here]
    random.Random(salt).shuffle(contents)
    for name, data in zip(here, contents, strict=True):
        (folder / name).write_bytes(data)
    return bool(here)


def _setter(one: Parameter, value: int | float) -> Callable[[Path], str | None]:
    def change(folder: Path) -> str | None:
        path = folder / one.file
        if not _safe(folder, one.file):
            return None
        try:
            text = document.replace(path.read_text(encoding="utf-8"), one.file, one.key, value)
        except (LookupError, ValueError):
            return None
        path.write_text(text, encoding="utf-8")
        return f"{one} was {value} in place of {one.value}"

    return change
