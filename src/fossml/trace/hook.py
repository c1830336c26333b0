"""Runs inside the traced process: an audit hook that appends each new thing opened to a file of this process.

Standard library only, Python >= 3.8, and nothing imported that the interpreter has not loaded by itself. A record is
written when it happens, by open, append and close: no descriptor is kept that the program could close or reuse, and
nothing is lost when the process is killed. A record is one line: kind, time in ns, fields, separated by tabs.

Kinds, and their fields:

H started: version of the interpreter, its command · V what sys.path is now · I module looked for along it, by whom
R read, W written: path, its `state` just before · F, G something read, written below this folder (past LIMIT)
N opened in vain · S source executed: path, state, version of the interpreter · P package executed: folder, path in it
L folder listed · M renamed: from, to · C command started: its arguments
T network tried: host, port, file and line of the repository that did
"""

# ruff: noqa: PTH109, PTH110, PTH116, PTH117, PTH118, PTH120, PTH123
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
MOST_MISSING = 1000
MOST_HOSTS = 100
MOST_FRAMES = 200

WRITES = os.O_WRONLY | os.O_RDWR
AFRESH = os.O_TRUNC | os.O_EXCL

PACKAGES = ("/site-packages/", "/dist-packages/")
SYSTEM = ("/proc", "/dev", "/sys", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/System", "/Library")
OWN = "own"
"""In the record of a module that was looked for: code of the repository did."""
NOT_LISTING = ("<frozen importlib", "/importlib", "/pkg_resources/")
"""Modules that list folders to find code, not data."""
FINDING = "/pkgutil.py"
"""Lists what is on sys.path to find code; in other folders a program looks with it for its own plugins."""
BY_FOLDER = ("/shutil.py", "/os.py", "<frozen os>")
"""Modules whose os.open names a file relative to a folder that no event tells."""


def install(folder: str, root: str) -> None:
    """Add the hook; `folder` takes this process's record, `root` is the repository."""
    recorder = Recorder(folder, root)
    recorder.record("H", recorder.version, *own_command())
    recorder.paths()
    handlers = recorder.handlers
    (read, written), writes, getcwd = recorder.known, WRITES, os.getcwd

    # A closure, since it is called for every event (each `id()` is one) and almost always has nothing to do. A file
    # that was opened before, in this way, is known before anything is made of its name: a loader comes back to its
    # files in each epoch. What a relative name means is asked each time; native code changes folders unannounced.
    def hook(event: str, args: "tuple[Any, ...]") -> None:
        if event in handlers:
            try:
                if event == "open":
                    name = args[0]
                    if type(name) is str and (name[:1] == "/" or args[1] is not None):
                        known = written if args[2] & writes else read
                        if (name if name[:1] == "/" else getcwd() + "/" + name) in known:
                            return
                handlers[event](event, args)
            except Exception:  # only what the user does (Ctrl-C) may leave this function
                return

    sys.addaudithook(hook)


def prefixes() -> "set[str]":
    """The folders of this interpreter."""
    return {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)}


def ignored_folders(folder: str, root: str, interpreter: "set[str]") -> "tuple[str, ...]":
    """Folders of the interpreter and the system, each ending in a slash, unless the repository lies below them."""
    ends = [os.path.normpath(path) + os.sep for path in interpreter.union(SYSTEM)]
    roots = (root + os.sep, os.path.realpath(root) + os.sep)
    return (folder + os.sep, *(path for path in ends if not any(home.startswith(path) for home in roots)))


def is_ignored(path: str, folders: "tuple[str, ...]") -> bool:
    """Whether `path` belongs to the interpreter, the system, a package, or to the trace itself."""
    if path.startswith(folders) or "/__pycache__/" in path:
        return True
    if path.endswith(".pyc") and path.rpartition("/")[2].count(".") > 1:  # a cache: module.cpython-312.pyc
        return True
    return any(mark in path for mark in PACKAGES)


def in_package(path: str) -> "tuple[str, str] | None":
    """The site-packages folder that holds `path`, and two levels of what is below it.

    Two are enough to tell the parts of a namespace package apart. None where it is no package's.
    """
    for mark in PACKAGES:
        home, found, inner = path.rpartition(mark)
        if found:
            return home + mark[:-1], "/".join(inner.split("/")[:2])
    return None


def state(path: str) -> str:
    """What changes when the file changes: size, mtime and ctime in ns, then links and mode; "-" for no file."""
    try:
        now = os.stat(path)
    except (OSError, ValueError):
        return "-"
    return f"{now.st_size} {now.st_mtime_ns} {now.st_ctime_ns} {now.st_nlink} {now.st_mode}"


