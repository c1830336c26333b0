"""The environment that commands run in: their PATH, and which Python with which distributions they will find there."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fossml.types import Environment

_DESCRIBE = """
import os, sys
sys.path[:1] = []  # the folder itself, whose modules must not be taken for the library's
print(sys.executable)
print(sys.version.split()[0])
print(*filter(os.path.isdir, sys.path), sep=os.pathsep)
"""
READ = ("PATH", "HOME", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV", "UV")
"""The variables that any answer of this module depends on."""
_TOLD = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "HOME")
"""Those that a Python itself reads."""
_INFO = (".dist-info", ".egg-info", ".egg-link")
_DISTRIBUTION = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+?)(-py[0-9.]+)?\.(dist|egg)-info")
_LARGEST_PTH = 2**20
_PYTHON = re.compile(r"(python|pypy)[0-9.]*(-[a-z]+)?")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The python that a command gets: its path, version, and distributions as their folders are named.

    `folders` are those out of which it imports.
    """

    path: str
    version: str
    distributions: tuple[str, ...]
    folders: tuple[str, ...] = ()


def child_environment(environ: Mapping[str, str], prefix: str, base_prefix: str) -> dict[str, str]:
    """The environment for a command: without the folder that `uvx` puts first on PATH for the tool itself.

    `prefix` is the environment that runs fossml. It stays where it is the user's own: active (VIRTUAL_ENV), or no
    tool environment of uv or pipx.
    """
    env = {name: value for name, value in environ.items() if name not in ("OLDPWD", "UV_RUN_RECURSION_DEPTH")}
    if prefix == base_prefix or not _foreign(environ, prefix):
        return env
    own = f"{prefix}/bin"
    path = os.pathsep.join(part for part in env.get("PATH", "").split(os.pathsep) if part != own)
    return {**env, "PATH": path} if _has_python(path) else env


def _foreign(environ: Mapping[str, str], prefix: str) -> bool:
    """Whether `prefix` is there for fossml alone: not active, and started by uv, or where uv and pipx keep tools.

    An image that only puts its environment on PATH, without VIRTUAL_ENV, keeps it.
    """
    by_tool = "UV" in environ or {"uv", "pipx"} & set(Path(prefix).parts)
    return environ.get("VIRTUAL_ENV") != prefix and bool(by_tool)


def _has_python(path: str) -> bool:
    return any(shutil.which(name, path=path) for name in ("python", "python3"))


