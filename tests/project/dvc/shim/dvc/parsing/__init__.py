"""DVC's resolver and definitions: each hands what it is given to fossml.project.dvc.definitions."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fossml.project.dvc import context as ours
from fossml.project.dvc import definitions
from fossml.project.dvc.emit import dump
from fossml.project.dvc.params import DEFAULT as DEFAULT_PARAMS_FILE
from fossml.project.dvc.stages import parsing_style

from .context import Context, ResolveError, refusals
from .words import Worded

__all__ = [
    "DEFAULT_PARAMS_FILE",
    "DataResolver",
    "EntryDefinition",
    "ForeachDefinition",
    "MatrixDefinition",
    "ResolveError",
]


class DataResolver:
    """One dvc.yaml, `data`, that lies in `folder`."""

    def __init__(self, _: SimpleNamespace, folder: str | PathLike[str], data: dict[str, Any]) -> None:
        root = Path.cwd()
        inside = posixpath.relpath(fspath(folder), root) if fspath(folder) else ""
        self.source = Worded(posixpath.normpath(posixpath.join(inside, "dvc.yaml")), dump(data))
        self.data = data
        self.style = parsing_style(root)
        # fossml keeps no account of the values that a template took.
        self.tracked_vars: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        with refusals():
            self.context = Context.of(definitions.shared(self.source, data.get("vars", []), ours.Context(root)))

    def resolve(self) -> dict[str, Any]:
        """All stages."""
        stages = [self.stages(self.context, name, body) for name, body in self.data.get("stages", {}).items()]
        return {"stages": {name: fields for each in stages for name, fields in each.items()}}

    def stages(self, context: Context, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The stages that `body` stands for, by name."""
        with refusals():
            found = definitions.resolve_stage(self.source, name, body, context.ours, self.style)
            return {stage.name: dict(stage.fields) for stage in found}

    def _section(self, name: str) -> Any:
        with refusals():
            return definitions.resolve_section(self.source, name, self.data[name], self.context.ours)

    def resolve_params(self) -> Any:
        """The top-level section."""
        return self._section("params")

    def resolve_metrics(self) -> Any:
        """The top-level section."""
        return self._section("metrics")

    def resolve_plots(self) -> Any:
        """The top-level section."""
        return self._section("plots")

    def resolve_artifacts(self) -> Any:
        """The top-level section."""
        return self._section("artifacts")

    def resolve_datasets(self) -> Any:
        """The top-level section."""
        return self._section("datasets")


class EntryDefinition:
    """One entry of `stages`."""

    def __init__(self, resolver: DataResolver, context: Context, name: str, body: Mapping[str, Any]) -> None:
        self.resolver, self.context, self.name, self.body = resolver, context, name, body

    def resolve_all(self) -> dict[str, Any]:
        """Every stage that it stands for."""
        return self.resolver.stages(self.context, self.name, self.body)

    resolve = resolve_all

    def resolve_one(self, key: str) -> dict[str, Any]:
        """The stage of one item."""
        name = f"{self.name}{definitions.JOIN}{key}"
        return {name: self.resolve_all()[name]}


class ForeachDefinition(EntryDefinition):
    """An entry with `foreach`."""


class MatrixDefinition(EntryDefinition):
    """An entry with `matrix`."""