def own_command() -> "list[str]":
    """The command line of this process, cut as those of others are."""
    words = getattr(sys, "orig_argv", None)  # since 3.10
    if words is None:
        try:
            with open("/proc/self/cmdline", "rb") as file:
                words = file.read().split(b"\0")[:-1]
        except OSError:
            words = []
    return cut(words)


def cut(words: "list[Any]") -> "list[str]":
    """A command line of bounded length."""
    return [os.fsdecode(word)[:500] for word in words[:100]]


def absolute(path: "Any", folder: int = -1) -> "str | None":
    """`path` as str, absolute and normalised; None for a file descriptor. `folder` is the one of its folder, if any."""
    if isinstance(path, int):
        return None
    name = os.fsdecode(path)
    base = "" if os.path.isabs(name) else os.getcwd() if folder < 0 else of_descriptor(folder)
    return os.path.normpath(os.path.join(base, name))


def of_descriptor(number: int) -> str:
    """The path of an open file or folder."""
    return os.path.realpath(f"/proc/self/fd/{number}")


def open_folders() -> "list[str]":
    """The folders that are open as descriptors."""
    place = "/proc/self/fd"
    numbers = os.listdir(place) if os.path.exists(place) else []  # noqa: PTH208
    paths = [of_descriptor(int(number)) for number in numbers]  # of one that is closed by now: no folder
    return [path for path in paths if os.path.isdir(path)]  # noqa: PTH112