class Interpreters:
    """The pythons that commands get in the environment `env`, each asked once.

    `memory` is a file in which the answers are kept; one counts as long as the program and its pyvenv.cfg are the same.
    `never` is a stranger's folder: no program in it is asked, for that would run it, and none runs its modules. A
    virtual environment is then known by its files, as what was installed may run code when its Python starts; one in
    the folder itself counts only where nothing but `looking` is done, and only there others are asked.
    """

    def __init__(
        self, env: Mapping[str, str], memory: Path | None = None, never: Path | None = None, *, looking: bool = False
    ) -> None:
        self._env = env
        self._never = never
        self._looking = looking
        self._memory = memory
        self._answers: dict[str, Any] = _recalled(memory)
        self._found: dict[tuple[str, ...], Interpreter | None] = {}

    def of(self, command: str, cwd: Path) -> Interpreter | None:
        """The python that `command` names, else the one on PATH; None if there is none."""
        names = _names(command, cwd)
        if names not in self._found:
            path = next(filter(None, map(self._path, names)), None)
            self._found[names] = self._describe(path, cwd) if path else None
        return self._found[names]

    def places(self, command: str, cwd: Path) -> tuple[str, ...]:
        """Every path that `of` looks at: another file there may be another answer."""
        folders = self._env.get("PATH", "").split(os.pathsep)
        found = [
            path
            for name in _names(command, cwd)
            for path in ([name] if "/" in name else [f"{folder or '.'}/{name}" for folder in folders])
        ]
        beside = {f"{path.rpartition('/')[0]}/../pyvenv.cfg" for path in found}
        python = self.of(command, cwd)
        return (*found, *beside, *(python.folders if python else ()))

    def _path(self, name: str) -> str | None:
        path = name if "/" in name else shutil.which(name, path=self._env.get("PATH", ""))
        if not path or not os.access(path, os.X_OK):
            return None
        return path if not self._refused(Path(path)) or (self._looking and by_files(path)) else None

    def _refused(self, path: Path) -> bool:
        never = self._never
        places = (Path(os.path.abspath(path)), path.resolve(), path.parent.resolve())  # noqa: PTH100
        return never is not None and any(place.is_relative_to(never) for place in places)

    def _describe(self, path: str, cwd: Path) -> Interpreter | None:
        if self._never is not None and (not self._looking or self._refused(Path(path))) and (found := by_files(path)):
            return found
        state: list[Any] = [_state(path), _state(os.path.join(os.path.dirname(path), "..", "pyvenv.cfg"))]  # noqa: PTH118, PTH120
        state += [self._env.get(name, "") for name in _TOLD]
        known = self._answers.get(path)
        if not (isinstance(known, dict) and known.get("state") == state):
            asked = (
                _ask(path, self._env, cwd) if self._never is None else _ask(path, self._apart(self._never), Path("/"))
            )
            if asked is None:
                return None
            known = {"state": state, **asked}
            self._answers[path] = known
            self._remember()
        folders = tuple(known["folders"])
        names = tuple(sorted({name for folder in folders for name in _infos(folder)}))
        return Interpreter(known["path"], known["version"], names, folders)

    def _apart(self, never: Path) -> dict[str, str]:
        """The environment without what would lead a Python to modules below `never`, where it may stand."""
        parts = [part for part in self._env.get("PYTHONPATH", "").split(os.pathsep) if part.startswith("/")]
        kept = [part for part in parts if not Path(os.path.realpath(part)).is_relative_to(never.resolve())]
        return {**self._env, "PYTHONPATH": os.pathsep.join(kept), "PYTHONDONTWRITEBYTECODE": "1"}

    def _remember(self) -> None:
        if self._memory is None:
            return
        temporary = self._memory.with_name(f".fossml-tmp-{self._memory.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(self._answers), encoding="utf-8")
            temporary.replace(self._memory)


def _names(command: str, cwd: Path) -> tuple[str, ...]:
    """What is looked for: a path, or a name on PATH; the first that is there counts."""
    return tuple(str(cwd / name) if "/" in name else name for name in (*_named(command), "python", "python3"))


def _recalled(memory: Path | None) -> dict[str, Any]:
    try:
        answers = json.loads(memory.read_bytes()) if memory else {}
    except (OSError, ValueError):
        return {}
    return answers if isinstance(answers, dict) else {}


def _state(path: str) -> list[int]:
    """What is another one when another program stands at `path`, or the one that it leads to is replaced."""
    try:
        st = os.stat(path)  # noqa: PTH116  # called for each build with nothing to do
    except OSError:
        return []
    return [st.st_ino, st.st_size, st.st_mtime_ns]


def _ask(path: str, env: Mapping[str, str], cwd: Path) -> dict[str, Any] | None:
    try:
        done = subprocess.run(
            [path, "-c", _DESCRIBE], env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except OSError:
        return None
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) < 3:
        return None
    return {"path": lines[0], "version": lines[1], "folders": [one for one in lines[2].split(os.pathsep) if one]}


def interpreter(command: str, env: Mapping[str, str], cwd: Path, never: Path | None = None) -> Interpreter | None:
    """The python that `command` names, else the one on PATH; None if there is none. `never`: as in Interpreters."""
    return Interpreters(env, never=never).of(command, cwd)


def by_files(program: str) -> Interpreter | None:
    """A Python of a virtual environment, told by what lies there and without running it; None where it lies in none.

    Its `folders` are its own packages and those that lines of .pth files name.
    """
    place = Path(os.path.abspath(program)).parent.parent  # noqa: PTH100  # a link is the environment's own
    try:
        text = (place / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    settings = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in text.splitlines())}
    found = re.match(r"\d+\.\d+(\.\d+)?", settings.get("version_info") or settings.get("version") or "")
    if found is None:
        return None
    libraries = (path for path in ("lib", "lib64") if not (place / path).is_symlink())
    own = [str(path) for name in libraries for path in sorted((place / name).glob("*/site-packages"))]
    folders = tuple(dict.fromkeys([*own, *(line for folder in own for line in _added(Path(folder)))]))
    names = tuple(sorted({name for folder in folders for name in _infos(folder)}))
    return Interpreter(str(place / "bin" / Path(program).name), found[0], names, folders)


def _added(packages: Path) -> Iterator[str]:
    """The folders that .pth files add; their lines of code are not run."""
    for file in sorted(packages.glob("*.pth")):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lines = file.read_text(encoding="utf-8").splitlines() if file.stat().st_size < _LARGEST_PTH else []
            for line in lines:
                place = packages / line.strip()
                if line.strip() and not line.startswith(("#", "import ", "import\t")) and place.is_dir():
                    yield str(place)


def _named(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return [word for word in words if _PYTHON.fullmatch(word.rpartition("/")[2])]


def installed(folders: Iterable[str]) -> dict[str, str]:
    """Distribution (named as by PEP 503) -> version, of the first of `folders` that has it."""
    return _versions(name for folder in folders for name in _infos(folder))


def _versions(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        if match := _DISTRIBUTION.match(name):
            found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return found


def _infos(folder: str) -> tuple[str, ...]:
    try:
        return _infos_at(folder, os.stat(folder).st_mtime_ns)  # noqa: PTH116
    except OSError:
        return ()


@functools.lru_cache(maxsize=64)
def _infos_at(folder: str, _mtime: int) -> tuple[str, ...]:
    try:
        return tuple(sorted(name for name in os.listdir(folder) if name.endswith(_INFO)))  # noqa: PTH208
    except OSError:
        return ()


def environment(python: Interpreter | None) -> Environment | None:
    """What a Run records of `python`: version, distributions (named as by PEP 503), the machine."""
    if python is None:
        return None
    import platform  # for the record of a run only

    return Environment(
        python=python.version,
        distributions=_versions(python.distributions),
        hardware={"machine": platform.machine(), "system": platform.system(), "cores": str(os.cpu_count())},
    )
