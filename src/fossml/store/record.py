"""A Run as JSON and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fossml.types import Accepted, Artifact, Discovered, Environment, Run


def to_json(run: Run | Discovered) -> dict[str, Any]:
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
    for name in ("params", "metrics", "env"):
        fields[name] = dict(fields.get(name, {}).items())
    for name, make in _VALUES.items():
        if fields.get(name) is not None:
            fields[name] = make(fields[name])


def _environment(data: Mapping[str, Any]) -> Environment:
    return Environment(**_known(Environment, data))


def discovered_from_json(data: Mapping[str, Any]) -> Discovered:
    """What `to_json` gave; ValueError for anything else."""
    try:
        return _discovered(data)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not what a Run discovered: {error}") from None


def _discovered(data: Mapping[str, Any]) -> Discovered:
    fields = _known(Discovered, data)
    for name in ("missing", "absent", "wrote", "packages", "untraced"):
        fields[name] = _strings(fields.get(name, ()))
    for name in ("sources", "files", "listed", "distributions", "network"):
        fields[name] = dict(fields.get(name, {}).items())
    fields["searched"] = {folder: _strings(names) for folder, names in fields.get("searched", {}).items()}
    return Discovered(**fields)


def _accepted(data: Mapping[str, Any]) -> Accepted:
    fields = _known(Accepted, data)
    return Accepted(**{**fields, "reasons": _strings(fields["reasons"])})


_VALUES: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "environment": _environment,
    "discovered": _discovered,
    "accepted": _accepted,
}


def _strings(values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of strings was expected")
    return tuple(values)


def _known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: _plain(inner) for field, inner in fields if not _is_left_out(field, inner)}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _is_left_out(field: dataclasses.Field[Any], value: Any) -> bool:
    """Whether `value` is what the field has anyway."""
    if field.default_factory is not dataclasses.MISSING:
        return not value
    default = field.default
    return default is not dataclasses.MISSING and type(value) is type(default) and bool(value == default)
