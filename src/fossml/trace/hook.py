"""Runs inside the traced process: an audit hook that appends each new thing opened to a file of this process.

Standard library only, Python >= 3.8, and nothing imported that the interpreter has not loaded by itself. A record is
written when it happens, by open, append and close: no descriptor is kept that the program could close or reuse, and
nothing is lost when the process is killed. A record is one line: kind, time in ns, fields, separated by tabs.

Kinds: H started, with the package folders · R read · W written · F, G something read, written below this folder
(past LIMIT) · Q database opened · L listed · M renamed · S source executed · P package executed · C command started.
"""

# ruff: noqa: PTH109, PTH110, PTH117, PTH118, PTH120
# pathlib and __future__ would show in sys.modules.

import os
import sys
import time

TYPE_CHECKING = False
"""Known to type checkers; to import `typing` would load it into every traced process."""
if TYPE_CHECKING:
    from typing import Any

LIMIT = 50000
"""Distinct paths remembered by one process; past it only their folders are."""

MOST_COMMANDS = 1000

PACKAGES = ("/site-packages/", "/dist-packages/")
SYSTEM = ("/proc", "/dev", "/sys", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/System", "/Library")
NOT_LISTING = ("<frozen importlib", "/importlib", "/pkgutil.py", "/pkg_resources/")
"""Modules that list folders to find code, not data."""


def install(folder: str, root: str) -> None:
    """Add the hook; `folder` takes this process's record, `root` is the repository."""
    recorder = Recorder(folder, root)
    recorder.record("H", *(path for path in sys.path if (path + "/").endswith(PACKAGES)))
    handlers = recorder.handlers

    # A closure, since it is called for every event (each `id()` is one) and almost always has nothing to do.
    def hook(event: str, args: "tuple[Any, ...]") -> None:
        if event in handlers:
            try:
                handlers[event](event, args)
            except Exception:  # only what the user does (Ctrl-C) may leave this function
                return

    sys.addaudithook(hook)


def ignored_folders(folder: str, root: str) -> "tuple[str, ...]":
    """Folders of the interpreter and the system, each ending in a slash, unless the repository lies below them."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)}
    ends = [os.path.normpath(path) + os.sep for path in prefixes.union(SYSTEM)]
    roots = (root + os.sep, os.path.realpath(root) + os.sep)
    return (folder + os.sep, *(path for path in ends if not any(home.startswith(path) for home in roots)))


def absolute(path: "Any") -> "str | None":
    """`path` as str, absolute and normalised; None for a file descriptor."""
    if isinstance(path, int):
        return None
    name = os.fsdecode(path)
    return os.path.normpath(name if os.path.isabs(name) else os.path.join(os.getcwd(), name))


def escaped(field: object) -> str:
    """`field` on one line and without tabs."""
    text = str(field)
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def commands(event: str, args: "tuple[Any, ...]") -> "list[str]":
    """The argument vectors that a process event names."""
    if event == "os.system":
        return ["sh", "-c", os.fsdecode(args[0])]
    argv = args[1]
    words = [argv] if isinstance(argv, (str, bytes)) else list(argv)
    return [os.fsdecode(word)[:500] for word in words[:100]]


class Recorder:
    """What to do on which audit event, and what this process has recorded so far."""

    def __init__(self, folder: str, root: str) -> None:
        self.folder = folder
        self.ignored = ignored_folders(folder, root)
        self.seen: set[tuple[str, ...]] = set()
        self.written: set[str] = set()
        self.executed: set[str] = set()
        self.started = 0
        self.handlers = {
            "open": self.opened,
            "exec": self.source,
            "import": self.extension,
            "os.listdir": self.listed,
            "os.scandir": self.listed,
            "os.rename": self.renamed,
            "os.link": self.linked,
            "os.symlink": self.linked,
            "os.truncate": self.truncated,
            "sqlite3.connect": self.database,
            "subprocess.Popen": self.command,
            "os.exec": self.command,
            "os.posix_spawn": self.command,
            "os.system": self.command,
        }

    def opened(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`open(path, mode, flags)`: the flags say it all, for the builtin and os.open alike."""
        path, flags = absolute(args[0]), args[2]
        if path is None or self.is_ignored(path):
            return
        if flags & (os.O_WRONLY | os.O_RDWR):
            fresh = flags & (os.O_TRUNC | os.O_EXCL)
            if not fresh and path not in self.written and os.path.exists(path):
                self.read(path)
            self.write(path)
        else:
            self.read(path)

    def source(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`exec(code)`: the code object knows its source, also when it came from bytecode."""
        name = args[0].co_filename
        if name in self.executed or name[:1] == "<":
            return
        if len(self.executed) < LIMIT:
            self.executed.add(name)
        path = absolute(name)
        if path is not None and any(mark in path for mark in PACKAGES):
            self.package(path)
        elif path is not None and not self.is_ignored(path):
            self.once("S", path)

    def extension(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`import(module, filename, ...)` has a file name for compiled modules only."""
        name = args[1]
        if name and any(mark in name for mark in PACKAGES):
            self.package(name)

    def package(self, path: str) -> None:
        """Note two levels below site-packages: enough to tell the parts of a namespace package apart."""
        mark = next(mark for mark in PACKAGES if mark in path)
        home, _, inner = path.rpartition(mark)
        self.once("P", home + mark[:-1], "/".join(inner.split("/")[:2]))

    def listed(self, _event: str, args: "tuple[Any, ...]") -> None:
        """A folder listed by the program; not by the import system, which lists what is on sys.path."""
        path = absolute("." if args[0] is None else args[0])
        caller = sys._getframe(2).f_code.co_filename
        if path is not None and not self.is_ignored(path) and not any(name in caller for name in NOT_LISTING):
            self.once("L", path)

    def renamed(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`os.rename` and `os.replace`: what was written under the old name is now under the new one."""
        source, target = absolute(args[0]), absolute(args[1])
        if source is not None and target is not None and not self.is_ignored(target):
            self.written.add(target)
            self.once("M", source, target)

    def linked(self, event: str, args: "tuple[Any, ...]") -> None:
        """A link made: its name is written, and what a hard link shares was read."""
        source, target = absolute(args[0]), absolute(args[1])
        if event == "os.link" and source is not None and not self.is_ignored(source):
            self.read(source)
        if target is not None and not self.is_ignored(target):
            self.write(target)

    def truncated(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`os.truncate(path)`."""
        path = absolute(args[0])
        if path is not None and not self.is_ignored(path):
            self.write(path)

    def database(self, _event: str, args: "tuple[Any, ...]") -> None:
        """SQLite opens its file in C: read if it was there; whether it was written shows when it is over."""
        if os.fsdecode(args[0]).startswith((":memory:", "file:")):
            return
        path = absolute(args[0])
        if path is not None and os.path.exists(path):
            self.once("Q", path)
        elif path is not None:
            self.write(path)

    def command(self, event: str, args: "tuple[Any, ...]") -> None:
        """A process started by this one."""
        if self.started < MOST_COMMANDS:
            self.started += 1
            self.once("C", *commands(event, args))

    def read(self, path: str) -> None:
        """Note a file read."""
        self.bounded("R", "F", path)

    def write(self, path: str) -> None:
        """Note a file written."""
        if len(self.written) < LIMIT:
            self.written.add(path)
        self.bounded("W", "G", path)

    def bounded(self, kind: str, folder_kind: str, path: str) -> None:
        """Note `path`, or its folder once there are too many."""
        if len(self.seen) < LIMIT or (kind, path) in self.seen:
            self.once(kind, path)
        elif len(self.seen) < 2 * LIMIT:
            self.once(folder_kind, os.path.dirname(path))

    def once(self, *entry: str) -> None:
        """Record `entry` unless this process, or the one it was forked from, has."""
        if entry not in self.seen and len(self.seen) < 2 * LIMIT:
            self.seen.add(entry)
            self.record(*entry)

    def is_ignored(self, path: str) -> bool:
        """Whether `path` belongs to the interpreter, the system, a package, or to the trace itself."""
        if path.startswith(self.ignored) or path.endswith(".pyc") or "/__pycache__/" in path:
            return True
        return any(mark in path for mark in PACKAGES)

    def record(self, kind: str, *fields: str) -> None:
        """Append one line to this process's file. A forked child finds its own by its process id."""
        line = "\t".join((kind, str(time.time_ns()), *(escaped(field) for field in fields))) + "\n"
        name = os.path.join(self.folder, f"{os.getpid()}.trace")
        target = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(target, line.encode("utf-8", "surrogateescape"))
        finally:
            os.close(target)
