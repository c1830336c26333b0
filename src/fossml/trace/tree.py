"""From the system calls of a tree of processes to the records that the hook would have made."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from fossml.trace.hook import cut, in_package
from fossml.trace.records import Record
from fossml.trace.state import LINK, UNKNOWN
from fossml.trace.syscalls import Call
from fossml.trace.untraced import is_python

ABSENT = frozenset({"ENOENT", "ENOTDIR"})
STATS = frozenset(["stat", "lstat", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2"])
WRITES = frozenset({"O_WRONLY", "O_RDWR"})
AFRESH = frozenset({"O_TRUNC", "O_EXCL"})
FIRST_LOOK = 3
"""Times that the import system asks for a folder before it lists it first: as an archive, as a folder, as changed."""

MOST_STATS = 200
"""Paths remembered whose state was asked; sys.path is shorter."""

_BYTECODE = re.compile(r"(?P<name>[^/]+?)\.[a-z]+-?\d+(\.opt-\w+)?\.pyc")
_LIBRARY = re.compile(r"\.(so|pyd)$")


@dataclass
class Image:
    """A program that runs in a process, and its threads. `python` is None where it is no Python."""

    name: str
    cwd: list[str | None]
    python: str | None = None
    imports: set[str] = field(default_factory=set)
    stats: list[str] = field(default_factory=list)
    listing: str = ""
    opened: tuple[str, int] | None = None


class Tree:
    """The processes seen so far; `version` tells that of an interpreter by its path, `prefixes` are their folders.

    What the import system does shows by its habit: it asks for the state of each folder on sys.path before it looks
    there, and of a folder three times before it lists it first. What it lists is not `listed`.
    """

    def __init__(self, version: Callable[[str], str]) -> None:
        self.version = version
        self.prefixes: set[str] = set()
        self.images: dict[str, Image] = {}
        self.there: set[str] = set()
        self.first = True

    def records(self, thread: str, call: Call) -> Iterator[Record]:
        """What a call of a thread means."""
        image = self.images.setdefault(thread, Image(thread, [None]))
        if call.cwd is not None:
            image.cwd[0] = call.cwd
        if image.opened is not None:
            yield from self._measured(image, call)
        act = _ACTS.get(call.name)
        if act is not None:
            yield from act(self, image, thread, call)

    def _measured(self, image: Image, call: Call) -> Iterator[Record]:
        """A file opened to be changed was there before if it holds anything: libraries ask as soon as it is open."""
        assert image.opened is not None
        path, time = image.opened
        image.opened = None
        if call.fd is not None and not any(text for _, text in call.strings) and call.size:
            yield Record("R", time - 1, (path, UNKNOWN), image.name)  # before the record that it is written

    def _open(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        path = _path(image, call)
        if path is None:
            return
        flags = call.flags | ({"O_WRONLY", "O_CREAT", "O_TRUNC"} if call.name == "creat" else set())
        if call.error:
            if call.error in ABSENT and "O_CREAT" not in flags:
                yield Record("N", call.time, (path,), image.name)
        elif "O_DIRECTORY" in flags:
            self._folder(image, path, call)
        elif flags & WRITES:
            yield from self._changed(image, path, flags, call.time)
        else:
            self.there.add(path)
            yield from self._read(image, path, call.time)
            image.stats.clear()

    def _folder(self, image: Image, path: str, call: Call) -> None:
        last = image.stats[-FIRST_LOOK:]
        known = path in image.imports and last[-1:] == [path]
        if call.strings[0][1][:1] == "/" and (known or last == [path] * FIRST_LOOK):
            image.imports.add(path)
            image.listing = call.opened or path
        else:
            image.listing = ""

    def _changed(self, image: Image, path: str, flags: frozenset[str], time: int) -> Iterator[Record]:
        if flags & AFRESH:
            yield Record("W", time, (path, "-"), image.name)
            return
        if "O_CREAT" not in flags or path in self.there:
            yield Record("R", time, (path, UNKNOWN), image.name)
        else:
            image.opened = (path, time)
        yield Record("W", time, (path, UNKNOWN), image.name)

    def _read(self, image: Image, path: str, time: int) -> Iterator[Record]:
        """A file read; Python code is executed, also that which lies beside as bytecode."""
        code = self._code(image, path) if image.python is not None else None
        if code is None:
            yield Record("R", time, (path, UNKNOWN), image.name)
            return
        yield from self._looked(image, code, time)
        package = in_package(code)
        if package is not None:
            yield Record("P", time, package, image.name)
        elif _LIBRARY.search(code):
            yield Record("R", time, (code, UNKNOWN), image.name)
        else:
            yield Record("S", time, (code, UNKNOWN, image.python or ""), image.name)

    def _code(self, image: Image, path: str) -> str | None:
        """The source that is executed when a file is read, or the compiled module itself; None for data."""
        if path.endswith("/pyvenv.cfg"):
            self.prefixes.add(str(PurePath(path).parent))
        bytecode = _BYTECODE.fullmatch(PurePath(path).name)
        if bytecode:
            source = bytecode["name"] + ".py"
            asked = [stat for stat in image.stats[-FIRST_LOOK:] if PurePath(stat).name == source]
            return asked[-1] if asked else str(PurePath(path).parent.parent / source)
        return path if path.endswith(".py") or _LIBRARY.search(path) else None

    def _looked(self, image: Image, code: str, time: int) -> Iterator[Record]:
        """The module that was looked for, and the folders of sys.path up to the one that holds it."""
        file = PurePath(code)
        inner = file.parent if file.name.startswith("__init__.") else file
        folder = str(inner.parent)
        if folder in image.imports and not (Path(folder) / "__init__.py").exists():
            asked = [stat for stat in dict.fromkeys(image.stats) if stat in image.imports and stat != folder]
            yield Record("V", time, (*asked, folder), image.name)
            yield Record("I", time, (inner.name.split(".", 1)[0],), image.name)

    def _stat(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        path = _path(image, call)
        if path is None:
            return
        if not call.error:
            self.there.add(path)
            image.stats.append(path)
            del image.stats[:-MOST_STATS]
        elif call.error in ABSENT and not PurePath(path).name.startswith("__init__."):
            yield Record("N", call.time, (path,), image.name)

    def _list(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        if call.fd is not None and call.fd != image.listing:
            yield Record("L", call.time, (call.fd,), image.name)

    def _execute(self, image: Image, thread: str, call: Call) -> Iterator[Record]:
        path = _path(image, call)
        if call.error or path is None:
            return
        argv = tuple(cut([text for _, text in call.strings[1:]]))
        program = _interpreter(path)
        python = self.version(program) if is_python(program) else None
        new = self.images[thread] = Image(f"{thread}:{call.time}", list(image.cwd), python)
        if not self.first:
            yield Record("C", call.time, argv, new.name)
        self.first = False
        yield Record("R", call.time, (path, UNKNOWN), new.name)
        if python is not None:
            self.prefixes |= {str(PurePath(place).parent.parent) for place in (program, os.path.realpath(program))}
            yield Record("H", call.time, (python, *argv), new.name)

    def _fork(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        if not call.error and call.result.isdecimal():
            cwd = image.cwd if "CLONE_FS" in call.flags else list(image.cwd)
            child = Image(call.result, cwd, image.python, set(image.imports))
            self.images[call.result] = child
        yield from ()

    def _chdir(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        place = call.fd if call.name == "fchdir" else _path(image, call)
        if not call.error and place is not None:
            image.cwd[0] = place
        yield from ()

    def _rename(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        names = _paths(image, call)
        if not call.error and len(names) == 2:
            yield Record("M", call.time, names, image.name)

    def _link(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        names = _paths(image, call)
        if not call.error and len(names) == 2:
            if not call.name.startswith("symlink"):
                yield Record("R", call.time, (names[0], UNKNOWN), image.name)
            yield Record("W", call.time, (names[1], LINK), image.name)

    def _make(self, image: Image, _thread: str, call: Call) -> Iterator[Record]:
        path = _path(image, call)
        if not call.error and path is not None:
            yield Record("W", call.time, (path, UNKNOWN), image.name)


Act = Callable[[Tree, Image, str, Call], Iterator[Record]]

_ACTS: dict[str, Act] = {
    **dict.fromkeys(("open", "openat", "openat2", "creat"), Tree._open),
    **dict.fromkeys(STATS, Tree._stat),
    **dict.fromkeys(("getdents", "getdents64"), Tree._list),
    **dict.fromkeys(("execve", "execveat"), Tree._execute),
    **dict.fromkeys(("clone", "clone3", "fork", "vfork"), Tree._fork),
    **dict.fromkeys(("chdir", "fchdir"), Tree._chdir),
    **dict.fromkeys(("rename", "renameat", "renameat2"), Tree._rename),
    **dict.fromkeys(("link", "linkat", "symlink", "symlinkat"), Tree._link),
    **dict.fromkeys(("truncate", "mkdir", "mkdirat"), Tree._make),
}


def _path(image: Image, call: Call) -> str | None:
    """The first path of a call, absolute; None where it has none (a descriptor alone), or its folder is not known."""
    return _absolute(image, *call.strings[0]) if call.strings and call.strings[0][1] else None


def _paths(image: Image, call: Call) -> tuple[str, ...]:
    names = (_absolute(image, *pair) for pair in call.strings)
    return tuple(name for name in names if name is not None)


def _absolute(image: Image, base: str | None, name: str) -> str | None:
    if name[:1] == "/":
        return os.path.normpath(name)
    folder = base if base is not None else image.cwd[0]
    return None if folder is None else os.path.normpath(os.path.join(folder, name))  # noqa: PTH118


def _interpreter(path: str) -> str:
    """The program that runs when a file is executed: the one that a script names in its first line."""
    try:
        with Path(path).open("rb") as file:
            first = file.readline(500)
    except OSError:
        return path
    words = os.fsdecode(first[2:]).split() if first[:2] == b"#!" else []
    return words[0] if words else path
