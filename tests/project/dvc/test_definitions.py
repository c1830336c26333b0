from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from fossml.errors import FossmlError
from fossml.project.dvc import read_stages, yaml12
from fossml.project.dvc.context import Context
from fossml.project.dvc.definitions import SECTIONS, resolve, resolve_section, shared
from fossml.project.dvc.schema import PIPELINE
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import read
from fossml.project.dvc.templates import Style
from tests.conftest import soak
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


@pytest.mark.soak
@settings(max_examples=soak(150, 3_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(pipeline=pipelines.pipelines, params=pipelines.params, config=pipelines.styles)
def test_resolves_as_dvc_does(
    tmp_path: Path, oracle: Oracle, pipeline: dict[str, Any], params: dict[str, Any], config: dict[str, str]
) -> None:
    (tmp_path / "dvc.yaml").write_text(json.dumps(pipeline))
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    (tmp_path / "more.yaml").write_text("m: 1\nn: [1, 2]\nfalse: dropped\n")
    _same(tmp_path, oracle, config)


def _told(root: Path) -> list[dict[str, Any]]:
    return [
        {
            "address": stage.address,
            "cmd": list(stage.cmd) if isinstance(stage.cmd, tuple) else stage.cmd,
            "wdir": stage.wdir,
            "deps": sorted(stage.deps),
            "params": {each.path: None if each.keys is None else sorted(each.keys) for each in stage.params},
            "outs": sorted([out.path, out.kind, out.cache, out.persist, out.push, out.remote] for out in stage.outs),
            "frozen": stage.frozen,
            "always_changed": stage.always_changed,
            "desc": stage.desc,
        }
        for stage in read_stages(root)
    ]


@pytest.mark.soak
@settings(max_examples=soak(60, 600), deadline=None, suppress_health_check=list(HealthCheck))
@given(first=pipelines.whole, second=pipelines.whole, params=pipelines.params, ignore=pipelines.ignores)
def test_reads_stages_as_dvc_does(
    tmp_path_factory: pytest.TempPathFactory,
    oracle: Oracle,
    first: dict[str, Any],
    second: dict[str, Any],
    params: dict[str, Any],
    ignore: str,
) -> None:
    root = tmp_path_factory.mktemp("stages")
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    (root / ".dvcignore").write_text(ignore)
    for folder, pipeline in (("", first), ("sub", second), ("sub/in", first)):
        (root / folder / "work").mkdir(parents=True)
        (root / folder / "dvc.yaml").write_text(json.dumps(pipeline))
        (root / folder / "params.yaml").write_text(json.dumps(params))
    try:
        theirs = oracle.ask("stages", str(root))
    except Refused as error:
        with pytest.raises(FossmlError):
            pytest.fail(f"DVC: {error}; here {_told(root)}")
        return
    assert sorted(_told(root), key=str) == sorted(theirs, key=str)
