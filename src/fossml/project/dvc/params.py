"""Parameter files: YAML 1.2, JSON, TOML or Python by suffix, and the values that a stage reads of them."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, cast

from fossml.errors import FossmlError
from fossml.project.dvc import pyparams, yaml12
from fossml.project.dvc.limits import at_line, check_value, line_of_number, too_deep
from fossml.project.dvc.places import rooted
from fossml.project.dvc.shape import show
from fossml.project.dvc.source import decode, nearest, read, read_bytes
from fossml.types import Json, ParamSource, Stage

DEFAULT = "params.yaml"


def read_params(root: Path, path: str) -> dict[str, Json]:
    """All parameters of the file `path` below `root`.

    FossmlError where it cannot be read or holds what JSON has no word for (dates, sets).
    """
    values = {str(key): _checked(value, str(key), path) for key, value in load_params(root, path).items()}
    return deepcopy(values)


def load_params(root: Path, path: str) -> Mapping[Any, Any]:
    """The values of a parameter file as its format gives them: shared, not to be changed."""
    return _parse(read_bytes(root, path), path)


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
        raise FossmlError(f"expected a mapping of names to values, got {show(value)}", where=path)
    return cast("dict[Any, Any]", value or {})


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FossmlError(f"is not JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    except RecursionError as error:
        raise too_deep(text, path) from error
    except ValueError as error:  # a number of very many digits
        raise FossmlError("is not JSON: a number is too long", where=at_line(path, line_of_number(text))) from error


def _toml(text: str, path: str) -> Any:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise too_deep(text, path) from error
    except ValueError as error:
        line = line_of_toml_error(error, text)
        raise FossmlError(f"is not TOML: {error}", where=at_line(path, line)) from error


def line_of_toml_error(error: ValueError, text: str) -> int | None:
    """The line that tomllib means."""
    if found := re.search(r"\(at line (\d+), column", str(error)):
        return int(found[1])
    return text.count("\n") + 1 if "(at end of document)" in str(error) else line_of_number(text)


def _python(text: str, path: str) -> Any:
    try:
        return pyparams.parse(text)
    except SyntaxError as error:
        raise FossmlError(f"is not Python: {error.msg}", where=at_line(path, error.lineno)) from error
    except (RecursionError, MemoryError) as error:
        raise too_deep(text, path) from error
    except ValueError as error:
        raise FossmlError(f"is not Python: {error}", where=at_line(path, line_of_number(text))) from error


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
        raise FossmlError(f"the name {odd!r} is not a string", where=place, hint="put it in quotes")
    return {key: _checked(values[key], key, place) for key in sorted(values)}


def _value(root: Path, stage: Stage, values: Mapping[Any, Any], place: str, key: str) -> Json:
    try:
        return _checked(lookup(values, key), key, place)
    except KeyError:
        message = f"the parameter {key!r} of stage {stage.name!r} is not in {place}"
        raise _missing(root, stage, message, key, nearest(key, map(str, values))) from None


def _missing(root: Path, stage: Stage, message: str, text: str, hint: str | None = None) -> FossmlError:
    source = read(root, stage.file)
    data = yaml12.load(source.text, source.file)
    stages = data.get("stages", {}) if isinstance(data, dict) else {}
    name = stage.name if stage.name in stages else stage.name.rpartition("@")[0]
    path = ("stages", name, "do") if "do" in stages.get(name, {}) else ("stages", name)
    return source.error(message, (*path, "params"), containing=text, hint=hint)


def _checked(value: Any, key: str, place: str) -> Json:
    """`value` with tuples as lists; FossmlError for what a record cannot hold."""
    if isinstance(value, tuple | list):
        items = [_checked(item, key, place) for item in value]
        return items if isinstance(value, tuple) else cast("Json", value)
    if isinstance(value, dict):
        for item in value.values():
            _checked(item, key, place)
        return cast("Json", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise FossmlError(f"the parameter {key!r} is not a finite number", where=place, hint="put it in quotes")
    if value is None or isinstance(value, bool | int | float | str):
        return cast("Json", value)
    kind = type(value).__name__
    raise FossmlError(f"the parameter {key!r} holds a {kind}, which no record can", where=place, hint="write a string")
