"""Which sources of a repository a command executes: its scripts and, from their syntax trees, what they import."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

SCRIPTS = (".py", ".ipynb", ".sh", ".bash", ".R", ".r", ".Rmd", ".qmd", ".jl", ".sql", ".js", ".pl", ".rb")
CONFIGS = (".yaml", ".yml", ".toml", ".ini", ".cfg")
PYTHON = re.compile(r"(^|[\s/])(python[\d.]*|papermill|jupyter|pytest|kedro)(\s|$)|\.py(\s|$)")

Read = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Code:
    """`sources` are executed, `configs` named in the command or in a string of them, `words` all their strings.

    `python` says whether a hook in Python sees the command at all.
    """

    sources: tuple[str, ...]
    configs: tuple[str, ...]
    words: frozenset[str]
    python: bool


@dataclass(frozen=True, slots=True)
class Module:
    """What one Python source says: imports as (level, module, names), and its words: strings and attribute names."""

    imports: tuple[tuple[int, str, tuple[str, ...]], ...] = ()
    words: frozenset[str] = frozenset()


def words_of(cmd: str) -> list[str]:
    """The words of a command line, without regard to how they are spaced and quoted."""
    try:
        return shlex.split(cmd)
    except ValueError:
        return cmd.split()


def code_of(cmd: str, wdir: str, files: frozenset[str], read: Read) -> Code:
    """What `cmd`, started in `wdir`, executes of `files`; all paths are relative to the root of the repository."""
    scripts = list(_scripts(cmd, wdir, files))
    sources: dict[str, None] = {}
    words: set[str] = set()
    waiting = [path for path, _ in scripts]
    roots = tuple(dict.fromkeys([*(root for _, root in scripts), _normal(wdir), "", "src"]))
    while waiting:
        path = waiting.pop(0)
        if path in sources:
            continue
        sources[path] = None
        if path.endswith(".py"):
            module = parsed(read(path))
            words |= module.words
            waiting += [one for one in _imported(module, path, roots, files) if one not in sources]
    named = (*words_of(cmd), *words)
    configs = {place for word in named if word.endswith(CONFIGS) for place in _places(word, wdir) if place in files}
    return Code(tuple(sources), tuple(sorted(configs)), frozenset(words), bool(PYTHON.search(cmd)))


def _normal(*parts: str) -> str:
    path = posixpath.normpath(posixpath.join(*parts)) if any(parts) else ""
    return "" if path == "." else path


def _places(word: str, wdir: str) -> Iterator[str]:
    """Where a relative path that a program names may lie: below its folder, or below the root."""
    name = word.rpartition("=")[2]
    if name and len(name) < 200 and "\n" not in name:
        yield _normal(wdir, name)
        yield _normal(name)


def _scripts(cmd: str, wdir: str, files: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Each script that the command names, with the folder that Python puts on its path for it."""
    here, before = wdir, ""
    for word in words_of(cmd):
        if before == "cd":
            here = _normal(here, word.rstrip(";"))
        elif before == "-m":
            for name in (word, f"{word}.__main__"):
                for path in _module(name, (_normal(here), "", "src"), files):
                    yield path, _normal(here)
        elif (
            word.rstrip(";").endswith(SCRIPTS) and (path := _normal(here, word.rpartition("=")[2].rstrip(";"))) in files
        ):
            yield path, posixpath.dirname(path)
        before = word


@lru_cache(maxsize=4096)
def parsed(source: str) -> Module:
    """What a source says; nothing where it cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return Module()
    imports: list[tuple[int, str, tuple[str, ...]]] = []
    words: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            imports += [(0, alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports.append((node.level, node.module or "", tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
    return Module(tuple(imports), frozenset(words))


def _imported(module: Module, path: str, roots: tuple[str, ...], files: frozenset[str]) -> Iterator[str]:
    for level, name, names in module.imports:
        places: Iterable[str] = roots
        if level:
            folder = posixpath.dirname(path)
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            places = (folder,)
        if name:
            yield from _module(name, places, files)
        for inner in names:
            yield from _module(f"{name}.{inner}".strip("."), places, files)


def _module(name: str, roots: Iterable[str], files: frozenset[str]) -> list[str]:
    """The files that importing `name` executes, from the first of `roots` that has it; none where none has."""
    parts = name.split(".")
    for root in roots:
        base = _normal(root, *parts)
        ends = [path for path in (f"{base}.py", f"{base}/__init__.py") if path in files]
        if ends:
            packages = (_normal(root, *parts[:n]) + "/__init__.py" for n in range(1, len(parts)))
            return [*(path for path in packages if path in files), *ends]
    return []
