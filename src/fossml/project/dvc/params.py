"""Parameter files: YAML 1.2, JSON, TOML or Python by suffix, and the values that a stage reads of them."""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias, cast

from fossml.errors import FossmlError
from fossml.project.dvc import yaml12
from fossml.project.dvc.limits import check_value, not_in_format, too_deep
from fossml.project.dvc.places import rooted
from fossml.project.dvc.shape import show
from fossml.project.dvc.source import decode, nearest, read, read_bytes
from fossml.types import Json, ParamSource, Stage

DEFAULT = "params.yaml"
Version: TypeAlias = tuple[int, int, int]


def read_params(root: Path, path: str) -> dict[str, Json]:
    """All parameters of the file `path` below `root`.

    FossmlError where it cannot be read or holds what JSON has no word for (dates, sets).
    """
    values = {str(key): _checked(root, path, str(key), value) for key, value in load_params(root, path).items()}
    return deepcopy(values)


def load_params(root: Path, path: str) -> Mapping[Any, Any]:
    """The values of a parameter file as its format gives them: shared, not to be changed."""
    place = os.path.join(root, path)  # noqa: PTH118  # asked for by every stage
    known = _known.get(place)
    try:
        if known is not None and known[0] == _version(place):
            return known[1]
    except OSError:
        known = None
    before = _settled(place)
    values = _parse(read_bytes(root, path), path)
    if before is not None:
        _known[place] = before, values
    return values


# The values of files that have lain unchanged for a while, by absolute path, with the version they were read from.
_known: dict[str, tuple[Version, Mapping[Any, Any]]] = {}
_SETTLED_NS = 2_000_000_000


def _version(place: str) -> Version:
    status = os.stat(place)  # noqa: PTH116
    return status.st_mtime_ns, status.st_size, status.st_ino


def _settled(place: str) -> Version | None:
    """The version of a file that was last changed so long ago that its next change will have another time."""
    try:
        version = _version(place)
    except (OSError, ValueError):
        return None
    return version if version[0] < time.time_ns() - _SETTLED_NS else None


@lru_cache(maxsize=32)
def _parse(data: bytes, path: str) -> Mapping[Any, Any]:
    text = decode(data, path)
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _PARSERS:
        value = _PARSERS[suffix](text, path)
        check_value(value, text, path)
    else:
        value = yaml12.load(text, path)
    if not isinstance(value or {}, dict):
        raise FossmlError(f"expected a mapping of names to values, got {show(value)}", where=f"{path}:1")
    return cast("dict[Any, Any]", value or {})


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise not_in_format("JSON", error.msg, error.lineno, text, path) from error
    except RecursionError as error:
        raise too_deep(text, path) from error
    except ValueError as error:  # a number of very many digits
        raise not_in_format("JSON", str(error), None, text, path) from error


