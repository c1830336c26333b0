"""What a stage's trace means for its Run: each path with its digest, now and again when it is compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from fossml.canon import canonical
from fossml.engine.sources import Sources
from fossml.engine.workspace import Workspace
from fossml.env import Interpreter, installed
from fossml.errors import FossmlError
from fossml.project.dvc import left_out, rooted
from fossml.types import Discovered, Stage, Trace

_OURS = frozenset({"dvc.yaml", "dvc.lock", "fossml.lock", "fossml.toml", ".gitignore", ".dvcignore"})
"""Files that say what a stage is, or that a build writes: to read them is no input of its own."""
_LEFT_OUT = frozenset({".git", ".dvc", ".fossml", "__pycache__", ".ipynb_checkpoints"}) | _OURS
_OWN = "fossml"
"""The distribution of `fossml.checkpoint`: a newer fossml is no reason to train again."""
_AS_PACKAGE = "/"
"""Behind the name of a module that was executed: as a package it would be imported in its place."""
_MANY = 1000
"""So many files opened in one folder are recorded as that folder."""


class Observer:
    """Turns Traces into Discovered values. `made` maps the outputs of all stages, relative to the root, to the stage.

    `python` gives the interpreter that a stage's command would find, `wrote` what each was last seen to
    write beside its outputs.
    """

    def __init__(
        self,
        workspace: Workspace,
        sources: Sources,
        made: Mapping[str, str],
        python: Callable[[Stage], Interpreter | None],
        wrote: Callable[[], Mapping[str, Iterable[str]]] = dict,
    ) -> None:
        self._workspace, self._sources, self._made, self._python = workspace, sources, made, python
        self._names: dict[str, frozenset[str]] = {}
        self._made_in = _by_folder(made)
        self._wrote = wrote
        self._left_out = left_out(workspace.root)

    def discover(self, stage: Stage, trace: Trace) -> Discovered | None:
        """What the traced run of `stage` rests on beyond what it declares; None where nothing was traced."""
        if trace.how == "none":
            return Discovered(how="hook", untraced=_lines(trace.untraced)) if trace.untraced else None
        self._workspace.forget((*trace.sources, *trace.read, *trace.written, *trace.outside))
        declared = frozenset(
            rooted(stage, path) for path in (*stage.deps, *(one.path for one in stage.params), *_outs(stage))
        )
        wrote = tuple(path for path in trace.written if not _within(path, self._made) and not _is_ours(path))
        wrote += tuple(self._left(stage, trace.listed, _by_folder(wrote)))
        changed, written = frozenset(trace.changed), frozenset(trace.written)

        def counts(path: str) -> bool:
            told = _within(path, declared) and not self._left_out(path)
            return not (told or _is_ours(path) or path in written)

        files = _folded(path for path in trace.read if counts(path))
        files += [_homely(path) for path in trace.outside if path not in written]
        sources = [path for path in trace.sources if counts(path)]
        packages = self._packages(stage, trace)
        folders = self._folders(stage, packages)
        versions = installed(folders)
        return Discovered(
            how=trace.how,
            python=trace.python,
            sources={p: "" if p in changed else self._source(p) for p in sources},
            files={p: "" if p in changed else self._file(p) for p in files},
            listed={p: self._listing(p, wrote) for p in map(_homely, trace.listed) if not _within(p, declared)},
            missing=tuple(p for p in trace.missing if counts(p) and not _within(p, self._made)),
            searched=self._searched(trace, sources),
            absent=self._still_nowhere(trace.absent, folders),
            wrote=wrote,
            distributions={
                name: versions.get(name, version) for name, version in trace.distributions.items() if name != _OWN
            },
            packages=packages,
            network=trace.network,
            untraced=_lines(trace.untraced),
        )

    def _left(self, stage: Stage, listed: Iterable[str], wrote_in: Mapping[str, frozenset[str]]) -> Iterator[str]:
        """What earlier runs of `stage` left in folders that it listed and where it has now put more."""
        before = _by_folder(self._wrote().get(stage.address, ()))
        for folder in wrote_in.keys() & frozenset(listed):
            for name in sorted(before.get(folder, frozenset()) - wrote_in[folder]):
                if (self._workspace.root / folder / name).exists():
                    yield posixpath.normpath(f"{folder}/{name}")

    def again(self, stage: Stage, was: Discovered) -> Discovered:
        """What is there now of what `was` names: for `discoveries.differences`."""
        python = self._python(stage) if was.python and not was.packages else None
        folders = self._folders(stage, was.packages) if was.distributions or was.absent else []
        versions = installed(folders)
        return Discovered(
            how=was.how,
            python=python.version if python else "",
            sources={path: self._source(path) for path in was.sources},
            files={path: self._file(path) for path in was.files},
            listed={path: self._listing(path, was.wrote) for path in was.listed},
            missing=tuple(path for path in was.missing if not self._is_there(path)),
            searched={folder: self._still_elsewhere(folder, names) for folder, names in was.searched.items()},
            absent=self._still_nowhere(was.absent, folders),
            distributions={name: versions[name] for name in was.distributions if name in versions},
        )

    def forget(self) -> None:
        """A stage has run: folders may have other files in them."""
        self._names.clear()

    def _source(self, path: str) -> str:
        found = self._workspace.at(path)
        if found is None:
            return ""
        return self._sources.digest(self._workspace.root / path, found.digest) if path.endswith(".py") else found.digest

    def _file(self, path: str) -> str:
        try:
            found = self._workspace.at(str(Path(path).expanduser()) if path.startswith("~") else path)
        except FossmlError:  # what cannot be read now may be read again later: not known
            return ""
        return found.digest if found else ""

    def _listing(self, folder: str, wrote: Iterable[str]) -> str:
        """A digest of the names in `folder`, without what stages and the run itself put there; "" if it is gone.

        Where the run put something there, what other stages put there beside their outputs does not count either: it
        is a folder of logs, in which each takes the next free name.
        """
        if not self._at(folder).is_dir():
            return ""
        apart = self._made_in.get(folder, frozenset())
        if own := _by_folder(wrote).get(folder):
            apart = apart | own | _by_folder(chain.from_iterable(self._wrote().values())).get(folder, frozenset())
        names = sorted(self._names_in(folder) - apart - _LEFT_OUT)
        return hashlib.md5(canonical(names), usedforsecurity=False).hexdigest()

    def _names_in(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            names: list[str] = []
            with contextlib.suppress(OSError):
                names = os.listdir(self._at(folder))  # noqa: PTH208  # names are all that is wanted
            self._names[folder] = frozenset(names)
        return self._names[folder]

    def _at(self, path: str) -> Path:
        """Where something that a Run names lies."""
        return self._workspace.root / (Path(path).expanduser() if path.startswith("~") else path)

    def _is_there(self, path: str) -> bool:
        return posixpath.basename(path) in self._names_in(posixpath.dirname(path) or ".")

    def _searched(self, trace: Trace, sources: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """`trace.searched`, and the modules executed that a package of the same name would hide."""
        found = {folder: set(names) for folder, names in trace.searched.items() if names}
        for path in sources:
            base, suffix = posixpath.splitext(path)
            folder, name = posixpath.split(base)
            if suffix == ".py" and name != "__init__" and not (self._workspace.root / base / "__init__.py").exists():
                found.setdefault(folder or ".", set()).add(name + _AS_PACKAGE)
        return {folder: tuple(sorted(names)) for folder, names in sorted(found.items())}

    def _still_elsewhere(self, folder: str, modules: Iterable[str]) -> tuple[str, ...]:
        names = self._names_in(folder)
        return tuple(name for name in modules if not self._would_be_imported(folder, name, names))

    def _still_nowhere(self, modules: Iterable[str], folders: Iterable[str]) -> tuple[str, ...]:
        """Those that no file or folder among packages would be."""
        there = {name.partition(".")[0] for folder in folders for name in self._names_in(folder)} if modules else set()
        return tuple(name for name in modules if name not in there)

    def _would_be_imported(self, folder: str, name: str, names: frozenset[str]) -> bool:
        base, slash, _ = name.partition("/")
        if f"{base}.py" in names and name != base + _AS_PACKAGE:
            return True
        place = self._workspace.root / folder / base
        anyhow = slash and name != base + _AS_PACKAGE and base not in self._made_in.get(folder, ())
        return base in names and ((place / "__init__.py").exists() or bool(anyhow and place.is_dir()))

    def _packages(self, stage: Stage, trace: Trace) -> tuple[str, ...]:
        """The folders of packages, where they are not those of the python that the command finds on PATH."""
        python = self._python(stage)
        usual = set(python.folders) if python else set()
        return tuple(_homely(self._inside(path)) for path in trace.packages if path not in usual)

    def _inside(self, path: str) -> str:
        root = f"{self._workspace.root}/"
        return path.removeprefix(root)

    def _folders(self, stage: Stage, packages: Iterable[str]) -> list[str]:
        if own := list(packages):
            return [str(self._at(path)) for path in own]
        python = self._python(stage)
        return list(python.folders) if python else []


def _by_folder(paths: Iterable[str]) -> dict[str, frozenset[str]]:
    """Folder -> the names in it that are one of `paths` or lead to one."""
    found: dict[str, set[str]] = {}
    for path in paths:
        while path:
            folder, _, name = path.rpartition("/")
            found.setdefault(folder or ".", set()).add(name)
            path = folder
    return {folder: frozenset(names) for folder, names in found.items()}


def _outs(stage: Stage) -> list[str]:
    return [out.path for out in stage.outs]


def _lines(commands: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(map(shlex.join, commands))


def _within(path: str, places: Mapping[str, object] | frozenset[str]) -> bool:
    """Whether `path` is one of `places` or lies in one."""
    while path not in places:
        if "/" not in path:
            return "." in places
        path = path.rpartition("/")[0]
    return True


def _is_ours(path: str) -> bool:
    return posixpath.basename(path) in _OURS


def _homely(path: str) -> str:
    """`path` without the name of the home folder: records travel."""
    home = str(Path.home())
    return "~" + path[len(home) :] if path.startswith(home + "/") and home != "/" else path


def _folded(paths: Iterable[str]) -> list[str]:
    """`paths`, those of a folder as that folder where there are very many of them."""
    found = list(paths)
    counts = Counter(posixpath.dirname(path) for path in found)
    many = {folder for folder, count in counts.items() if count > _MANY and folder}
    kept = [path for path in found if posixpath.dirname(path) not in many]
    return sorted({*kept, *many})
