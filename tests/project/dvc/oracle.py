"""Runs under the Python of the real dvc: answers questions, one JSON line each, with DVC's own code."""
# mypy: ignore-errors

import json
import os
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

from dvc.dependency.param import ParamsDependency, read_param_file
from dvc.fs import LocalFileSystem
from dvc.parsing import DataResolver
from dvc.repo import Repo
from dvc.schema import COMPILED_LOCKFILE_SCHEMA, COMPILED_MULTI_STAGE_SCHEMA
from dvc.utils.serialize import dumps_yaml, load_path, parse_yaml, parse_yaml_for_update
from dvc_data.hashfile.hash import file_md5

SECTIONS = ("params", "metrics", "plots", "artifacts", "datasets")


def resolve(folder, config):
    os.chdir(folder)
    data = parse_yaml(Path("dvc.yaml").read_text(encoding="utf-8"), "dvc.yaml")
    COMPILED_MULTI_STAGE_SCHEMA(data)
    repo = SimpleNamespace(fs=LocalFileSystem(), config={"parsing": config})
    resolver = DataResolver(repo, "", data)
    sections = {name: getattr(resolver, f"resolve_{name}")() for name in SECTIONS}
    return resolver.resolve()["stages"] or {}, {name: found for name, found in sections.items() if name in data}


def load(text):
    return parse_yaml(text, "x.yaml")


def dump(value):
    return dumps_yaml(value)


def lock(prior, stages):
    data = parse_yaml_for_update(prior, "dvc.lock") if prior else {"schema": "2.0"}
    data["stages"] = data.get("stages", {})
    data["stages"].update(stages)
    text = dumps_yaml(data)
    COMPILED_LOCKFILE_SCHEMA(parse_yaml(text, "dvc.lock"))
    return text


def params(folder, name):
    return load_path(f"{folder}/{name}", LocalFileSystem())


def lookup(folder, name, key):
    return read_param_file(LocalFileSystem(), f"{folder}/{name}", [key], flatten=True)


def legacy(path):
    return file_md5(path, name="md5-dos2unix")


def stages(folder):
    os.chdir(folder)
    with Repo(folder) as repo:
        return [_stage(stage) for stage in repo.index.stages]


def _stage(stage):
    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    return {
        "address": stage.addressing,
        "cmd": stage.cmd,
        "wdir": os.path.relpath(stage.wdir),
        "deps": sorted(dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)),
        "params": {dep.def_path: sorted(set(dep.params)) or None for dep in params},
        "outs": sorted(
            [out.def_path, _kind(out), bool(out.use_cache), bool(out.persist), bool(out.can_push), out.remote]
            for out in stage.outs
        ),
        "frozen": stage.frozen,
        "always_changed": stage.always_changed,
        "desc": stage.desc,
    }


def _kind(out):
    return "metric" if out.metric else "plot" if out.plot else "out"


QUESTIONS = {
    "stages": stages,
    "resolve": resolve,
    "load": load,
    "dump": dump,
    "lock": lock,
    "params": params,
    "lookup": lookup,
    "legacy": legacy,
}


def main():
    answers = sys.stdout
    sys.stdout = StringIO()
    for line in sys.stdin:
        question, args = json.loads(line)
        try:
            answer = {"value": QUESTIONS[question](*args)}
            text = json.dumps(answer)
        except Exception as error:
            text = json.dumps({"error": f"{type(error).__name__}: {error}"})
        answers.write(text + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