def _toml(text: str, path: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise too_deep(text, path) from error
    except ValueError as error:
        raise not_in_format("TOML", str(error), _line_of_toml_error(error, text), text, path) from error


def _line_of_toml_error(error: ValueError, text: str) -> int | None:
    if found := re.search(r"\(at line (\d+), column", str(error)):
        return int(found[1])
    return text.count("\n") + 1 if "(at end of document)" in str(error) else None


def _python(text: str, path: str) -> Any:
    from fossml.project.dvc import pyparams

    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise not_in_format("Python", "a NUL stands in it", line, text, path)
    try:
        return pyparams.parse(text)
    except SyntaxError as error:
        raise not_in_format("Python", error.msg, error.lineno, text, path) from error
    except (RecursionError, MemoryError) as error:
        raise too_deep(text, path) from error


_PARSERS: dict[str, Callable[[str, str], Any]] = {".json": _json, ".toml": _toml, ".py": _python}


def lookup(params: Mapping[Any, Any], key: str) -> Json:
    """The value at a dotted `key` (`train.lr`, `layers.0`), as DVC finds it; KeyError where there is none.

    As in DVC `*`, `?` and `[...]` match names, and a key that fits several values is no key: FossmlError.
    """
    found = list(_matches(params, key.lstrip(".").split(".")))
    if not found:
        raise KeyError(key)
    if len(found) > 1:
        raise FossmlError(f"the parameter {key!r} fits {len(found)} values", hint="name one of them")
    return cast("Json", found[0])


def _matches(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
        return
    for child in _children(value, parts[0]):
        yield from _matches(child, parts[1:])


def _children(value: Any, part: str) -> Iterator[Any]:
    if isinstance(value, Mapping):
        if not any(sign in part for sign in "*?[") and part in value:
            yield value[part]
        else:
            yield from (item for name, item in value.items() if fnmatchcase(_name(name), part))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            if part in (str(index), str(index - len(value))) or fnmatchcase(str(index), part):
                yield item


def _name(key: object) -> str:
    # Only names and whole numbers can be written in a dotted key.
    return key if isinstance(key, str) else str(int(key)) if isinstance(key, int) else ""


def select_params(root: Path, stage: Stage) -> Mapping[str, Mapping[str, Json]]:
    """The values that `stage` reads now, by file, as dvc.lock has them.

    FossmlError with the line of dvc.yaml where a file or a name is missing.
    """
    ordered = sorted(stage.params, key=lambda source: (source.path != DEFAULT, source.path))
    return {source.path: _select(root, stage, source) for source in ordered}


def _select(root: Path, stage: Stage, source: ParamSource) -> Mapping[str, Json]:
    place = rooted(stage, source.path)
    if not (root / place).is_file():
        raise _missing(root, stage, f"the parameter file {place} of stage {stage.name!r} is missing", source.path)
    values = load_params(root, place)
    if source.keys is not None:
        return {key: _value(root, stage, values, place, key) for key in sorted(source.keys)}
    if odd := next((key for key in values if not isinstance(key, str)), None):
        raise _refused(root, place, str(odd), f"the name {odd!r} is not a string", "put it in quotes")
    return {key: _checked(root, place, key, values[key]) for key in sorted(values)}


def _value(root: Path, stage: Stage, values: Mapping[Any, Any], place: str, key: str) -> Json:
    try:
        value = lookup(values, key)
    except FossmlError as error:
        raise _missing(root, stage, error.message, key, error.hint) from None
    except KeyError:
        message = f"the parameter {key!r} of stage {stage.name!r} is not in {place}"
        raise _missing(root, stage, message, key, nearest(key, _dotted(values))) from None
    return _checked(root, place, key, value)


def require_param(root: Path, path: str, key: str, what: str, where: str) -> None:
    """FossmlError at `where`, with what may be meant, where no file `path` has a value at the dotted `key`."""
    if not (root / path).is_file():
        there = [str(PurePosixPath(path).parent / file.name) for file in (root / path).parent.glob("*.*")]
        raise FossmlError(f"{what}: there is no {path}", where=where, hint=nearest(path, there))
    values = load_params(root, path)
    try:
        lookup(values, key)
    except KeyError:
        raise FossmlError(f"{what}: {path} has no {key!r}", where=where, hint=nearest(key, _dotted(values))) from None


def _dotted(values: Mapping[Any, Any], above: str = "") -> Iterator[str]:
    """The names that can be asked for."""
    for name, value in values.items():
        yield f"{above}{name}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{above}{name}.")


def _missing(root: Path, stage: Stage, message: str, text: str, hint: str | None = None) -> FossmlError:
    source = read(root, stage.file)
    data = yaml12.load(source.text, source.file)
    stages = data.get("stages", {}) if isinstance(data, dict) else {}
    name = stage.name if stage.name in stages else stage.name.rpartition("@")[0]
    path = ("stages", name, "do") if "do" in stages.get(name, {}) else ("stages", name)
    return source.error(message, (*path, "params"), containing=text, hint=hint)


def _checked(root: Path, file: str, key: str, value: Any) -> Json:
    """`value`, which `file` has at `key`, with tuples as lists; FossmlError for what a record cannot hold."""
    try:
        return _recorded(value)
    except _NoRecord as error:
        message, hint = error.args
        raise _refused(root, file, key, f"the parameter {key!r} {message}", hint) from None


class _NoRecord(Exception):  # noqa: N818  # turned into a FossmlError where the name is known
    """A value that no record can hold: what it is, and a hint."""


def _recorded(value: Any) -> Json:
    if isinstance(value, tuple | list):
        items = [_recorded(item) for item in value]
        return items if isinstance(value, tuple) else cast("Json", value)
    if isinstance(value, dict):
        for item in value.values():
            _recorded(item)
        return cast("Json", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _NoRecord("is not a finite number", "put it in quotes")
    if value is None or isinstance(value, bool | int | float | str):
        return cast("Json", value)
    raise _NoRecord(f"holds a {type(value).__name__}, which no record can", "write a string")


def _refused(root: Path, file: str, key: str, message: str, hint: str) -> FossmlError:
    source = read(root, file)
    if PurePosixPath(file).suffix.lower() not in _PARSERS:
        return source.error(message, key.split("."), hint=hint)
    name = re.escape(key.rpartition(".")[2])
    found = re.search(rf"""^.*\b{name}\b["']?\s*[:=]""", source.text, re.MULTILINE)
    line = source.text.count("\n", 0, found.start()) + 1 if found else 1
    return FossmlError(message, where=f"{file}:{line}", hint=hint)
