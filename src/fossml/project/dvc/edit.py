"""Changes to a dvc.yaml that people wrote: comments and layout stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

from fossml.errors import FossmlError
from fossml.project.dvc import yaml12
from fossml.project.dvc.emit import dump, load_to_edit, round_trip
from fossml.project.dvc.schema import PIPELINE
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import Source


def add_stage(text: str | None, name: str, stage: Mapping[str, Any]) -> str:
    """`text` of a dvc.yaml (None: there is none) with `stage`, as dvc.yaml writes it, as its last stage `name`.

    FossmlError where the text is not a dvc.yaml, has a stage of that name, or `stage` is not one.
    """
    conform({"stages": {name: dict(stage)}}, PIPELINE, Source("dvc.yaml", ""))
    source = Source("dvc.yaml", text or "")
    data = yaml12.load(source.text, source.file) or {}
    conform(data, PIPELINE, source)
    if name in data.get("stages", {}):
        raise source.error(f"there is a stage {name!r} already", ("stages", name), hint="choose another name")
    if not data and not source.text.strip():
        return dump({"stages": {name: dict(stage)}})
    return _appended(source.text, name, stage)


def add_dep(text: str, name: str, dep: str, file: str) -> str:
    """`text` of the dvc.yaml `file` with `dep` as the last input of its stage `name`.

    FossmlError where there is no such stage.
    """
    source = Source(file, text)
    data = yaml12.load(text, file) or {}
    conform(data, PIPELINE, source)
    if "cmd" not in data.get("stages", {}).get(name, {}):
        raise source.error(f"there is no stage {name!r} of its own to add {dep} to", ("stages",))

    def edit(data: Any) -> None:
        data["stages"][name].setdefault("deps", []).append(dep)

    return _edited(text, edit, file)


def _edited(text: str, edit: Callable[[Any], None], file: str) -> str:
    """`text` after `edit` of its value; comments and layout stay."""
    yaml = round_trip()
    yaml.preserve_quotes = True
    yaml.width = 4096
    try:
        data = load_to_edit(yaml, text)
        edit(data)
        stream = StringIO()
        yaml.dump(data, stream)
    except Exception as error:  # ruamel.yaml keeps what it read, and may not be able to write it
        raise FossmlError(f"cannot be edited: {error}", where=file, hint="edit it by hand") from error
    return stream.getvalue()


def _appended(text: str, name: str, stage: Mapping[str, Any]) -> str:
    data = yaml12.load(text, "dvc.yaml")
    if data is None:
        return text.rstrip("\n") + "\n" + dump({"stages": {name: dict(stage)}})

    def edit(data: Any) -> None:
        data.setdefault("stages", {})[name] = dict(stage)

    return _edited(text, edit, "dvc.yaml")
