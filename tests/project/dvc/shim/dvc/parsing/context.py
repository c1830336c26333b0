"""DVC's Context on top of fossml's: its values are plain ones, so DVC's node classes are those of Python."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from fossml.errors import FossmlError
from fossml.project.dvc import context as ours
from fossml.project.dvc.templates import Template, Unresolved, check_syntax, select

CtxDict, CtxList = dict, list


class ContextError(KeyError, TypeError):
    """fossml has one kind of error where DVC has several."""

    def __str__(self) -> str:
        return str(self.args[0])


ResolveError = KeyNotInContext = MergeError = ParamsLoadError = ContextError


@contextmanager
def refusals() -> Iterator[None]:
    """Turn fossml's errors into the one that DVC's tests wait for."""
    try:
        yield
    except Unresolved as error:
        raise ContextError(error.message) from error
    except FossmlError as error:
        raise ContextError(str(error)) from error


def Value(value: Any) -> Any:  # noqa: N802
    """A value stands for itself."""
    return value


def recurse_not_a_node(value: Any) -> Any:
    """`value`, which is made of Python's own types alone."""
    assert type(value) in (dict, list, str, int, float, bool, bytes, type(None))
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        recurse_not_a_node(item)
    return value


class Context(UserDict[str, Any]):
    """A fossml Context with the methods that DVC's tests call."""

    def __init__(self, values: Mapping[Any, Any] | None = None, **more: Any) -> None:
        self.ours = ours.Context(Path.cwd())
        self.merge_update({**(values or {}), **more})

    @classmethod
    def of(cls, context: ours.Context) -> Context:
        """`context` in DVC's clothes."""
        new = cls()
        new.ours = context
        return new

    @property
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        """The values, as UserDict wants them."""
        assert isinstance(self.ours.values, dict)
        return self.ours.values

    @property
    def value(self) -> dict[str, Any]:
        """The values without node classes, which there are none of."""
        return self.data

    @property
    def imports(self) -> Mapping[str, tuple[str, ...] | None]:
        """Which keys of which file are loaded."""
        return self.ours.imports

    def __setitem__(self, key: Any, value: Any) -> None:
        with refusals():
            self.ours = replace(self.ours, values={**self.data, **ours.visible({key: value})})

    def __eq__(self, other: object) -> bool:
        return self.data == (other.data if isinstance(other, Context) else other)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def load_from(cls, _: object, path: str) -> Context:
        """The values of a file."""
        new = cls()
        with refusals():
            new.ours = new.ours.with_file(path, "")
        return new

    @staticmethod
    def clone(context: Context) -> Context:
        """A copy that may change alone."""
        return Context.of(replace(context.ours, values=deepcopy(context.data)))

    def merge_update(self, other: Mapping[Any, Any]) -> None:
        """Add `other`, which may redefine nothing."""
        with refusals():
            self.ours = self.ours.with_vars([dict(other)], "")

    def select(self, key: str, unwrap: bool = False) -> Any:  # noqa: ARG002
        """The value at `key`."""
        with refusals():
            return select(self.data, key)

    def resolve(self, value: Any) -> Any:
        """`value` with its templates replaced."""
        with refusals():
            check_syntax(value)
            return Template(self.data).resolve(value)

    resolve_str = resolve
