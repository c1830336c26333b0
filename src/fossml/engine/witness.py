"""Sees what a build looks at, so that its answer can be given again while all of that is the same."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fossml.engine import certificate
from fossml.engine.assess import Assessment
from fossml.engine.certificate import EXISTS, PATH, TREE, VARIABLE, Place
from fossml.engine.site import Site
from fossml.env import READ
from fossml.project.dvc import rooted
from fossml.project.dvcconfig import FILES
from fossml.store import durable
from fossml.store.statcache import granularity
from fossml.types import Discovered

_WRITES = os.O_WRONLY | os.O_RDWR
_current: Witness | None = None
_hooked = False


class Witness:
    """What this process opens for reading, and which folders it lists, from now on until `stop`.

    What it only asks the system about, `rests_on` names. Files that Python loads its code from count as well.
    """

    def __init__(self, root: Path) -> None:
        global _current, _hooked  # a hook cannot be removed, so there is one for all
        self.began = time.time_ns()
        self._root = root
        self._seen: set[Place] = set()
        self._unsure = False
        # Before anything is read: no time tells when something came there or went.
        self._outer = {(EXISTS, os.fspath(folder / ".git")) for folder in (root, *root.parents)}
        self._before = {place: certificate.state(place) for place in self._outer}
        _current = self
        if not _hooked:
            sys.addaudithook(_hook)
            _hooked = True

    def saw(self, path: object) -> None:
        """It was opened or listed; of an open file it is not known where it lies."""
        if isinstance(path, str | bytes | os.PathLike):
            self._seen.add((PATH, os.fsdecode(path)))
        else:
            self._unsure = True

    def stop(self) -> None:
        """See no more."""
        global _current
        _current = None

    def certify(self, said: str, rests: Iterable[Place]) -> None:
        """Keep that `said` is the answer, unless something that it rests on may have changed since we began."""
        self.stop()
        places = {*self._seen, *self._outer, *rests, *_code(), *_own()}
        text = certificate.text(said, places)
        unmoved = all(certificate.state(place) == was for place, was in self._before.items())
        if text is not None and unmoved and not self._unsure and all(_settled(place, self.began) for place in places):
            temporary = durable.temporary(self._root / ".fossml")
            with contextlib.suppress(OSError):
                temporary.write_bytes(os.fsencode(text))
                temporary.replace(self._root / certificate.FILE)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _current is None:
        return
    if event == "open":
        path, _, flags = args
        if not (flags & _WRITES or isinstance(path, int) or os.fsdecode(path).endswith(".pyc")):
            _current.saw(path)
    elif event in ("os.listdir", "os.scandir"):
        _current.saw("." if args[0] is None else args[0])


def rests_on(site: Site, found: Iterable[Assessment]) -> Iterator[Place]:
    """What the answer that these stages are current rests on, beyond what a Witness sees."""
    for one in found:
        stage = one.stage
        for path in (*stage.deps, *(out.path for out in stage.outs)):
            yield from _compared(rooted(stage, path))
        yield from ((PATH, rooted(stage, source.path)) for source in stage.params)
        yield from ((VARIABLE, name) for name in one.env)
        if one.run and one.run.discovered:
            yield from _discovered(one.run.discovered)
            yield from ((PATH, place) for place in site.looks_for_python(stage))
    if site.project.config.python:
        yield PATH, os.path.expanduser(site.project.config.python)  # noqa: PTH111


def _discovered(it: Discovered) -> Iterator[Place]:
    for path in (*it.sources, *it.files):
        yield from _compared(_plain(path))
    for folder in (*it.listed, *(os.path.dirname(path) or "." for path in it.missing), *it.packages):  # noqa: PTH120
        yield PATH, _plain(folder)
    for folder, names in it.searched.items():
        yield PATH, folder
        for name in {name.partition("/")[0] for name in names}:
            yield PATH, f"{folder}/{name}"
            yield PATH, f"{folder}/{name}/__init__.py"


def _compared(path: str) -> Iterator[Place]:
    """A file or folder whose digest counts: what is ignored in it is said in the folders around it."""
    yield TREE, path
    while path not in ("", "/"):
        path = os.path.dirname(path)  # noqa: PTH120
        yield PATH, f"{path}/.dvcignore" if path else ".dvcignore"


def _plain(path: str) -> str:
    return os.path.expanduser(path) if path.startswith("~") else path  # noqa: PTH111


def _code() -> Iterator[Place]:
    """The programs that gave the answer: whoever works on fossml itself wants that of the new one."""
    for module in list(sys.modules.values()):
        if isinstance(file := getattr(module, "__file__", None), str):
            yield PATH, file


def _own() -> Iterator[Place]:
    yield from ((VARIABLE, name) for name in READ)
    yield from ((PATH, name) for name in (*FILES, ".dvc/config.local", "fossml.toml", "pyproject.toml"))
    yield from ((PATH, name) for name in (".fossml/.gitignore", ".fossml/aside", ".dvc/tmp/lock", ".dvc/tmp/rwlock"))


def _settled(place: Place, began: int) -> bool:
    """Whether nothing there was touched so late that the build may have seen it before that."""
    kind, name = place
    if kind in (VARIABLE, EXISTS):
        return True
    if kind == TREE and name == ".":  # what we write ourselves is in it
        return False
    try:
        top = os.stat(name)  # noqa: PTH116
        inner = certificate.below(name) if kind == TREE and stat.S_ISDIR(top.st_mode) else ()
        return _is_older(top, began) and all(_is_older(st, began) for _, st in inner)
    except OSError:
        return kind != TREE and _was_absent(name, began)


def _was_absent(name: str, began: int) -> bool:
    """What is not there was not there before either, if the nearest folder around it is as old as that."""
    while name not in ("", "/"):
        name = os.path.dirname(name)  # noqa: PTH120
        with contextlib.suppress(OSError):
            return _is_older(os.stat(name or "."), began)  # noqa: PTH116
    return False


def _is_older(st: os.stat_result, began: int) -> bool:
    newest = max(st.st_mtime_ns, st.st_ctime_ns)
    return newest + granularity(newest) < began
