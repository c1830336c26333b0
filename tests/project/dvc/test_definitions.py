from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from fossml.errors import FossmlError
from fossml.project.dvc import yaml12
from fossml.project.dvc.context import Context
from fossml.project.dvc.definitions import SECTIONS, resolve, resolve_section, shared
from fossml.project.dvc.schema import PIPELINE
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import read
from fossml.project.dvc.templates import Style
from tests.project.dvc import pipelines
from tests.project.dvc.conftest import Oracle, Refused


def _ours(root: Path, config: dict[str, str]) -> list[dict[str, Any]]:
    source = read(root, "dvc.yaml")
    data = yaml12.load(source.text, source.file)
    conform(data, PIPELINE, source)
    style = Style(boolean_optional="bool" in config, append="list" in config)
    stages = {stage.name: dict(stage.fields) for stage in resolve(source, data, Context(root), style)}
    context = shared(source, data.get("vars", []), Context(root))
    return [stages, {name: resolve_section(source, name, data[name], context) for name in SECTIONS if name in data}]


def _same(root: Path, oracle: Oracle, config: dict[str, str]) -> str:
    """Both take it and mean the same, or neither takes it: which of the two."""
    try:
        theirs = oracle.ask("resolve", str(root), config)
    except Refused as error:
        with pytest.raises(FossmlError):
            pytest.fail(f"DVC: {error}; here {_ours(root, config)}")
        return "refused"
    assert json.dumps(_ours(root, config)) == json.dumps(theirs)
    return "taken"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(pipeline=pipelines.pipelines, params=pipelines.params, config=pipelines.styles)
def test_resolves_as_dvc_does(
    tmp_path: Path, oracle: Oracle, pipeline: dict[str, Any], params: dict[str, Any], config: dict[str, str]
) -> None:
    (tmp_path / "dvc.yaml").write_text(json.dumps(pipeline))
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    (tmp_path / "more.yaml").write_text("m: 1\nn: [1, 2]\nfalse: dropped\n")
    _same(tmp_path, oracle, config)
