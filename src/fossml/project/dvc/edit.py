"""Changes to a dvc.yaml that people wrote: comments and layout stay."""

from __future__ import annotations

from collections.abc import Mapping
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


def _appended(text: str, name: str, stage: Mapping[str, Any]) -> str:
    yaml = round_trip()
    yaml.preserve_quotes = True
    yaml.width = 4096
    try:
        data = load_to_edit(yaml, text)
        if data is None:
            return text.rstrip("\n") + "\n" + dump({"stages": {name: dict(stage)}})
        data.setdefault("stages", {})[name] = dict(stage)
        stream = StringIO()
        yaml.dump(data, stream)
    except Exception as error:  # ruamel.yaml keeps what it read, and may not be able to write it
        raise FossmlError(f"cannot be edited: {error}", where="dvc.yaml", hint="add the stage by hand") from error
    return stream.getvalue()
