"""A Run as JSON and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fossml.types import Artifact, Environment, Run, Trace


def to_json(run: Run) -> dict[str, Any]:
    """`run` as JSON objects and lists. Python's json carries NaN and infinities, which metrics do have, both ways."""
    plain = _plain(run)
    assert isinstance(plain, dict)
    return plain


def from_json(data: Mapping[str, Any]) -> Run:
    """The Run that `to_json` gave; ValueError for anything else. Fields that are not known are left out."""
    try:
        fields = _known(Run, data)
        if not isinstance(fields["key"], str) or not isinstance(fields["stage"], str):
            raise TypeError("key and stage are strings")
        _convert(fields)
        return Run(**fields)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a Run: {error}") from None


def _convert(fields: dict[str, Any]) -> None:
    """Lists back to tuples, objects back to the values they stand for."""
    cmd = fields["cmd"]
    fields["cmd"] = cmd if isinstance(cmd, str) else _strings(cmd)
    for name in ("deps", "outs"):
        fields[name] = tuple(Artifact(**_known(Artifact, one)) for one in fields.get(name, ()))
    for name in ("params", "metrics"):
        fields[name] = dict(fields.get(name, {}).items())
    if fields.get("environment") is not None:
        fields["environment"] = Environment(**_known(Environment, fields["environment"]))
    if fields.get("trace") is not None:
        fields["trace"] = _trace(fields["trace"])


def _trace(data: Mapping[str, Any]) -> Trace:
    fields = _known(Trace, data)
    for name in ("sources", "read", "written", "listed", "missing", "changed", "outside", "packages"):
        fields[name] = _strings(fields.get(name, ()))
    fields["searched"] = {folder: _strings(names) for folder, names in fields.get("searched", {}).items()}
    for name in ("commands", "untraced"):
        fields[name] = tuple(_strings(command) for command in fields.get(name, ()))
    return Trace(**fields)


def _strings(values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of strings was expected")
    return tuple(values)


def _known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
