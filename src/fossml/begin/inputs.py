"""What a run read, as DVC's inputs: dependencies, and parameters where a file of them was read."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from fossml.begin.outputs import KEPT, Text
from fossml.begin.paths import below, holder, parents
from fossml.begin.survey import PARAMS
from fossml.types import Trace

MANY = 20
"""More files read than this in one folder, all that it has, are one dependency."""

_LOADER = re.compile(r"(?m)^\s*(import|from)\s+(yaml|ruamel|json|toml|tomli|tomllib|omegaconf|hydra|dvc)\b")
_WHOLE = re.compile(r"\.(items|values|update)\(|\*\*|\bfor \w+ in \w*(param|conf|cfg|args)\w*\s*:")

_MODULE = re.compile(r"\s-m\s+([\w.]+)")

Params = Mapping[str, Mapping[str, Any]]


def inputs(cmd: str, trace: Trace, there: AbstractSet[str], made: AbstractSet[str], units: Iterable[str]) -> list[str]:
    """Files and folders the run needs, sorted: of those that were `there` before it and that it did not make.

    `units` are the outputs of other stages and the data DVC tracks: what lies in one is declared as it. Modules that
    the script imports are left to the trace (`modules`).
    """
    known = list(units)
    left = modules(cmd, trace)
    read = {*trace.read, *trace.sources, *named(cmd)}
    needed = {path for path in read if path in there and path not in made and path not in KEPT}
    needed -= {path for path in left if holder(path, known) is None}
    whole = [
        *known,
        *_listed(trace, needed, made),
        *_all_of(needed - set(trace.sources), there, made),
    ]
    return sorted({holder(path, whole) or path for path in needed})


def modules(cmd: str, trace: Trace) -> tuple[str, ...]:
    """What the run executed beside the Python scripts that its command names: each build sees these by itself.

    Empty where it names no such script: then any of them may be the one.
    """
    started = [name.replace(".", "/") + end for name in _MODULE.findall(cmd) for end in (".py", "/__main__.py")]
    names = {*named(cmd), *started}
    ends = tuple(f"/{name}" for name in started)
    found = tuple(path for path in trace.sources if path not in names and not path.endswith(ends))
    return found if len(found) < len(trace.sources) else ()


def named(cmd: str) -> list[str]:
    """The words of a command that may be files: the script itself, also where it is no Python."""
    try:
        words = shlex.split(cmd)
    except ValueError:
        return []
    return [re.sub(r"^\./", "", word) for word in words if not word.startswith("-")]


def _listed(trace: Trace, needed: AbstractSet[str], made: AbstractSet[str]) -> Iterator[str]:
    """Folders that were listed for the data in them: a file more in there changes the result."""
    sources = set(trace.sources)
    for folder in trace.listed:
        inside = [path for path in needed if below(path, folder)]
        if folder != "." and inside and not sources.intersection(inside) and not any(below(p, folder) for p in made):
            yield folder


def _all_of(needed: AbstractSet[str], there: AbstractSet[str], made: AbstractSet[str]) -> Iterator[str]:
    for folder in sorted({folder for path in needed for folder in parents(path)}):
        inside = [path for path in there if below(path, folder)]
        if len(inside) > MANY and needed >= set(inside) and not any(below(path, folder) for path in made):
            yield folder


def is_params(path: str) -> bool:
    """Whether a file is one of parameters, by its name."""
    return PARAMS.search(path) is not None


def params(files: Params, names: AbstractSet[str]) -> list[Any]:
    """The `params` of a stage: of each file the keys among `names`; all keys where none is, or one is hard to tell.

    Names of params.yaml stand alone, as DVC has it; a key with a dot in it has no dotted name: the file whole.
    """
    listed: list[Any] = []
    for path in sorted(files, key=lambda path: (path != "params.yaml", path)):
        keys = [str(key) for key in files[path]]
        used = [key for key in keys if key in names] or keys
        if any(re.search(r"[.\[\],:]", key) for key in used):
            listed.append({path: None})
        elif path == "params.yaml":
            listed += used
        else:
            listed.append({path: used})
    return listed


def names_in(sources: Iterable[str], text: Text) -> frozenset[str]:
    """The names by which the code can take parameters; none where it may take some without naming them.

    It names what it takes where a known library loads the file and nothing goes through a mapping as a whole.
    """
    texts = [text(path) or "" for path in sources]
    if not any(_LOADER.search(source) for source in texts) or any(_WHOLE.search(source) for source in texts):
        return frozenset()
    return frozenset(name for source in texts for name in _names(source))


def _names(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from node.value.split(".")
