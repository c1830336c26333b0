"""DVC's YAML, both ways (stand-in)."""

from __future__ import annotations

import ast
import json
import os
import posixpath
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fossml.errors import FossmlError
from fossml.types import Artifact, Json, Output, ParamSource, Stage


@dataclass(frozen=True, slots=True)
class LockEntry:
    cmd: str | tuple[str, ...]
    deps: tuple[Artifact, ...]
    params: Mapping[str, Mapping[str, Json]]
    outs: tuple[Artifact, ...]


def _load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def rooted(stage: Stage, path: str) -> str:
    return posixpath.normpath(posixpath.join(stage.wdir, path))


def read_params(root: Path, path: str) -> dict[str, Json]:
    text = (root / path).read_text()
    if path.endswith(".json"):
        return json.loads(text)
    if path.endswith(".toml"):
        return tomllib.loads(text)
    return _load(text) or {}


def lookup(params: Mapping[str, Any], key: str) -> Json:
    here: Any = params
    for part in key.split("."):
        here = here[int(part)] if isinstance(here, list) else here[part]
    return here


def _sub(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = re.fullmatch(r"\$\{(.*?)\}", value)
        if whole:
            return lookup(context, whole[1].strip())
        return re.sub(r"\$\{(.*?)\}", lambda m: str(lookup(context, m[1].strip())), value)
    if isinstance(value, list):
        return [_sub(v, context) for v in value]
    if isinstance(value, dict):
        return {_sub(k, context): _sub(v, context) for k, v in value.items()}
    return value


def read_stages(root: Path) -> tuple[Stage, ...]:
    path = root / "dvc.yaml"
    if not path.exists():
        return ()
    data = _load(path.read_text()) or {}
    context = read_params(root, "params.yaml") if (root / "params.yaml").exists() else {}
    stages = []
    for name, d in (data.get("stages") or {}).items():
        if "foreach" in d:
            items = _sub(d["foreach"], context)
            for key, item in items.items() if isinstance(items, dict) else ((i, i) for i in items):
                stages.append(_stage(f"{name}@{key}", _sub(d["do"], {**context, "item": item, "key": key})))
        else:
            stages.append(_stage(name, _sub(d, context)))
    return tuple(stages)


def _stage(name: str, d: Mapping[str, Any]) -> Stage:
    outs = []
    for kind in ("outs", "metrics", "plots"):
        for out in d.get(kind, []):
            p, f = (out, {}) if isinstance(out, str) else next(iter(out.items()))
            outs.append(Output(p, kind[:-1], f.get("cache", True), f.get("persist", False)))
    params: dict[str, Any] = {}
    for p in d.get("params", []):
        if isinstance(p, str):
            params.setdefault("params.yaml", []).append(p)
        else:
            for k, v in p.items():
                params[k] = v
    cmd = d["cmd"]
    return Stage(
        name,
        tuple(cmd) if isinstance(cmd, list) else cmd,
        wdir=d.get("wdir", "."),
        deps=tuple(d.get("deps", [])),
        outs=tuple(outs),
        params=tuple(ParamSource(k, tuple(v) if v else None) for k, v in params.items()),
        frozen=d.get("frozen", False),
        always_changed=d.get("always_changed", False),
    )


def select_params(root: Path, stage: Stage) -> Mapping[str, Mapping[str, Json]]:
    return {
        s.path: (lambda d, s=s: {k: lookup(d, k) for k in s.keys} if s.keys else d)(read_params(root, rooted(stage, s.path)))
        for s in stage.params
    }


def read_lock(root: Path, file: str = "dvc.yaml") -> dict[str, LockEntry]:
    path = root / file.replace(".yaml", ".lock")
    if not path.exists():
        return {}
    data = _load(path.read_text()) or {}
    art = lambda d: Artifact(d["path"], d["md5"], d.get("size", 0), d.get("nfiles"), d.get("isexec", False))
    return {
        n: LockEntry(
            tuple(e["cmd"]) if isinstance(e["cmd"], list) else e["cmd"],
            tuple(map(art, e.get("deps", []))),
            e.get("params", {}),
            tuple(map(art, e.get("outs", []))),
        )
        for n, e in data.get("stages", {}).items()
    }


def dump_lock(entries: Mapping[str, LockEntry], prior: str | None) -> str:
    def art(a: Artifact) -> dict[str, Any]:
        d: dict[str, Any] = {"path": a.path, "hash": "md5", "md5": a.digest, "size": a.size}
        if a.nfiles is not None:
            d["nfiles"] = a.nfiles
        if a.isexec:
            d["isexec"] = True
        return d

    out: dict[str, Any] = {"schema": "2.0", "stages": {}}
    for n, e in entries.items():
        s: dict[str, Any] = {"cmd": list(e.cmd) if isinstance(e.cmd, tuple) else e.cmd}
        if e.deps:
            s["deps"] = [art(a) for a in sorted(e.deps, key=lambda a: a.path)]
        if e.params:
            s["params"] = e.params
        if e.outs:
            s["outs"] = [art(a) for a in sorted(e.outs, key=lambda a: a.path)]
        out["stages"][n] = s
    y = YAML()
    y.default_flow_style = False
    f = StringIO()
    y.dump(out, f)
    return f.getvalue()


def read_tracked(root: Path) -> tuple[Artifact, ...]:
    return ()
