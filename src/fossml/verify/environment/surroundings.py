"""Which environment the stages of a project get: one made of what it declares, or the Python on PATH."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from fossml.checks.dependencies import third_party
from fossml.checks.places import is_aside
from fossml.env import Interpreter, installed, interpreter
from fossml.errors import FossmlError
from fossml.facts import gather
from fossml.scan.text import decode
from fossml.types import Evidence, Finding
from fossml.verify.cleanroom.source import Source, scratch
from fossml.verify.environment import uv
from fossml.verify.environment.made import Environment, as_interpreter
from fossml.verify.environment.make import Maker
from fossml.verify.environment.ownmodule import own_module
from fossml.verify.environment.wanted import FOLDERS, Wanted, wanted
from fossml.views.report import Made

Mode = Literal["auto", "project", "path"]
_LARGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment, the variables that lead commands into it, and the Python that they then find."""

    environment: Environment
    env: Mapping[str, str]
    python: Interpreter | None

    @property
    def key(self) -> Any:
        """What a recorded run rests on: another one is another environment."""
        if self.environment.digest:
            return self.environment.digest
        return [self.python.version, self.python.distributions] if self.python else None


def surroundings(
    root: Path,
    source: Source,
    env: Mapping[str, str],
    cache: Path,
    mode: Mode,
    *,
    named: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Surroundings:
    """What the commands of the project at `root` run in; `env` is what they would get on this machine's PATH.

    `named` is `env` with the Python that the project names: taken where none is made, and never to make one with.
    """
    own = env if named is None else named
    python = interpreter("python", own, root, source.root)
    if mode == "path":
        return Surroundings(_on_path(python), own, python)
    project = root
    asked, root = _declared(project, source.root)
    if asked.kind == "none":
        return Surroundings(_on_path(python), own, python)
    program = uv.find(env)
    if program is None:
        if mode == "project":
            raise FossmlError("there is no uv to make the environment with", hint="pip install uv")
        return Surroundings(replace(_on_path(python), findings=(_NO_UV,)), own, python)
    date = source.date if source.kind == "commit" else ""
    with scratch(cache / "tmp") as here:
        maker = Maker(uv.Uv(program, here, env), cache / "environments", say)
        first = interpreter("python", env, project, source.root)
        made = _seen_from(project, root, maker.make(asked, first, date, root))
    if made.failed or made.folder is None:
        return Surroundings(made, own, python)
    return Surroundings(made, inside(env, made, source, root), as_interpreter(made))


_NO_UV = Finding(
    "ENV002",
    "unknown",
    "soft",
    "environment",
    "there is no uv to make the project's own environment with: the Python on PATH was used",
    hint="pip install 'fossml[verify]', or uv by any other way",
)


def _on_path(python: Interpreter | None) -> Environment:
    names = installed(python.folders) if python else {}
    return Environment(
        "path", python=python.path if python else "", version=python.version if python else "", distributions=names
    )


def inside(env: Mapping[str, str], made: Environment, source: Source, root: Path) -> dict[str, str]:
    """`env` led into the environment: first on PATH, nothing of the reader's own packages, no other made by a tool."""
    own = [part for part in env.get("PYTHONPATH", "").split(os.pathsep) if _lies_in(part, source.root)]
    itself = [str(place) for place in (root / "src", root) if place.is_dir()] if made.itself else []
    folder = str(made.folder)
    kept = {name: value for name, value in env.items() if name not in ("PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX")}
    path = os.pathsep.join([f"{folder}/bin", *filter(None, [env.get("PATH", "")])])
    more = {"PYTHONPATH": os.pathsep.join([*own, *itself])} if own or itself else {}
    # `uv run` in a stage takes what is there, and makes none of its own.
    by_uv = {"UV_PROJECT_ENVIRONMENT": folder, "UV_NO_SYNC": "1", "UV_FROZEN": "1"}
    return {**kept, **more, **by_uv, "PATH": path, "VIRTUAL_ENV": folder, "PYTHONNOUSERSITE": "1"}


def _lies_in(part: str, root: Path) -> bool:
    return part == str(root) or part.startswith(f"{root}/")


def _declared(root: Path, repository: Path) -> tuple[Wanted, Path]:
    """What the project at `root` asks for, and the folder that says so: its own, else the nearest above it that does.

    Where no folder up to `repository` declares anything, what the project imports.
    """
    own = wanted(_names(root), lambda name: _text(root, name), lambda: _imported(root))
    if own.kind not in ("imports", "none"):
        return own, root
    for folder in root.parents:
        if not folder.is_relative_to(repository):
            break
        above = wanted(_names(folder), partial(_text, folder), dict)
        if above.kind != "none":
            return above, folder
    return own, root


def _seen_from(project: Path, folder: Path, made: Environment) -> Environment:
    """An environment of what `folder` declares, its files named as `project` sees them."""
    if folder == project:
        return made
    up = "../" * len(project.relative_to(folder).parts)

    def seen(one: Finding) -> Finding:
        subject = f"{up}{one.subject}" if one.subject in made.files else one.subject
        return replace(one, subject=subject, evidence=tuple(replace(at, path=f"{up}{at.path}") for at in one.evidence))

    findings = tuple(seen(one) for one in made.findings)
    return replace(made, files=tuple(f"{up}{name}" for name in made.files), findings=findings)


def _names(root: Path) -> set[str]:
    """The files that may declare something: beside the project's, and in the folders where such files are kept."""
    found = set()
    for folder in FOLDERS:
        here = root / folder
        if here.is_dir() and here.resolve().is_relative_to(root.resolve()):
            found |= {folder + path.name for path in here.iterdir() if path.is_file()}
    return found | {path.relative_to(root).as_posix() for path in root.glob("*/*.txt")}  # one may include another


def _text(root: Path, name: str) -> str | None:
    """A file of the repository, by whatever encoding; None for what leads out of it or is too large to be one."""
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()) or path.stat().st_size > _LARGEST:
        return None
    return decode(path.read_bytes())


def _imported(root: Path) -> dict[str, Evidence]:
    """The distributions of what the code imports whenever it runs; tests and documentation apart."""
    found = {}
    for name, uses in third_party(gather(root)).items():
        needed = [(path, item) for path, item in uses if not item.optional and not is_aside(path)]
        if needed and own_module(root, needed[0][1].module) is None:
            path, item = needed[0]
            found[name] = Evidence(path, item.line, item.text)
    return found


def made_of(environment: Environment) -> Made:
    """How it came to be, as a view shows it."""
    return Made(environment.kind, environment.files, environment.digest, environment.date, environment.failed)