def is_here(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    name = host.lower().rstrip(".")
    return (
        name in ("", "localhost", "::1", "::", "0.0.0.0", os.uname().nodename.lower())
        or name.endswith(".localhost")
        or name.startswith(("127.", "::ffff:127."))
    )


def unquoted(text: str) -> str:
    """`text` of a URI, %20 and the like read as what they stand for."""
    first, *rest = text.encode().split(b"%")
    return os.fsdecode(first + b"".join(bytes([int(part[:2], 16)]) + part[2:] for part in rest))


def escaped(field: object) -> str:
    """`field` on one line and without tabs."""
    text = str(field)
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def commands(event: str, args: "tuple[Any, ...]") -> "list[str]":
    """The argument vectors that a process event names."""
    if event == "os.system":
        return ["sh", "-c", os.fsdecode(args[0])]
    argv = args[1]
    return cut([argv] if isinstance(argv, (str, bytes)) else list(argv))


class Recorder:
    """What to do on which audit event, and what this process has recorded so far."""

    def __init__(self, folder: str, root: str) -> None:
        self.folder = folder
        self.roots = (root + os.sep, os.path.realpath(root) + os.sep)
        self.ignored = ignored_folders(folder, root, prefixes())
        self.version = sys.version.split()[0]
        self.library = os.path.dirname(os.__file__) + os.sep
        self.seen: set[tuple[str, ...]] = set()
        self.written: set[str] = set()
        self.executed: set[str] = set()
        self.known: tuple[set[str], set[str]] = (set(), set())
        self.looked: set[tuple[str, str]] = set()
        self.path: tuple[object, ...] = ()
        self.hosts: set[tuple[str, str]] = set()
        self.started = 0
        self.missed = 0
        self.handlers = {
            "open": self.opened,
            "exec": self.source,
            "import": self.imported,
            "os.listdir": self.listed,
            "os.scandir": self.listed,
            "os.rename": self.renamed,
            "os.link": self.linked,
            "os.symlink": self.linked,
            "os.truncate": self.truncated,
            "sqlite3.connect": self.database,
            "ctypes.dlopen": self.library_loaded,
            "subprocess.Popen": self.command,
            "os.exec": self.command,
            "os.posix_spawn": self.command,
            "os.system": self.command,
            "socket.connect": self.connected,
            "socket.sendto": self.sent,
            "socket.sendmsg": self.sent,
            "socket.getaddrinfo": self.asked,
            "socket.gethostbyname": self.asked,
        }

    def opened(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`open(path, mode, flags)`: the flags say it all, for the builtin and os.open alike."""
        name, mode, flags = args
        if type(name) is not str:
            if isinstance(name, int):
                return
            name = os.fsdecode(name)
        if name[:1] != "/":
            if mode is None:
                if not sys._getframe(2).f_code.co_filename.endswith(BY_FOLDER):
                    self.opened_somewhere(name, flags)
                return
            name = os.getcwd() + "/" + name
        known = self.known[1 if flags & WRITES else 0]
        if name not in known:
            path = os.path.normpath(name)
            if (is_ignored(path, self.ignored) or self.touched(path, flags)) and len(known) < LIMIT:
                known.add(name)

    def opened_somewhere(self, name: str, flags: int) -> None:
        """`os.open` of a relative name: no event tells of `dir_fd`, so it counts in each folder that it may mean."""
        for folder in {os.getcwd(), *open_folders()}:
            path = os.path.normpath(folder + "/" + name)
            if not is_ignored(path, self.ignored):
                self.touched(path, flags)

    def touched(self, path: str, flags: int) -> bool:
        """Note an open file; whether it need not be looked at again. What is opened to be changed is read as well."""
        now = state(path)
        if now == "-" and not flags & os.O_CREAT:
            self.missing(path)
            return False
        if now != "-" and flags & os.O_EXCL:  # it will fail
            return False
        if flags & WRITES:
            if now != "-" and not flags & AFRESH and path not in self.written:
                self.bounded("R", "F", path, now)
            self.write(path, now)
        else:
            self.bounded("R", "F", path, now)
        return True

    def missing(self, path: str) -> None:
        """Note a file opened in vain."""
        if self.missed < MOST_MISSING and ("N", path) not in self.seen:
            self.missed += 1
            self.once("N", path)

    def source(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`exec(code)`: the code object knows its source, also when it came from bytecode."""
        name = args[0].co_filename
        if name in self.executed or name[:1] == "<":
            return
        if len(self.executed) < LIMIT:
            self.executed.add(name)
        path = absolute(name)
        if path is None:
            return
        package = in_package(path)
        if package is not None:
            self.once("P", *package)
            self.look(package[1])
        elif path.startswith(self.library):
            self.look(path[len(self.library) :])
        elif not is_ignored(path, self.ignored):
            self.once("S", path, more=(state(path), self.version))

    def imported(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`import(module, filename, ...)`: of the module as it is looked for, of the file as a compiled one loads."""
        module, path = args[0], args[1]
        if path is None:
            if "." not in module:
                self.look(module, OWN if self.is_own(sys._getframe(2).f_code.co_filename) else "")
            return
        path = absolute(path)
        package = in_package(path or "")
        if package is not None:
            self.once("P", *package)
        elif path is not None and not is_ignored(path, self.ignored):
            self.touched(path, os.O_RDONLY)

    def is_own(self, importer: str) -> bool:
        """Whether a module is imported by code that belongs to no package, nor to the interpreter."""
        path = None if importer[:1] == "<" else absolute(importer)
        return path is not None and not path.startswith(self.library) and not is_ignored(path, self.ignored)

    def look(self, module: str, by: str = "") -> None:
        """Note a top-level module that is looked for along sys.path, and `by` whom; a path of it will do."""
        name = module.split("/", 1)[0].split(".", 1)[0]
        if (name, by) in self.looked or len(self.looked) >= LIMIT:
            return
        self.looked.add((name, by))
        builtin = sys.modules["_imp"]
        if not (builtin.is_builtin(name) or builtin.is_frozen(name)):
            self.paths()
            self.record("I", name, by)

    def paths(self) -> None:
        """Note sys.path where it has changed since; a forked child begins anew, its file stands for itself."""
        now = (os.getpid(), os.getcwd(), *sys.path)
        if now != self.path:
            self.path = now
            self.record("V", *(path for path in map(absolute, filter(_is_name, sys.path)) if path is not None))

    def listed(self, _event: str, args: "tuple[Any, ...]") -> None:
        """A folder listed by the program; not by the import system, which lists what is on sys.path."""
        name = "." if args[0] is None else args[0]
        path = of_descriptor(name) if isinstance(name, int) else absolute(name)
        caller = sys._getframe(2).f_code.co_filename
        if path is None or any(name in caller for name in NOT_LISTING) or is_ignored(path, self.ignored):
            return
        if not (caller.endswith(FINDING) and path in map(absolute, filter(_is_name, sys.path))):
            self.once("L", path)

    def renamed(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`os.rename` and `os.replace`: what was written under the old name is now under the new one."""
        source, target = absolute(args[0], args[2]), absolute(args[1], args[3])
        if source is None or target is None or not os.path.lexists(source):
            return
        if not is_ignored(target, self.ignored):
            self.written.add(target)
            self.once("M", source, target)

    def linked(self, event: str, args: "tuple[Any, ...]") -> None:
        """A link made: its name is written, and what a hard link shares was read. It takes no name that there is."""
        source, target = absolute(args[0], args[2]), absolute(args[1], args[-1])
        if target is None or os.path.lexists(target):
            return
        if event == "os.link" and source is not None and not is_ignored(source, self.ignored):
            if not os.path.exists(source):
                return
            self.touched(source, os.O_RDONLY)
        if not is_ignored(target, self.ignored):
            self.write(target, "link")

    def truncated(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`os.truncate(path)`."""
        path = absolute(args[0])
        if path is not None and not is_ignored(path, self.ignored):
            self.write(path, state(path))

    def database(self, _event: str, args: "tuple[Any, ...]") -> None:
        """SQLite opens its file in C, to read and to write; whether it was written shows when it is over."""
        name, as_uri, asked = os.fsdecode(args[0]).partition("file:")
        if name.startswith(":memory:") or "mode=memory" in asked:
            return
        if as_uri and not name:
            name = unquoted(asked.partition("?")[0].partition("#")[0])
            name = "/" + name[2:].partition("/")[2] if name.startswith("//") else name
        path = absolute(name)
        if path is not None and not path.endswith("/:memory:"):
            self.touched(path, os.O_RDONLY if "mode=ro" in asked else os.O_RDWR | os.O_CREAT)

    def library_loaded(self, _event: str, args: "tuple[Any, ...]") -> None:
        """`ctypes.CDLL(path)`: one without a slash is looked for among those of the system."""
        if args[0] is not None and "/" in os.fsdecode(args[0]):
            path = absolute(args[0])
            if path is not None and not is_ignored(path, self.ignored):
                self.touched(path, os.O_RDONLY)

    def command(self, event: str, args: "tuple[Any, ...]") -> None:
        """A process started by this one; told twice where subprocess starts it by os.posix_spawn."""
        twice = event == "os.posix_spawn" and sys._getframe(2).f_code.co_filename.endswith("/subprocess.py")
        if self.started < MOST_COMMANDS and not twice:
            self.started += 1
            self.record("C", *commands(event, args))

    def connected(self, event: str, args: "tuple[Any, ...]") -> None:
        """`connect(socket, address)`; of datagrams it sends nothing, and programs learn their own address by it."""
        if args[0].type != sys.modules["_socket"].SOCK_DGRAM:
            self.sent(event, args)

    def sent(self, _event: str, args: "tuple[Any, ...]") -> None:
        """Something for the address of another machine."""
        known = sys.modules["_socket"]
        if args[0].family in (known.AF_INET, known.AF_INET6) and args[1]:
            self.tried(args[1][0], args[1][1])

    def asked(self, _event: str, args: "tuple[Any, ...]") -> None:
        """A name looked up: `getaddrinfo(host, port, ...)`, `gethostbyname(host)`."""
        if args[0] is not None:
            self.tried(args[0], args[1] if len(args) > 1 else "")

    def tried(self, host: "Any", port: "Any") -> None:
        """Note a try to reach another machine, and where in the repository it was made; each once."""
        entry = (os.fsdecode(host)[:255], str(port or "")[:20])
        if entry not in self.hosts and len(self.hosts) < MOST_HOSTS and not is_here(entry[0]):
            self.hosts.add(entry)
            self.record("T", *entry, *self.caller())

    def caller(self) -> "tuple[str, str]":
        """File and line of the repository's own code that is running; both empty where there is none near."""
        frame, left = sys._getframe(1).f_back, MOST_FRAMES
        while frame is not None and left:
            name = frame.f_code.co_filename
            path = None if name[:1] == "<" else absolute(name)
            if path is not None and path.startswith(self.roots) and not is_ignored(path, self.ignored):
                return path, str(frame.f_lineno)
            frame, left = frame.f_back, left - 1
        return "", ""

    def write(self, path: str, now: str) -> None:
        """Note a file written."""
        if len(self.written) < LIMIT:
            self.written.add(path)
        self.bounded("W", "G", path, now)

    def bounded(self, kind: str, folder_kind: str, path: str, now: str) -> None:
        """Note `path` and its state, or its folder once there are too many."""
        if len(self.seen) < LIMIT or (kind, path) in self.seen:
            self.once(kind, path, more=(now,))
        else:
            self.once(folder_kind, os.path.dirname(path))

    def once(self, *entry: str, more: "tuple[str, ...]" = ()) -> None:
        """Record `entry` with what is to say of it, unless this process, or the one it was forked from, has."""
        if entry not in self.seen and len(self.seen) < 2 * LIMIT:
            self.seen.add(entry)
            self.record(*entry, *more)

    def record(self, kind: str, *fields: str) -> None:
        """Append one line to this process's file. A forked child finds its own by its process id."""
        line = "\t".join((kind, str(time.time_ns()), *map(escaped, fields))) + "\n"
        name = f"{self.folder}/{os.getpid()}.trace"
        target = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(target, line.encode("utf-8", "surrogateescape"))
        finally:
            os.close(target)


def _is_name(path: object) -> bool:
    return isinstance(path, str)
